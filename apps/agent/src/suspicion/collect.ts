import { existsSync } from "node:fs";
import type { PrescriptionId, Sha256 } from "@thymus/contracts";
import { factsAt, sha256Of } from "../files/regular.ts";
import { forgetEntries } from "../integrity/entries.ts";
import {
  accept,
  acceptPlain,
  type BaselineRow,
  forget,
  refreshMetadata,
  rowsAtOrBelow,
} from "../monitors/baseline.ts";
import type { DecoyRow } from "../monitors/decoys/decoys.ts";
import { type Examined, examine } from "../monitors/examine.ts";
import { isOwnWork } from "../monitors/own-work.ts";
import type { Content } from "../scanning/content-judge.ts";
import type { Database } from "../state/open.ts";
import type { Writer } from "../watch/messages.ts";
import type { Changes } from "../watch/pending.ts";
import { foreignRegions, signatureOf } from "./difference.ts";
import type { Change } from "./incident.ts";
import type { InvestigatorOptions } from "./investigator.ts";

/** What is left of a set of paths once everything that needs no judgement is done with. */
export interface Collected {
  readonly changes: Change[];
  readonly lostDecoys: string[];
  /** Paths that an active prescription finds and that could not be healed. */
  readonly signatures: Map<string, PrescriptionId>;
  /** Paths for which there was no room: to be looked at later. */
  readonly left: string[];
  /** Paths that changed again after what is judged was told: what came with that change is told with it. */
  readonly later: string[];
}

/** When the paths were told, and which of them waited for that already. */
export interface Told {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** These are judged now: whoever writes to a file again and again does not put off its judgement. */
  readonly waited: ReadonlySet<string>;
}

const nothing = (): Collected => ({
  changes: [],
  lostDecoys: [],
  signatures: new Map(),
  left: [],
  later: [],
});

/** Milliseconds by which the times of files are behind the clock at most; what is told has been quiet for longer. */
const COARSE = 50;
/** Bytes of contents that are held at a time; what comes above is looked at afterwards. */
const MAX_HELD = 256 << 20;
/** Paths that are looked up together, and files that are read at the same time. */
const SLICE = 256;
const AT_ONCE = 4;
/** Files, and bytes of them, to which rules are applied together. */
const TOGETHER = 64;
const TOGETHER_BYTES = 32 << 20;

/** A file to be taken into self. */
interface Accepted {
  readonly now: Examined;
  readonly how: string;
  readonly appeared: boolean;
}

/** Takes files into self, in one transaction. */
export async function acceptAll(db: Database, root: string, files: readonly Accepted[]): Promise<void> {
  for (let at = 0; at < files.length; at += SLICE)
    await db.transaction().execute(async (within) => {
      for (const { now, how, appeared } of files.slice(at, at + SLICE))
        await accept(within, root, now, how, appeared);
    });
}

/** What is known of a path before it is judged. */
interface Seen {
  readonly path: string;
  readonly writer: Writer | null;
  readonly decoy: DecoyRow | null;
  readonly before: BaselineRow | null;
  readonly now: Examined | null;
}

/** Looks at each path; accepts what is no change of a program, heals what is known, and keeps the rest. */
export async function collect(
  options: InvestigatorOptions,
  root: string,
  paths: Changes,
  told: Told,
): Promise<Collected> {
  const collected = nothing();
  const decoys = new Map((await options.decoys.of(root)).map((decoy) => [decoy.path, decoy]));
  // Those among documents are judged by who touches them (behaviour/).
  const papers = await options.decoys.papersOf(root);
  const all = [...paths].filter(([path]) => !papers.has(path));
  let held = 0;
  for (let at = 0; at < all.length; at += SLICE) {
    if (held > MAX_HELD) {
      collected.left.push(...all.slice(at).map(([path]) => path));
      break;
    }
    const plain: Examined[] = [];
    const gone: string[] = [];
    for await (const group of grouped(look(options, all.slice(at, at + SLICE), decoys))) {
      const verdicts = await judgeAll(
        options,
        group.filter(isDifferent).flatMap(({ now }) => now ?? []),
      );
      for (const seen of group) {
        try {
          const verdict = seen.now ? verdicts.get(seen.now) : undefined;
          if (verdict === "unsure") {
            collected.left.push(seen.path);
            continue;
          }
          const change = await changeAt(options, root, seen, verdict, collected, { plain, gone, told });
          if (!change) continue;
          held += change.now.content?.bytes.length ?? 0;
          collected.changes.push(change);
        } catch (error) {
          const why = (error as Error).message;
          options.log.warn("a changed file cannot be read", { path: seen.path, why });
        }
      }
    }
    if (gone.length > 0) await forgetGone(options, gone);
    if (plain.length > 0) await options.db.transaction().execute((within) => acceptPlain(within, plain));
  }
  return collected;
}

