import { lstatSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Known } from "../processes/table.ts";
import { expectedForm } from "./content/forms.ts";
import { type Look, lookAtFile } from "./content/look.ts";
import type { DecoyTouch, DocumentChange, Facts, ProcessLook } from "./facts.ts";
import { shortLook } from "./look-at-process.ts";
import { turnedOf } from "./patterns/documents-turned.ts";
import { renamedOf, type Was } from "./renamed.ts";
import type { Before, Touch, Tree } from "./trees.ts";

export interface EvidenceOptions {
  readonly tree: Tree;
  /** The process that is asked about, or the last that wrote. */
  readonly asking: Known;
  readonly isSpoilt: (decoy: string) => Promise<"same" | "changed" | "gone">;
  /** Whether a file was there before an instant. */
  readonly isKnown: (path: string, before: number) => Promise<boolean>;
  /** What it looked like before an instant, where a copy tells. */
  readonly lookBefore: (path: string, before: number) => Promise<Look | null>;
  readonly look?: (known: Known) => ProcessLook;
}

/** Documents of one tree that are looked at: the newest. */
const LOOKED_AT = 64;
/** Names in a folder that are looked at for what took the place of documents that went. */
const NAMES = 20_000;

/** Looks at what a tree did. @returns the facts, and which processes did what counts as harm */
export async function gatherFacts(options: EvidenceOptions): Promise<{ facts: Facts; harmful: Known[] }> {
  const { tree, asking, isKnown, isSpoilt, lookBefore, look = shortLook } = options;
  const touches = [...tree.touched.values()].slice(-LOOKED_AT);
  const { documents } = await changesOf(touches, { first: tree.first, isKnown, lookBefore });
  const decoys: DecoyTouch[] = [];
  for (const path of tree.decoys)
    if ((await isSpoilt(path)) !== "same") {
      // One that got another name is what lies there now.
      const moved = documents.find(({ path: other, fate }) => fate === "created" && other.startsWith(path));
      decoys.push({ path, after: lookAtFile(path) ?? moved?.after ?? null });
    }
  const harmed = new Set([...turnedOf(documents), ...decoys].map(({ path }) => path));
  const writers = touches.filter(({ path }) => harmed.has(path)).flatMap((touch) => [...touch.writers]);
  const harmful = harmfulOf(asking, writers);
  return {
    harmful,
    facts: {
      ...{ subject: look(harmful[0]!), tree: harmful.map(look), documents, changed: tree.count, decoys },
      ...{ infected: [], persistence: [] },
    },
  };
}

export interface ChangesOptions extends Pick<EvidenceOptions, "isKnown" | "lookBefore"> {
  /** Milliseconds since 1970 at which the tree began. */
  readonly first: number;
}

/** What became of documents that were touched, and what took their place; those that only got another name apart. */
export async function changesOf(
  touches: readonly Touch[],
  { first, isKnown, lookBefore }: ChangesOptions,
): Promise<{ documents: DocumentChange[]; renamed: ReadonlySet<string> }> {
  const documents: DocumentChange[] = [];
  const was = new Map<string, Was>();
  for (const touch of touches) {
    const before = await touch.before;
    const change = changeOf(touch, before);
    if (!change) continue;
    if (before.was) was.set(change.path, before.was);
    const nameless = change.fate !== "created" && expectedForm(basename(change.path)) === null;
    documents.push(nameless ? { ...change, before: await lookBefore(change.path, first) } : change);
  }
  documents.push(...(await replacements(documents, first, isKnown)));
  const renamed = renamedOf(documents, was);
  return { documents: documents.filter(({ path }) => !renamed.has(path)), renamed };
}

/** Who did harm; whoever only asked did none, unless nobody else who still runs is known. */
export function harmfulOf(asking: Known, writers: readonly Known[]): Known[] {
  const running = writers.filter(({ ended }) => ended === null);
  const first = running.length > 0 && !writers.includes(asking) ? running : [asking];
  return [...new Set([...first, ...writers])];
}

function changeOf({ path }: Touch, before: Before): DocumentChange | null {
  const after = lookAtFile(path);
  if (!after && !before.known) return null;
  const fate = !after ? "gone" : before.known ? "written" : "created";
  return { path, fate, before: null, after };
}

/**
 * New files beside documents that went, made since the tree began: who wrote them may not have been told yet. Each can only explain
 * one document that went.
 */
async function replacements(
  documents: readonly Pick<DocumentChange, "path" | "fate">[],
  first: number,
  isKnown: (path: string, before: number) => Promise<boolean>,
): Promise<DocumentChange[]> {
  const gone = documents.filter(({ fate }) => fate === "gone");
  const created = documents.filter(({ fate }) => fate === "created").length;
  if (gone.length <= created) return [];
  const found: DocumentChange[] = [];
  const seen = new Set(documents.map(({ path }) => path));
  for (const folder of new Set(gone.map(({ path }) => dirname(path)))) {
    let names: string[];
    try {
      names = readdirSync(folder).slice(0, NAMES);
    } catch {
      continue;
    }
    for (const name of names) {
      const path = join(folder, name);
      if (seen.has(path) || found.length >= gone.length) continue;
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (!stat?.isFile() || stat.ctimeMs < first - SLACK) continue;
      const after = (await isKnown(path, first)) ? null : lookAtFile(path);
      if (after) found.push({ path, fate: "created", before: null, after });
    }
  }
  return found;
}

/** Milliseconds by which file times may lie before the clock (the kernel's tick, and events that came late). */
const SLACK = 1000;
