import { existsSync } from "node:fs";
import type { PrescriptionId } from "@thymus/contracts";
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
    for await (const seen of look(options, all.slice(at, at + SLICE), decoys)) {
      try {
        const change = await changeAt(options, root, seen, collected, { plain, gone, told });
        if (!change) continue;
        held += change.now.content?.bytes.length ?? 0;
        collected.changes.push(change);
      } catch (error) {
        options.log.warn("a changed file cannot be read", { path: seen.path, why: (error as Error).message });
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

async function changeAt(
  options: InvestigatorOptions,
  root: string,
  { path, writer, decoy, before, now }: Seen,
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
  if (await heal(options, decoy ? null : root, now, collected)) return null;
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
  now: Examined,
  collected: Collected,
): Promise<boolean> {
  if (active.ids.length === 0) return false;
  const { path, type } = now;
  // Rules may be about files that are no programs, e.g. documents: these are read for them.
  const bytes = now.content?.whole ? now.content.bytes : await wholeOf(now);
  if (!bytes) return false;
  const prescription = active.find(bytes, type, sha256Of(bytes));
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

/** Looks at a file that was just completed: if an active prescription finds it, it does not stay as it is. */
export async function refuseAt(options: InvestigatorOptions, root: string, path: string): Promise<void> {
  if (options.active.ids.length === 0) return;
  const decoy = await options.decoys.get(path);
  const now = await examine(path, options.maxBytes, true).catch(() => null);
  if (!now?.content?.whole || now.content.sha256 === decoy?.sha256) return;
  await heal(options, decoy ? null : root, now, nothing());
}