/** Reads some paths, a few at a time, in their order. */
async function* look(
  { db, log, maxBytes }: InvestigatorOptions,
  paths: readonly (readonly [string, Writer | null])[],
  decoys: ReadonlyMap<string, DecoyRow>,
): AsyncGenerator<Seen> {
  const rows = await db
    .selectFrom("file")
    .selectAll()
    .where(
      "path",
      "in",
      paths.map(([path]) => path),
    )
    .execute();
  const known = new Map(rows.map((row) => [row.path, row]));
  const one = async ([path, writer]: readonly [string, Writer | null]): Promise<Seen | null> => {
    const decoy = decoys.get(path) ?? null;
    const before = decoy ? null : (known.get(path) ?? null);
    try {
      const now = await examine(path, maxBytes, decoy !== null || before?.program === 1);
      return { path, writer, decoy, before, now };
    } catch (error) {
      log.warn("a changed file cannot be read", { path, why: (error as Error).message });
      return null;
    }
  };
  for (let at = 0; at < paths.length; at += AT_ONCE)
    for (const seen of await Promise.all(paths.slice(at, at + AT_ONCE).map(one))) if (seen) yield seen;
}

/** Files that are judged together: as many as there are at a time, up to a number and to bytes. */
async function* grouped(all: AsyncIterable<Seen>): AsyncGenerator<Seen[]> {
  let group: Seen[] = [];
  let bytes = 0;
  for await (const seen of all) {
    group.push(seen);
    bytes += seen.now?.content?.bytes.length ?? 0;
    if (group.length < TOGETHER && bytes < TOGETHER_BYTES) continue;
    yield group;
    [group, bytes] = [[], 0];
  }
  if (group.length > 0) yield group;
}

/** False for what holds the same content as before: rules were applied to it then. */
const isDifferent = ({ before, decoy, now }: Seen): boolean =>
  !now?.content || now.content.sha256 !== (decoy ?? before)?.sha256;

/** What an active prescription may be about, and what the rules say of it. */
interface Judged {
  readonly sha256: Sha256;
  readonly found: readonly string[] | "aside";
}

/** Applies the rules to all of these together. Of what is not in the answer nothing is to be told. */
async function judgeAll(
  { active, judge, log }: InvestigatorOptions,
  all: readonly Examined[],
): Promise<Map<Examined, Judged | "unsure">> {
  const verdicts = new Map<Examined, Judged | "unsure">();
  if (active.ids.length === 0) return verdicts;
  const contents: (Content & { now: Examined; sha256: Sha256 })[] = [];
  for (const now of all) {
    const { path, type } = now;
    try {
      // Rules may be about files that are no programs, e.g. documents: these are read for them.
      const bytes = now.content?.whole ? now.content.bytes : await wholeOf(now);
      if (bytes) contents.push({ now, path, bytes, type, sha256: now.content?.sha256 ?? sha256Of(bytes) });
    } catch (error) {
      log.warn("a changed file cannot be read", { path, why: (error as Error).message });
    }
  }
  const said = await judge.judge(contents);
  for (const [at, { now, sha256 }] of contents.entries()) {
    const found = said[at]!;
    verdicts.set(now, found === "unsure" ? found : { sha256, found });
  }
  return verdicts;
}

