import { CaseId, type LinkReply, parseDocument, ThymusError } from "@thymus/contracts";
import {
  answerRefusal,
  LINK_CONTENT_TYPE,
  MAX_LARGE_MESSAGE_BYTES,
  openLinkRequest,
  openUpload,
  refusalOf,
} from "@thymus/trust";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { holdsLease } from "../cases/analysis.ts";
import { findIncident } from "../cases/apply.ts";
import { storeSample } from "../cases/upload.ts";
import { enrol } from "../enrolment/enrol.ts";
import { knownMachine, sawMachine } from "../enrolment/machines.ts";
import { statusAndError } from "../http/errors.ts";
import type { Parts } from "../parts.ts";
import { answer, checkRole } from "./messages.ts";
import { openOptions } from "./open.ts";

/** The sealed messages of agents and analysis centres. Nothing here rests on TLS or on what headers say. */
export async function linkPlugin(app: FastifyInstance, parts: Parts): Promise<void> {
  await app.register(async (sealed) => {
    sealed.removeAllContentTypeParsers();
    const options = { parseAs: "buffer", bodyLimit: MAX_LARGE_MESSAGE_BYTES } as const;
    sealed.addContentTypeParser("*", options, (_request, body, done) => done(null, body));
    sealed.post("/link/v1/enrol", (request, reply) => message(parts, request, reply, "enrol"));
    sealed.post("/link/v1/message", (request, reply) => message(parts, request, reply, "message"));
    sealed.post("/link/v1/samples/:case/fetch", (request, reply) => fetchSample(parts, request, reply));
  });
  await app.register(async (streamed) => {
    streamed.removeAllContentTypeParsers();
    streamed.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    // The stream's own limit is held where it is written.
    streamed.put("/link/v1/samples/:case", { bodyLimit: Number.MAX_SAFE_INTEGER }, (request, reply) =>
      putSample(parts, request, reply),
    );
  });
}

/** Aborts when the sender hangs up before it was answered. */
function hungUp(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  if (request.raw.destroyed && !request.raw.complete) gone.abort();
  return gone.signal;
}

const bodyOf = (request: FastifyRequest) => (request.body as Buffer | undefined) ?? new Uint8Array(0);

/** Sends a sealed answer, or a sealed refusal where the work throws. */
async function seal(
  parts: Parts,
  reply: FastifyReply,
  type: string,
  sealReply: (body: LinkReply) => Promise<Uint8Array>,
  work: () => Promise<LinkReply>,
): Promise<FastifyReply> {
  let body: LinkReply;
  try {
    body = await work();
  } catch (thrown) {
    const { status, error } = statusAndError(thrown);
    if (status >= 500) parts.log.error(error.toLine(), { message: type, cause: error.cause ?? error.stack });
    reply.code(status);
    body = refusalOf(error);
  }
  const result = body.type === "refused" ? body.code : "done";
  parts.meters.count("thymus_link_messages_total", { type, result });
  return reply.type(LINK_CONTENT_TYPE).send(Buffer.from(await sealReply(body)));
}

/** What could not even be opened or authenticated. */
function refuse(parts: Parts, reply: FastifyReply, thrown: unknown): FastifyReply {
  const { status, contentType, body } = answerRefusal(thrown);
  const { error } = statusAndError(thrown);
  if (status >= 500) parts.log.error(error.toLine(), { cause: error.cause ?? error.stack });
  parts.meters.count("thymus_link_messages_total", { type: "unopened", result: error.code });
  return reply.code(status).type(contentType).send(Buffer.from(body));
}

async function message(
  parts: Parts,
  request: FastifyRequest,
  reply: FastifyReply,
  place: "enrol" | "message",
): Promise<FastifyReply> {
  const gone = hungUp(request, reply);
  reply.header("cache-control", "no-store");
  let opened: Awaited<ReturnType<typeof openLinkRequest>>;
  try {
    opened = await openLinkRequest(bodyOf(request), openOptions(parts.state, parts.keys));
  } catch (thrown) {
    return refuse(parts, reply, thrown);
  }
  const { body, machine } = opened.envelope;
  return seal(parts, reply, body.type, opened.reply, async () => {
    if ((body.type === "enrol") !== (place === "enrol")) {
      throw new ThymusError(
        "USAGE",
        `${body.type} does not belong at /link/v1/${place}`,
        "update the sender",
      );
    }
    if (body.type === "enrol") return enrol(parts.state, body);
    return answer(parts, await knownMachine(parts.state.db, machine), body, gone);
  });
}

async function putSample(parts: Parts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply.header("cache-control", "no-store");
  let opened: Awaited<ReturnType<typeof openUpload>>;
  try {
    opened = await openUpload(
      String(request.headers["thymus-seal"] ?? ""),
      openOptions(parts.state, parts.keys),
    );
  } catch (thrown) {
    // Whoever cannot say who it is may not send megabytes: the connection ends with the answer.
    return refuse(parts, reply.header("connection", "close"), thrown);
  }
  const { upload } = opened;
  return seal(parts, reply, "upload", opened.reply, async () => {
    const machine = await knownMachine(parts.state.db, upload.machine);
    checkRole(machine, "open-case");
    if (upload.case !== (request.params as { case: string }).case) {
      throw new ThymusError("SEAL_BROKEN", "the upload was signed for another case", "send the sample again");
    }
    await sawMachine(parts.state, machine, null);
    const stream = request.body as AsyncIterable<Uint8Array>;
    await storeSample(parts.state, parts, machine.id, upload.case, stream, upload.ciphertext);
    return { type: "done" };
  });
}

/** The body is a sealed `renew`: it shows the lease. The lease itself is not prolonged here, its holder does that. */
async function fetchSample(
  parts: Parts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  reply.header("cache-control", "no-store");
  let opened: Awaited<ReturnType<typeof openLinkRequest>>;
  try {
    opened = await openLinkRequest(bodyOf(request), openOptions(parts.state, parts.keys));
  } catch (thrown) {
    return refuse(parts, reply, thrown);
  }
  const { body, machine } = opened.envelope;
  try {
    if (body.type !== "renew" || body.case !== (request.params as { case: string }).case) {
      throw new ThymusError("USAGE", "a sample is fetched with the lease of its case", "update the sender");
    }
    checkRole(await knownMachine(parts.state.db, machine), body.type);
    await holdsLease(parts.state, body.case, body.lease);
    const { id } = await findIncident(parts.state, body.case);
    const stream = await parts.samples.read(parseDocument(CaseId, id, "stored case"));
    parts.meters.count("thymus_link_messages_total", { type: "fetch", result: "done" });
    return reply.type("application/octet-stream").send(stream);
  } catch (thrown) {
    return seal(parts, reply, "fetch", opened.reply, async () => {
      throw thrown;
    });
  }
}
