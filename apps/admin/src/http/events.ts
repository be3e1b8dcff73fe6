import type { FastifyReply, FastifyRequest } from "fastify";
import type { Parts } from "../parts.ts";

/** Milliseconds between signs of life, so that nothing on the way takes the stream for dead. */
const HEARTBEAT = 15_000;
/** Bytes that may wait for a slow listener before it is let go; it comes back and fetches anew. */
const MAX_WAITING = 1 << 20;

/** GET /api/v1/events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export function streamEvents({ state }: Parts, request: FastifyRequest, reply: FastifyReply): void {
  const { raw } = reply;
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(200, { "content-type": "text/event-stream", "x-accel-buffering": "no" });
  const write = (text: string) => {
    if (raw.writableLength > MAX_WAITING) raw.destroy();
    else raw.write(text);
  };
  write(": here is what changes from now on\nretry: 1000\n\n");
  const stop = state.hub.listen((notice) => {
    if (notice.type === "revision" || notice.type === "work") return;
    write(`event: ${notice.type}\ndata: ${JSON.stringify(notice)}\n\n`);
  });
  const beat = setInterval(() => write(": still here\n\n"), HEARTBEAT);
  const end = () => raw.end();
  state.hub.closing.addEventListener("abort", end);
  request.raw.on("close", () => {
    stop();
    clearInterval(beat);
    state.hub.closing.removeEventListener("abort", end);
  });
}
