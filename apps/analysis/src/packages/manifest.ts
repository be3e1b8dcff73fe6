/** How a worm changed manifests, and the edits that undo it. */
import type { ManifestEdit } from "@thymus/contracts";
import { editManifest } from "@thymus/repair";
import { equalBytes } from "../infection/bytes.ts";

type Path = readonly string[];
type ObjectValue = Readonly<Record<string, unknown>>;

/** One difference between two manifests; values are texts. */
export type ManifestChange =
  | { readonly kind: "added"; readonly path: Path; readonly value: string; readonly emptied: Emptied }
  | { readonly kind: "changed"; readonly path: Path; readonly before: string; readonly after: string }
  | { readonly kind: "end"; readonly before: string; readonly after: string };
/** What the clean manifest had where the object around an added value would be left empty. */
type Emptied = "keep" | "remove" | "not";

/** The changes of one manifest, or in plain words why they cannot be undone. */
export function readManifestChanges(before: Uint8Array, after: Uint8Array): ManifestChange[] | string {
  const [was, is] = [before, after].map(parse);
  if (!was || !is) return "a manifest is no JSON object";
  const changes: ManifestChange[] = [];
  const why = compare(was.value, is.value, [], changes);
  if (why !== null) return why;
  if (was.end !== is.end) changes.push({ kind: "end", before: was.end, after: is.end });
  return changes;
}

