/** Carries out the edits of a package's manifest on its text. Each speaks about the manifest as the one before left it. */
import type { ManifestEdit } from "@thymus/contracts";
import { failed, refuse } from "../refuse.ts";
import { findMember, type JsonMember, type JsonText, readJsonText, type Span } from "./json-text.ts";

/** @throws ThymusError REPAIR_REFUSED where an edit does not fit exactly; REPAIR_FAILED where no manifest is left */
export function editManifest(edits: readonly ManifestEdit[], bytes: Uint8Array): Uint8Array {
  let text = Buffer.from(bytes).toString("utf8");
  if (Buffer.compare(Buffer.from(text), bytes) !== 0) throw refuse("the package's manifest is no UTF-8 text");
  for (const edit of edits) text = applyEdit(edit, text);
  const { name, version } = JSON.parse(text) as Record<string, unknown>;
  if (typeof name !== "string" || typeof version !== "string")
    throw failed("the repaired manifest has no name and version");
  return new Uint8Array(Buffer.from(text));
}

const missing = (path: readonly string[]) =>
  refuse(`the package's manifest has no ${path.join(".")} as the recipe knows it`);

function applyEdit(edit: ManifestEdit, text: string): string {
  const json = readJsonText(text);
  if (edit.op === "end") {
    if (text.slice(json.top.end) !== edit.from) throw refuse("the package's manifest ends in another way");
    return text.slice(0, json.top.end) + edit.to;
  }
  const found = findMember(json, edit.path);
  if (found === null) throw missing(edit.path);
  const { start, end } = found.member.value;
  const value: unknown = JSON.parse(text.slice(start, end));
  if (typeof value !== "string") throw missing(edit.path);
  if (edit.op === "remove") {
    if (!isValue(edit.value, value)) throw missing(edit.path);
    return remove(json, text, edit.path, edit.emptied);
  }
  const other = newValue(edit, value);
  if (other === null) throw missing(edit.path);
  // Escapes of the old text stay as they were written only where the value has none.
  return text.slice(0, start) + JSON.stringify(other) + text.slice(end);
}

function isValue(wanted: Extract<ManifestEdit, { op: "remove" }>["value"], value: string): boolean {
  if (typeof wanted === "string") return value === wanted;
  const { prefix, suffix } = wanted;
  return value.length >= prefix.length + suffix.length && value.startsWith(prefix) && value.endsWith(suffix);
}

function newValue(edit: Exclude<ManifestEdit, { op: "remove" | "end" }>, value: string): string | null {
  switch (edit.op) {
    case "unwrap":
      return isValue(edit, value) ? value.slice(edit.prefix.length, value.length - edit.suffix.length) : null;
    case "step": {
      const parts = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})(.*)$/s.exec(value);
      if (parts === null) return null;
      const numbers = parts.slice(1, 4).map(Number);
      const number = numbers[edit.part]! + edit.by;
      if (!Number.isSafeInteger(number) || number < 0) return null;
      numbers[edit.part] = number;
      // A number with leading zeros is no version (semver 2.0.0, item 2).
      if (parts.slice(1, 4).some((part) => /^0\d/.test(part))) return null;
      return numbers.join(".") + parts[4]!;
    }
  }
}

/** Cuts a member with its key, its separator and its line; and the object around it too where that is left empty. */
function remove(json: JsonText, text: string, path: readonly string[], emptied: "keep" | "remove"): string {
  const { member, siblings } = findMember(json, path)!;
  if (siblings.length > 1) return without(text, cutOf(member, siblings));
  if (path.length === 1) throw failed("nothing would be left of the package's manifest");
  const parent = path.slice(0, -1);
  if (emptied === "remove") return remove(json, text, parent, emptied);
  const { start, end } = findMember(json, parent)!.member.value;
  return `${text.slice(0, start)}{}${text.slice(end)}`;
}

/** Up to the next member; the last one from the end of the one before it. */
function cutOf(member: JsonMember, siblings: readonly JsonMember[]): Span {
  const at = siblings.indexOf(member);
  const next = siblings[at + 1];
  return next !== undefined
    ? { start: member.key.start, end: next.key.start }
    : { start: siblings[at - 1]!.value.end, end: member.value.end };
}

const without = (text: string, { start, end }: Span) => text.slice(0, start) + text.slice(end);
