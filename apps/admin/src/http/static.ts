import { basename } from "node:path";
import staticFiles from "@fastify/static";
import type { FastifyInstance } from "fastify";
import type { Parts } from "../parts.ts";

/** TUF names that stand for one content for ever: a version or a digest comes first (specification, section 6.2). */
const FOR_EVER = /^(\d+\.|[0-9a-f]{64,128}\.)/;

/** The TUF repository under /tuf/ and the console under /. */
export async function staticPlugin(app: FastifyInstance, parts: Parts): Promise<void> {
  await app.register(staticFiles, {
    root: parts.repository.folder,
    prefix: "/tuf/",
    index: false,
    dotfiles: "ignore",
    cacheControl: false,
    setHeaders(reply, path) {
      const lasts = FOR_EVER.test(basename(path)) ? "public, max-age=31536000, immutable" : "no-cache";
      reply.header("cache-control", lasts);
    },
  });
  await app.register(staticFiles, {
    root: parts.consoleDir,
    prefix: "/",
    wildcard: false,
    decorateReply: false,
    dotfiles: "ignore",
    cacheControl: false,
    setHeaders(reply) {
      reply.header("cache-control", "no-cache");
    },
  });
}
