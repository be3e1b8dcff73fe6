import { parseDocument } from "@thymus/contracts";
import type { FastifyInstance } from "fastify";
import type { Parts } from "../parts.ts";
import { apiRoutes } from "./api-routes.ts";
import { checkBearer } from "./auth.ts";
import { streamEvents } from "./events.ts";

/** Everything under /api/v1: with the bearer token only. */
export async function apiPlugin(app: FastifyInstance, parts: Parts): Promise<void> {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("cache-control", "no-store");
    checkBearer(request.headers.authorization, parts.apiToken);
  });
  app.get("/api/v1/events", (request, reply) => streamEvents(parts, request, reply));
  for (const route of apiRoutes) {
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
      async handler(request) {
        const asked = {
          params: route.params && parseDocument(route.params, request.params, "the address", "USAGE"),
          query: route.query && parseDocument(route.query, request.query, "the query", "USAGE"),
          body: route.body && parseDocument(route.body, request.body ?? {}, "the request"),
        };
        return route.handle(parts, asked);
      },
    });
  }
}
