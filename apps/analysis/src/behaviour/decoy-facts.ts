/** What became of the decoys of a run, as numbers that verdict rules read. Pure. */
import type { FileType } from "@thymus/contracts";
import type { ChamberResult } from "../chamber/chamber.ts";
import { entropy } from "../infection/bytes.ts";
import { hostShare, looksRandom, packs, sameFormat, unwrapped } from "./content/bytes.ts";

/** A changed decoy with both of its contents; `after` is null where the file is gone. */
export interface ChangedDecoy {
  readonly path: string;
  readonly type: FileType;
  readonly before: Uint8Array;
  readonly after: Uint8Array | null;
}

export interface DecoyFacts {
  readonly decoys: number;
  /** Decoys whose content is another one now, under their own or a new name; deleted ones are not among them. */
  readonly changedPrograms: number;
  readonly changedDocuments: number;
  /** Documents that still hold their content and have one and the same run of bytes in addition. */
  readonly documentsAlike: number;
  /** Changed decoys of which most of the host's bytes still stand in the file. */
  readonly hostKept: number;
  /** Changed or missing decoys of which little is left and what stands there looks random. */
  readonly scrambled: number;
  /** Changed decoys of which little is left and what stands there is of low entropy, or nothing at all. */
  readonly wiped: number;
  /** Changed pictures that are still pictures of the same format. */
  readonly rewritten: number;
  readonly missing: number;
  /** Missing decoys that have an heir: another file with their content, or one in the same folder with their name. */
  readonly renamed: number;
  /** Renamed decoys whose content is the same as before, or the same compressed. */
  readonly moved: number;
  /** Moved decoys whose file name ends as before (`.jpg` to `.jpg`). */
  readonly movedAlike: number;
}

const programs = new Set<FileType>(["elf64", "elf32", "shell", "python", "node", "perl", "php"]);

const RUN = 24;
const MAX_SEARCHED = 1 << 16;

/** How many files have one run of bytes in common that was in none of them before: the most of any run of the first file. */
function alikeAdditions(kept: readonly { before: Uint8Array; after: Uint8Array }[]): number {
  const [first] = kept;
  if (first === undefined) return 0;
  const texts = kept.map(({ before, after }) => ({ before: Buffer.from(before), after: Buffer.from(after) }));
  const { after } = texts[0]!;
  let most = 0;
  for (let at = 0; at + RUN <= Math.min(after.length, MAX_SEARCHED); at += 2) {
    const run = after.subarray(at, at + RUN);
    if (texts.some((text) => text.before.includes(run))) continue;
    most = Math.max(most, texts.filter((text) => text.after.includes(run)).length);
    if (most === texts.length) return most;
  }
  return most;
}

const endingOf = (path: string) => /\.[^./]+$/.exec(path)?.[0] ?? "";

/** New places of missing decoys whose content lies under another name now, by their digest. */
function movedByContent(result: ChamberResult): Map<string, string> {
  const dropped = new Map(result.dropped.map((file) => [file.sha256, file.path]));
  const found = new Map<string, string>();
  for (const outcome of result.decoys) {
    const heir = outcome?.state === "missing" ? dropped.get(outcome.decoy.sha256) : undefined;
    if (heir !== undefined) found.set(outcome.decoy.path, heir);
  }
  return found;
}

export function decoyFacts(
  result: ChamberResult,
  changed: readonly ChangedDecoy[],
  renamedBytes: ReadonlyMap<string, Uint8Array>,
): DecoyFacts {
  const count = { hostKept: 0, scrambled: 0, wiped: 0, rewritten: 0, renamed: 0, moved: 0, movedAlike: 0 };
  const altered: ChangedDecoy[] = [];
  const keptDocuments: { before: Uint8Array; after: Uint8Array }[] = [];
  const elsewhere = movedByContent(result);
  for (const decoy of changed) {
    const { path, before, after } = decoy;
    const heir = after ? undefined : elsewhere.get(path);
    const found = after ?? (heir === undefined ? renamedBytes.get(path) : before) ?? null;
    if (!after && found) count.renamed += 1;
    if (!found) continue;
    if (!after && (Buffer.compare(found, before) === 0 || packs(found, before))) {
      count.moved += 1;
      if (heir !== undefined && endingOf(heir) === endingOf(path)) count.movedAlike += 1;
      continue;
    }
    altered.push(decoy);
    const content = unwrapped(found);
    const kept = before.length > 0 && hostShare(before, found) >= 0.5;
    const picture = sameFormat(before, found);
    if (kept && !programs.has(decoy.type)) keptDocuments.push({ before, after: found });
    if (picture) count.rewritten += 1;
    else if (kept) count.hostKept += 1;
    else if (looksRandom(content) && (entropy(content) > entropy(before) + 0.4 || entropy(before) > 6.5))
      count.scrambled += 1;
    else if (entropy(found) < 2) count.wiped += 1;
  }
  return {
    decoys: result.decoys.length,
    changedPrograms: altered.filter((decoy) => programs.has(decoy.type)).length,
    changedDocuments: altered.filter((decoy) => !programs.has(decoy.type)).length,
    documentsAlike: alikeAdditions(keptDocuments),
    missing: changed.filter((decoy) => decoy.after === null).length,
    ...count,
  };
}

/** For each missing decoy the dropped file that took its place: same folder, name beginning with the decoy's. */
export function matchRenamed(
  missing: readonly string[],
  dropped: readonly { path: string }[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of missing) {
    const stem = path.replace(/\.[^./]+$/, "");
    const heir =
      dropped.find((file) => file.path.startsWith(`${path}.`)) ??
      dropped.find((file) => file.path.startsWith(`${stem}.`) && file.path !== path);
    if (heir) found.set(path, heir.path);
  }
  return found;
}
