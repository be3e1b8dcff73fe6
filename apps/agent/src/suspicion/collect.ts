import type { PrescriptionId } from "@thymus/contracts";
import { factsAt, sha256Of } from "../files/regular.ts";
import { accept, baselineRow, forget, refreshMetadata } from "../monitors/baseline.ts";
import type { DecoyRow } from "../monitors/decoys/decoys.ts";
import { type Examined, examine } from "../monitors/examine.ts";
import { foreignRegions, signatureOf } from "./difference.ts";
import type { Change } from "./incident.ts";
import type { InvestigatorOptions } from "./investigator.ts";

/** What is left of a set of paths once everything that needs no judgement is done with. */
export interface Collected {
  readonly changes: Change[];
  readonly lostDecoys: string[];
  /** Paths that an active prescription finds and that could not be healed. */
  readonly signatures: Map<string, PrescriptionId>;
}

/** Bytes of contents that are held at a time; what comes above is judged by its metadata only. */
const MAX_HELD = 256 << 20;

/** Looks at each path; accepts what is no change of a program, heals what is known, and keeps the rest. */
export async function collect(
  options: InvestigatorOptions,
  root: string,
  paths: Iterable<string>,
): Promise<Collected> {
  const collected: Collected = { changes: [], lostDecoys: [], signatures: new Map() };
  let held = 0;
  for (const path of paths) {
    try {
      const change = await changeAt(options, root, path, collected);
      if (!change) continue;
      held += change.now.content?.bytes.length ?? 0;
      if (held > MAX_HELD) {
        options.log.warn("too many changes at once", { path });
        continue;
      }
      collected.changes.push(change);
    } catch (error) {
      options.log.warn("a changed file cannot be read", { path, why: (error as Error).message });
    }
  }
  return collected;
}

async function changeAt(
  options: InvestigatorOptions,
  root: string,
  path: string,
  collected: Collected,
): Promise<Change | null> {
  const { cases, db, decoys, maxBytes } = options;
  const decoy = await decoys.get(path);
  const before = decoy ? null : await baselineRow(db, path);
  const now = await examine(path, maxBytes, decoy !== null || before?.program === 1);
  if (!now) {
    if ((await factsAt(path).catch(() => null)) === null) {
      if (decoy) collected.lostDecoys.push(path);
      else await forgetGone(options, path);
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
    await accept(db, root, now, "no-program", before === null);
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
  return {
    path,
    before,
    now,
    decoy: decoy !== null,
    foreign: foreignOf(before?.signature ?? null, decoy, now),
  };
}

function foreignOf(signature: Uint8Array | null, decoy: DecoyRow | null, now: Examined): Uint8Array[] {
  const known = decoy ? signatureOf(decoy.content) : signature;
  return known && now.content?.whole ? foreignRegions(known, now.content.bytes) : [];
}

/** Rows of a path that is gone, also of everything below it where it was a folder. */
async function forgetGone({ db, timeline }: InvestigatorOptions, path: string): Promise<void> {
  const rows = await db
    .selectFrom("file")
    .select(["path", "program"])
    .where((eb) =>
      eb.or([eb("path", "=", path), eb.and([eb("path", ">=", `${path}/`), eb("path", "<", `${path}0`)])]),
    )
    .execute();
  for (const row of rows) {
    if ((await factsAt(row.path).catch(() => null)) !== null) continue;
    await forget(db, row.path);
    if (row.program) await timeline.note(db, null, `gone: ${row.path}`, true);
  }
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
  await heal(options, decoy ? null : root, now, { changes: [], lostDecoys: [], signatures: new Map() });
}
