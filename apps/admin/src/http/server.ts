import { asThymusError, ThymusError } from "@thymus/contracts";
import fastify, { type FastifyInstance, type RouteOptions } from "fastify";
import { linkPlugin } from "../link/http.ts";
import type { Parts } from "../parts.ts";
import { apiPlugin } from "./api.ts";
import { statusAndError } from "./errors.ts";
import { metricsText } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { staticPlugin } from "./static.ts";

/** Only our own files; nothing may frame the page, and its address (with the token) goes nowhere. */
const SECURITY = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

/**
 * The whole web server: console, API, link, TUF files, health and figures on one port.
 * @param onRoute hears of every route as it is made
 */
export async function buildServer(
  parts: Parts,
  onRoute: (route: RouteOptions) => void = () => {},
): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: 64 * 1024,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 64 },
  });
  app.addHook("onRoute", onRoute);
  app.addHook("onRequest", async (_request, reply) => {
    reply.headers(SECURITY);
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "unknown";
    parts.meters.count("thymus_http_requests_total", {
      method: request.method,
      route,
      status: String(reply.statusCode),
    });
  });
  app.setErrorHandler(async (thrown, request, reply) => {
    const { status, error } = statusAndError(thrown);
    if (status >= 500) {
      parts.log.error(error.toLine(), { route: request.routeOptions.url, cause: causeOf(thrown) });
    }
    return reply.code(status).header("cache-control", "no-store").send(error.toJSON());
  });
  app.setNotFoundHandler(async (request, reply) => {
    const error = new ThymusError(
      "NOT_FOUND",
      `nothing is at ${request.url.slice(0, 200)}`,
      "see /api/openapi.json",
    );
    return reply.code(404).header("cache-control", "no-store").send(error.toJSON());
  });

  const document = openApiDocument();
  app.get("/api/openapi.json", async () => document);
  app.get("/healthz", async () => {
    await parts.state.revision();
    return { status: "ok" };
  });
  app.get("/metrics", async (_request, reply) => {
    reply.type("text/plain; version=0.0.4; charset=utf-8");
    return metricsText(parts.state, parts.meters);
  });
  await app.register(apiPlugin, parts);
  await app.register(linkPlugin, parts);
  await app.register(staticPlugin, parts);
  return app;
}

const causeOf = (thrown: unknown) => asThymusError(thrown).cause ?? (thrown as Error).stack;

/**
 * Listens at HOST:PORT (port 0: any free one).
 * @returns the address that was taken
 * @throws ThymusError CONFIG_INVALID, CONFLICT
 */
export async function listen(app: FastifyInstance, place: string): Promise<string> {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+)):(\d{1,5})$/.exec(place);
  if (!parts || Number(parts[3]) > 65_535)
    throw new ThymusError("CONFIG_INVALID", `${place} is not HOST:PORT`, "e.g. 127.0.0.1:8480");
  try {
    return await app.listen({ host: (parts[1] ?? parts[2])!, port: Number(parts[3]) });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const hint =
      code === "EADDRINUSE"
        ? "end the program that holds it, or choose another port"
        : "choose another place";
    throw new ThymusError("CONFLICT", `cannot listen at ${place}: ${message}`, hint, { cause });
  }
}
