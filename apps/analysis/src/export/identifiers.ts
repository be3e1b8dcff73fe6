/**
 * Identifiers of STIX 2.1 (section 2.9). Observables have the ones that every producer gives them: UUIDv5 over their ID
 * contributing properties. All other objects have UUIDv5 of a namespace of our own, so that the same case is exported
 * with the same identifiers each time.
 */
import { createHash } from "node:crypto";

/** Section 2.9: for observables only. */
const OBSERVABLES = "00abedb4-aa42-466c-9c01-fed23315a9b7";
/** Chosen once at random; a change of it would give every object a new identifier. */
const THYMUS = "5a0c2f8e-7d41-4b6c-9f13-8e2b6d0a4c75";

const bytesOf = (uuid: string): Buffer => Buffer.from(uuid.replaceAll("-", ""), "hex");

function uuid(bytes: Uint8Array, version: 4 | 5): string {
  const out = Buffer.from(bytes.subarray(0, 16));
  out[6] = (out[6]! & 0x0f) | (version << 4);
  out[8] = (out[8]! & 0x3f) | 0x80;
  const hex = out.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** RFC 9562 section 5.5. */
export const uuid5 = (namespace: string, name: string): string =>
  uuid(createHash("sha1").update(bytesOf(namespace)).update(name, "utf8").digest(), 5);

/** RFC 8785 for what observables hold: texts, whole numbers, lists and objects. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** The properties of each type that its identifier is made of (sections 6.3 to 6.17). */
const contributing = {
  directory: ["path"],
  "domain-name": ["value"],
  file: ["hashes", "name", "extensions", "parent_directory_ref"],
  "ipv4-addr": ["value"],
  "ipv6-addr": ["value"],
  "network-traffic": [
    ...["start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"],
  ],
  url: ["value"],
} as const;
export type ObservableType = keyof typeof contributing;

export function observableId(type: ObservableType, properties: Readonly<Record<string, unknown>>): string {
  const picked = Object.fromEntries(
    contributing[type].filter((key) => properties[key] !== undefined).map((key) => [key, properties[key]]),
  );
  return `${type}--${uuid5(OBSERVABLES, canonicalJson(picked))}`;
}

/** Processes have no contributing property and so a UUIDv4, whose bits are drawn from the case. */
export const processId = (...names: readonly (string | number)[]): string =>
  `process--${uuid(createHash("sha256").update(bytesOf(THYMUS)).update(names.join("\n")).digest(), 4)}`;

/** @param names what tells this object from all others of its type */
export const objectId = (type: string, ...names: readonly string[]): string =>
  `${type}--${uuid5(THYMUS, [type, ...names].join("\n"))}`;
