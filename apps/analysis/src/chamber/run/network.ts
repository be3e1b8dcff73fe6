/** Reads what the guest's fake internet recorded. It met the sample, so it may have been taken over: all is checked. */
import type { NetworkRecord } from "@thymus/contracts";
import { z } from "zod";
import type { NetworkExchange, PublishedPackage } from "../chamber.ts";
import { outputDisk } from "../layout.ts";
import type { ReadAt } from "./tar.ts";

/** As the server of the fake internet writes it (internet/record.ts). */
const MAGIC = "NETREC01";
const MAX_LIST = 16 * 1024 * 1024;
const MAX_LINES = 21_000;
const MAX_SENT = 256 * 1024;
const MAX_EXCERPT = 4096;

const common = { at: z.number().finite(), length: z.number().int().min(0) };
const ExchangeLine = z.object({
  ...{ kind: z.literal("exchange"), ...common },
  protocol: z.enum(["dns", "http", "https", "smtp", "tls", "tcp", "udp"]),
  name: z.string().max(255).nullable(),
  address: z.string().max(64),
  port: z.number().int().min(0).max(65535),
  what: z.string().max(1024),
  bytesOut: z.number().int().min(0),
  bytesIn: z.number().int().min(0),
});
const PublicationLine = z.object({
  ...{ kind: z.literal("publication"), ...common },
  ecosystem: z.enum(["npm", "pypi"]),
  name: z.string().min(1).max(255),
  version: z.string().min(1).max(255),
  token: z.string().max(512).nullable(),
  accepted: z.boolean(),
  before: z.string().max(255).nullable(),
});
const EndLine = z.object({ kind: z.literal("end"), lost: z.number().int().min(0) });
const Line = z.discriminatedUnion("kind", [ExchangeLine, PublicationLine, EndLine]);

export interface NetworkResult {
  readonly network: readonly NetworkExchange[];
  readonly networkLost: number;
  readonly published: readonly PublishedPackage[];
}

/** The start of what was sent, for people: unprintable characters replaced. */
export function excerptOf(sent: Uint8Array): NetworkRecord["excerpt"] {
  return Buffer.from(sent.buffer, sent.byteOffset, Math.min(sent.length, MAX_EXCERPT))
    .toString("latin1")
    .replace(/\r\n/g, "\n")
    .replace(/[^\n\t\x20-\x7e]/g, ".");
}

/**
 * Takes the records out of the output disk's region. `start` is the uptime at which the sample started, in seconds;
 * `keep` stores a published file and tells where. What is malformed is left out and counted as lost; a region without
 * records counts as one.
 */
export async function readNetwork(
  read: ReadAt,
  start: number,
  keep: (content: Uint8Array) => Promise<string>,
): Promise<NetworkResult> {
  const region = outputDisk.network;
  const nothing = { network: [], networkLost: 1, published: [] };
  const head = await read(region.start, MAGIC.length + 4);
  if (head.length < MAGIC.length + 4 || head.toString("latin1", 0, MAGIC.length) !== MAGIC) return nothing;
  const size = head.readUInt32BE(MAGIC.length);
  let at = region.start + head.length + size;
  if (size > MAX_LIST || at > region.end) return nothing;
  const lines = (await read(region.start + head.length, size)).toString("utf8").split("\n");
  const network: NetworkExchange[] = [];
  const published: PublishedPackage[] = [];
  let lost = Math.max(0, lines.length - MAX_LINES);
  let ended = false;
  for (const text of lines.slice(0, MAX_LINES)) {
    const line = parseLine(text);
    if (!line) lost++;
    else if (line.kind === "end") {
      lost += line.lost;
      ended = true;
    } else {
      const content = at + line.length <= region.end ? await read(at, line.length) : null;
      at += line.length;
      const { at: time, length: _, kind, ...facts } = line;
      const t = Math.max(0, time - start);
      if (content?.length !== line.length || (kind === "exchange" && line.length > MAX_SENT)) lost++;
      else if ("protocol" in facts) network.push({ ...facts, t, excerpt: excerptOf(content), sent: content });
      else published.push({ ...facts, t, file: await keep(content), size: content.length });
    }
  }
  network.sort((a, b) => a.t - b.t);
  return { network, networkLost: lost + (ended ? 0 : 1), published };
}

function parseLine(text: string): z.infer<typeof Line> | null {
  try {
    return Line.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
