import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { parseJsonDocument, ThymusError } from "@thymus/contracts";
import ipaddr from "ipaddr.js";
import { z } from "zod";

/** How an entry of a list is compared; the words of MISP warninglists. */
export const MATCHES = ["hash", "string", "substring", "hostname", "cidr", "regex"] as const;
export type Match = (typeof MATCHES)[number];

export interface Entry {
  readonly match: Match;
  /** Digests in lower case. */
  readonly value: string;
}

/** A MISP warninglist (list.json of the project misp-warninglists); what else it says is not needed. */
const Warninglist = z.object({
  name: z.string().min(1).max(256),
  type: z.enum(["string", "substring", "hostname", "cidr", "regex"]),
  list: z.array(z.string().max(4096)),
});

const MAX_JSON_BYTES = 256 * 1024 ** 2;
const DIGEST = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i;
/** Columns of a table of the NSRL and its like. */
const COLUMN = /^(sha-?256|sha-?1|md5)$/i;

/**
 * Reads a list of what is known to be good: a MISP warninglist (JSON), a table with columns named SHA-256, SHA-1 or MD5
 * in its first line (NSRL), or one digest (hex, the first word) a line. Other lines of the latter are passed over.
 * @throws ThymusError UNREADABLE, DOCUMENT_INVALID with the place, TOO_LARGE
 */
export async function* readList(file: string): AsyncGenerator<Entry> {
  try {
    if ((await firstByte(file)) === "{") yield* warninglist(file);
    else yield* lines(file);
  } catch (cause) {
    if (cause instanceof ThymusError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new ThymusError("UNREADABLE", `${file} cannot be read (${code})`, "check the path", { cause });
  }
}

/** The name that a list gives itself, or its file's. */
export async function listName(file: string): Promise<string> {
  if ((await firstByte(file).catch(() => "")) !== "{") return basename(file);
  return parseJsonDocument(Warninglist, await readFile(file, "utf8"), file).name;
}

async function firstByte(file: string): Promise<string> {
  const handle = await open(file, "r");
  try {
    const head = Buffer.alloc(64);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return head.toString("latin1", 0, bytesRead).trimStart()[0] ?? "";
  } finally {
    await handle.close();
  }
}

async function* warninglist(file: string): AsyncGenerator<Entry> {
  if ((await stat(file)).size > MAX_JSON_BYTES)
    throw new ThymusError("TOO_LARGE", `${file} is above ${MAX_JSON_BYTES} bytes`, "import a smaller list");
  const { type, list } = parseJsonDocument(Warninglist, await readFile(file, "utf8"), file);
  for (const [index, value] of list.entries()) {
    if (value === "") continue;
    if (type === "string" && DIGEST.test(value)) yield { match: "hash", value: value.toLowerCase() };
    else if (sound(type, value)) yield { match: type, value };
    else {
      const message = `${file}: list[${index}] is no ${type}: ${JSON.stringify(value.slice(0, 80))}`;
      throw new ThymusError("DOCUMENT_INVALID", message, "correct or remove that entry");
    }
  }
}

function sound(type: Match, value: string): boolean {
  try {
    if (type === "regex") toPattern(value);
    if (type === "cidr") toRange(value);
    return true;
  } catch {
    return false;
  }
}

/** Some lists write their expressions between slashes. @throws SyntaxError */
export function toPattern(value: string): RegExp {
  const slashed = /^\/(.+)\/([a-z]*)$/.exec(value);
  return slashed ? new RegExp(slashed[1]!, slashed[2]!.replaceAll(/[gy]/g, "")) : new RegExp(value);
}

export type AddressRange = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** A range of addresses, or one address. @throws Error where it is neither */
export function toRange(value: string): AddressRange {
  if (value.includes("/")) return ipaddr.parseCIDR(value);
  const address = ipaddr.parse(value);
  return [address, address.kind() === "ipv6" ? 128 : 32];
}

async function* lines(file: string): AsyncGenerator<Entry> {
  let columns: number[] | null = null;
  let first = true;
  for await (const line of createInterface({ input: createReadStream(file, "latin1") })) {
    if (first) {
      first = false;
      const named = fields(line.replace(/^\u00ef\u00bb\u00bf/, "")).flatMap((name, at) =>
        COLUMN.test(name) ? [at] : [],
      );
      if (named.length > 0) {
        columns = named;
        continue;
      }
    }
    const words = columns ? fields(line) : [/^\s*"?([0-9a-fA-F]+)\b/.exec(line)?.[1] ?? ""];
    for (const at of columns ?? [0]) {
      const value = words[at] ?? "";
      if (DIGEST.test(value)) yield { match: "hash", value: value.toLowerCase() };
    }
  }
}

/** Fields of a line of comma-separated values (RFC 4180); fields with line breaks are not looked for. */
function fields(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.trim(),
  );
}
