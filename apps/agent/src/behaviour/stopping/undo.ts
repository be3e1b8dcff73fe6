import { readRegular, sha256Of } from "../../files/regular.ts";
import type { Look } from "../content/look.ts";
import type { DocumentDecoys } from "../decoys/document-decoys.ts";
import { changesOf } from "../evidence.ts";
import type { Touch } from "../trees.ts";
import { bringBack, type GiveBackOptions, newestReadable, takeAway } from "./give-back.ts";
import { harmOf } from "./harm.ts";
import type { FileOutcome } from "./records.ts";

export interface UndoOptions extends GiveBackOptions {
  readonly decoys: DocumentDecoys;
  /** Whether a file was there before a tree came, or another tree wrote it. @param own what the tree touched */
  readonly isKnown: (own: ReadonlyMap<string, Touch>, path: string, before: number) => Promise<boolean>;
  readonly lookBefore: (path: string, before: number) => Promise<Look | null>;
  /** Part of it may have been done before a crash. */
  readonly again?: boolean;
}

/** What a tree did until now. */
export interface Done {
  readonly first: number;
  readonly touched: ReadonlyMap<string, Touch>;
  readonly decoys: ReadonlySet<string>;
}

/** Brings back what a stopped tree made unreadable. Once more it does no harm: what is as it was stays. @returns what became of each file */
export async function undo(
  options: UndoOptions,
  { decoys: own, first, touched }: Done,
): Promise<FileOutcome[]> {
  const { decoys, isKnown, lookBefore } = options;
  const { documents, renamed } = await changesOf([...touched.values()], {
    ...{ first, lookBefore },
    isKnown: (path) => isKnown(touched, path, first),
  });
  const { harmed, instead } = harmOf(documents, (path) => touched.has(path));
  const outcomes: FileOutcome[] = [];
  const given = new Set<string>(own);
  const left = (path: string, result: string, why: string) => outcomes.push({ path, result, why });
  for (const { path, fate } of documents) {
    if (decoys.has(path) || fate === "created") continue;
    if (harmed.has(path)) {
      const outcome = await bringBack(options, path, first);
      outcomes.push(outcome);
      if (outcome.result === "back") given.add(path);
    } else if (fate === "gone") left(path, "left", "removed, and no file of noise took its place");
    else if (options.again && (await isAsCopied(options, path, first)))
      left(path, "back", "before the agent ended");
    else left(path, "left", "written to, and can still be read");
  }
  for (const path of own) await decoys.restore(path);
  for (const { path, fate } of documents) {
    if (fate !== "created") continue;
    const standsFor = instead.get(path);
    const taken = standsFor !== undefined && given.has(standsFor) ? await takeAway(options, path) : null;
    outcomes.push(taken ?? { path, result: "new", why: "written by the tree, left where it is" });
  }
  for (const path of renamed) left(path, "left", "the same file under another name");
  return outcomes;
}

/** Whether a file is what would be brought back. */
async function isAsCopied({ context, copies }: UndoOptions, path: string, first: number): Promise<boolean> {
  const now = await readRegular(path, context.maxBytes).catch(() => null);
  const clean = await newestReadable(copies, path, first).catch(() => null);
  return now?.whole === true && sha256Of(now.bytes) === clean?.copy.sha256;
}

/** What is known of files by an earlier and a later look: that one came back is not forgotten as it is as it was. */
export function merged(earlier: readonly FileOutcome[], later: readonly FileOutcome[]): FileOutcome[] {
  const all = new Map(earlier.map((each) => [each.path, each]));
  for (const each of later) if (each.result !== "left" || !all.has(each.path)) all.set(each.path, each);
  return [...all.values()];
}