function parse(bytes: Uint8Array): { value: ObjectValue; end: string } | null {
  const text = Buffer.from(bytes).toString("utf8");
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? { value, end: text.slice(text.lastIndexOf("}") + 1) } : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is ObjectValue =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function compare(was: ObjectValue, is: ObjectValue, path: Path, changes: ManifestChange[]): string | null {
  const lost = Object.keys(was).find((key) => !Object.hasOwn(is, key));
  if (lost !== undefined) return `${[...path, lost].join(".")} was taken out of manifests and is lost`;
  for (const [key, now] of Object.entries(is)) {
    const here = [...path, key];
    const old = Object.hasOwn(was, key) ? was[key] : undefined;
    if (JSON.stringify(old) === JSON.stringify(now)) continue;
    if (isObject(now) && (old === undefined || isObject(old))) {
      const why = old === undefined ? added(now, here, changes) : compare(old, now, here, changes);
      if (why !== null) return why;
    } else if (typeof now === "string" && old === undefined) {
      const emptied = path.length > 0 && Object.keys(was).length === 0 ? "keep" : "not";
      changes.push({ kind: "added", path: here, value: now, emptied });
    } else if (typeof now === "string" && typeof old === "string") {
      changes.push({ kind: "changed", path: here, before: old, after: now });
    } else return `${here.join(".")} of manifests was changed in a way that is not understood`;
  }
  return null;
}

/** An object that was not there before, with all in it. */
function added(value: ObjectValue, path: Path, changes: ManifestChange[]): string | null {
  for (const [key, now] of Object.entries(value)) {
    const here = [...path, key];
    if (typeof now === "string") changes.push({ kind: "added", path: here, value: now, emptied: "remove" });
    else if (!isObject(now)) return `${here.join(".")} was added to manifests and is no text`;
    else {
      const why = added(now, here, changes);
      if (why !== null) return why;
    }
  }
  return null;
}

/** What must agree for manifests to be undone by the same edits. */
export function shapeOfChanges(changes: readonly ManifestChange[]): string {
  return changes
    .map((change) =>
      change.kind === "end"
        ? `end ${JSON.stringify([change.before, change.after])}`
        : `${change.kind} ${JSON.stringify(change.path)}`,
    )
    .sort()
    .join("\n");
}

export interface ManifestPair {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly changes: readonly ManifestChange[];
}

/** The edits that give every one of these manifests back byte for byte, or why there are none. The shapes are equal. */
export function inferManifestEdits(pairs: readonly ManifestPair[]): ManifestEdit[] | string {
  const edits: ManifestEdit[] = [];
  for (const change of pairs[0]!.changes) {
    const same = pairs.map(({ changes }) =>
      changes.find((other) => other.kind === change.kind && samePath(other, change)),
    );
    const edit = editFor(same as ManifestChange[]);
    if (typeof edit === "string") return edit;
    edits.push(edit);
  }
  const right = pairs.every(({ before, after }) => {
    try {
      return equalBytes(editManifest(edits, after), before);
    } catch {
      return false;
    }
  });
  return right ? edits : "manifests were written anew in another layout: the old layout is lost";
}

const samePath = (a: ManifestChange, b: ManifestChange) =>
  JSON.stringify("path" in a ? a.path : null) === JSON.stringify("path" in b ? b.path : null);

function editFor(changes: readonly ManifestChange[]): ManifestEdit | string {
  const first = changes[0]!;
  if (first.kind === "end") return { op: "end", from: first.after as "", to: first.before as "" };
  const path = [...first.path];
  if (first.kind === "added") {
    const all = changes as Extract<ManifestChange, { kind: "added" }>[];
    const emptied = new Set(all.map((change) => change.emptied).filter((each) => each !== "not"));
    if (emptied.size > 1) return `it cannot be told whether ${path.slice(0, -1).join(".")} was there before`;
    const value = commonText(all.map((change) => change.value));
    if (value === null) return `${path.join(".")} was added with nothing constant in it`;
    return { op: "remove", path, value, emptied: [...emptied][0] === "keep" ? "keep" : "remove" };
  }
  const all = changes as Extract<ManifestChange, { kind: "changed" }>[];
  return stepOf(path, all) ?? unwrapOf(path, all) ?? `${path.join(".")} was overwritten and is lost`;
}

const MIN_COMMON = 4;

/** The one text, or the ends that all texts share. */
function commonText(texts: readonly string[]): string | { prefix: string; suffix: string } | null {
  const first = texts[0]!;
  if (texts.every((text) => text === first)) return first;
  const shortest = Math.min(...texts.map((text) => text.length));
  let head = 0;
  while (head < shortest && texts.every((text) => text[head] === first[head])) head++;
  let tail = 0;
  while (tail < shortest - head && texts.every((text) => text.at(-1 - tail) === first.at(-1 - tail))) tail++;
  if (head + tail < MIN_COMMON) return null;
  return { prefix: first.slice(0, head), suffix: tail === 0 ? "" : first.slice(-tail) };
}

interface Changed {
  readonly before: string;
  readonly after: string;
}

/** A version of which one number went up by the same in all. */
function stepOf(path: string[], changes: readonly Changed[]): ManifestEdit | null {
  const steps = changes.map(({ before, after }) => {
    const [old, now] = [before, after].map((text) => /^(\d+)\.(\d+)\.(\d+)(.*)$/s.exec(text));
    if (!old || !now || old[4] !== now[4]) return null;
    const part = [1, 2, 3].findIndex((i) => old[i] !== now[i]);
    if (part < 0 || [1, 2, 3].some((i) => i !== part + 1 && old[i] !== now[i])) return null;
    return { part, by: Number(old[part + 1]) - Number(now[part + 1]) };
  });
  const first = steps[0];
  if (!first || !steps.every((step) => step?.part === first.part && step.by === first.by)) return null;
  return Math.abs(first.by) > 1000 ? null : { op: "step", path, ...first };
}

/** Text that was put around the old value. */
function unwrapOf(path: string[], changes: readonly Changed[]): ManifestEdit | null {
  const { before, after } = changes[0]!;
  for (let at = after.indexOf(before); at >= 0; at = after.indexOf(before, at + 1)) {
    const prefix = after.slice(0, at);
    const suffix = after.slice(at + before.length);
    if (prefix.length + suffix.length === 0) continue;
    if (changes.every((change) => change.after === prefix + change.before + suffix))
      return { op: "unwrap", path, prefix, suffix };
  }
  return null;
}
