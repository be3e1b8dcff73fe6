import { asThymusError } from "@thymus/contracts";
import type { Timeline } from "../link/timeline.ts";
import { giveBack } from "../repair/give-back.ts";
import type { OperationContext } from "../repair/operation.ts";

export interface GivingBack extends OperationContext {
  readonly rootOf: (path: string) => string | null;
  readonly timeline: Timeline;
}

/** Files that are given back at the same time: what waits for the disk waits together. */
const AT_ONCE = 8;

/**
 * Gives back all that a prescription took and changed, each told. What cannot go back (another file lies there now) stays in
 * quarantine. Doing it again after a crash goes on where it ended.
 * @returns how many files are back
 */
export async function giveAllBack(options: GivingBack, prescription: string): Promise<number> {
  const entries = await options.db
    .selectFrom("quarantine")
    .select(["id", "file", "inode"])
    .where("prescription", "=", prescription)
    .where("state", "in", ["held", "repaired"])
    .orderBy("at")
    .execute();
  // Names of one file come one after the other, so that each finds the one before it.
  const files = Map.groupBy(entries, (entry) => entry.inode ?? entry.id);
  const waiting = files.values();
  let restored = 0;
  const work = async () => {
    for (const names of waiting)
      for (const entry of names) if (await giveOneBack(options, prescription, entry)) restored++;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return restored;
}

async function giveOneBack(
  options: GivingBack,
  prescription: string,
  entry: { readonly id: string; readonly file: string },
): Promise<boolean> {
  const { db, rootOf, timeline } = options;
  const { path } = JSON.parse(entry.file) as { path: string };
  try {
    const why = `${prescription} was recalled`;
    await giveBack(options, entry.id, { byOwner: false, root: rootOf(path), why });
    await timeline.note(db, null, `restored ${path}: ${why}`);
    return true;
  } catch (thrown) {
    const why = asThymusError(thrown).message;
    await timeline.note(db, null, `not restored: ${path}: ${why} (${entry.id})`);
    return false;
  }
}