async function changeAt(
  options: InvestigatorOptions,
  root: string,
  { path, writer, decoy, before, now }: Seen,
  verdict: Judged | undefined,
  collected: Collected,
  { plain, gone, told }: { readonly plain: Examined[]; readonly gone: string[]; readonly told: Told },
): Promise<Change | null> {
  const { cases, db, decoys } = options;
  if (!now) {
    if ((await factsAt(path).catch(() => null)) === null) {
      if (decoy) collected.lostDecoys.push(path);
      else gone.push(path);
    }
    return null;
  }
  if (decoy && now.content?.sha256 === decoy.sha256) return null;
  if (before && now.content && before.sha256 === now.content.sha256) {
    await refreshMetadata(db, path, now.facts);
    return null;
  }
  if (verdict && (await heal(options, decoy ? null : root, now, verdict, collected))) return null;
  if (!decoy && !now.program && before?.program !== 1) {
    plain.push(now);
    return null;
  }
  if (now.content && (await cases.knows(path, now.content.sha256))) {
    // A decoy joins an open case again, so that it is made anew; of a case that was given up nothing more is to be learnt.
    if (!decoy) return null;
    if (!(await cases.openOf(root))) {
      await decoys.restore(path);
      return null;
    }
  }
  if (now.facts.ctimeNs > BigInt(told.at - COARSE) * 1_000_000n && !told.waited.has(path)) {
    collected.later.push(path);
    return null;
  }
  return {
    path,
    before,
    now,
    decoy: decoy !== null,
    writer,
    foreign: foreignOf(before?.signature ?? null, decoy, now),
  };
}

function foreignOf(signature: Uint8Array | null, decoy: DecoyRow | null, now: Examined): Uint8Array[] {
  const known = decoy ? signatureOf(decoy.content) : signature;
  return known && now.content?.whole ? foreignRegions(known, now.content.bytes) : [];
}

/** What is known of paths that are gone, also of everything below them where they were folders. */
async function forgetGone({ db, timeline }: InvestigatorOptions, paths: readonly string[]): Promise<void> {
  const notes: { what: string; local: boolean }[] = [];
  for (const { path, program } of await rowsAtOrBelow(db, paths)) {
    if ((await factsAt(path).catch(() => null)) !== null) continue;
    await forget(db, path);
    if (program) notes.push({ what: `gone: ${path}`, local: true });
  }
  await timeline.noteAll(db, notes);
  const vanished = paths.filter((path) => !existsSync(path));
  await db.transaction().execute((within) => forgetEntries(within, paths, vanished));
}

/** Carries out an active prescription that finds the file. @returns true where the file needs no judgement any more */
async function heal(
  { active, healer, timeline, db }: InvestigatorOptions,
  root: string | null,
  { path }: Examined,
  { found, sha256 }: Judged,
  collected: Collected,
): Promise<boolean> {
  const prescription = active.answerFor(sha256, found === "aside" ? null : (found[0] ?? null));
  if (!prescription) return false;
  await timeline.note(db, null, `refused ${path}: infected with ${prescription.family} (${prescription.id})`);
  const outcome = await healer.heal({ path, root, prescription, case: null });
  if (outcome.result === "repaired" || outcome.why?.startsWith("held")) return true;
  if (outcome.result !== "not-infected") collected.signatures.set(path, prescription.id);
  return outcome.result !== "not-infected";
}

async function wholeOf(now: Examined): Promise<Buffer | null> {
  if (now.content || now.facts.size > 16 << 20) return null;
  const again = await examine(now.path, 16 << 20, true);
  return again?.content?.whole ? again.content.bytes : null;
}

/** Looks at files that were just completed: what an active prescription finds does not stay as it is. */
export async function refuseAll(
  options: InvestigatorOptions,
  root: string,
  paths: readonly string[],
): Promise<void> {
  const { active, db, decoys, maxBytes } = options;
  if (active.ids.length === 0) return;
  const completed = async function* (): AsyncGenerator<Seen> {
    for (const path of paths) {
      const decoy = await decoys.get(path);
      const now = await examine(path, maxBytes, true).catch(() => null);
      if (!now?.content?.whole || now.content.sha256 === decoy?.sha256) continue;
      yield { path, now, decoy, before: null, writer: null };
    }
  };
  const collected = nothing();
  for await (const group of grouped(completed())) {
    const verdicts = await judgeAll(
      options,
      group.flatMap(({ now }) => now ?? []),
    );
    for (const { decoy, now, path } of group) {
      const verdict = now && verdicts.get(now);
      // What could not be found out is looked at again once the folder is quiet.
      if (verdict && verdict !== "unsure" && !(await isOwnWork(db, path)))
        await heal(options, decoy ? null : root, now, verdict, collected);
    }
  }
}
