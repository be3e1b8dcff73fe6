/** Reads what a worker says. It met hostile bytes, so nothing of it is taken on trust. */
import type { FileType, Sha256 } from "@thymus/contracts";
import type { FoundMatch, WorkerMessage } from "../scan/protocol.ts";
import { LAYERS, type Layer } from "./layers.ts";

const CODES = ["UNREADABLE", "TOO_LARGE", "TOOL_FAILED"] as const;
const MAX_TEXT = 16 * 1024;
const MAX_FOUND = 10_000;

type Fields = Record<string, unknown>;

/** Null where it is no message. */
export function readMessage(line: string): WorkerMessage | null {
  let said: Fields;
  try {
    said = JSON.parse(line) as Fields;
  } catch {
    return null;
  }
  if (typeof said !== "object" || said === null) return null;
  if (said.kind === "ready")
    return Array.isArray(said.layers) && said.layers.every((each) => LAYERS.includes(each as Layer))
      ? { kind: "ready", layers: said.layers as Layer[] }
      : null;
  if (said.kind === "done")
    return isCount(said.files) && isCount(said.bytes)
      ? { kind: "done", files: said.files, bytes: said.bytes }
      : null;
  const { index } = said;
  if (!isCount(index) || index > 10_000) return null;
  if (said.kind === "error") return readError(said, index);
  return said.kind === "hit" ? readHit(said, index) : null;
}

function readError({ code, message, hint }: Fields, index: number): WorkerMessage | null {
  const known = CODES.find((each) => each === code);
  return known && isText(message) && isText(hint)
    ? { kind: "error", index, code: known, message, hint }
    : null;
}

function readHit({ sha256, size, type, matches }: Fields, index: number): WorkerMessage | null {
  const sound =
    isText(sha256) &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    isCount(size) &&
    isText(type) &&
    Array.isArray(matches) &&
    matches.length <= MAX_FOUND &&
    matches.every(isMatch);
  if (!sound) return null;
  return { kind: "hit", index, sha256: sha256 as Sha256, size, type: type as FileType, matches };
}

function isMatch(value: unknown): value is FoundMatch {
  const { namespace, rule, matches, member } = (value ?? {}) as Fields;
  return (
    isText(namespace) &&
    isText(rule) &&
    (member === undefined || isText(member)) &&
    Array.isArray(matches) &&
    matches.every((place: Fields | null) => isCount(place?.offset) && isCount(place?.length))
  );
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= MAX_TEXT;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
