import { asThymusError } from "@thymus/contracts";
import type { Timeline } from "../link/timeline.ts";
import { giveBack } from "../repair/give-back.ts";
import type { OperationContext } from "../repair/operation.ts";

import { severalAtOnce } from "./at-once.ts";

export interface GivingBack extends OperationContext {
  readonly rootOf: (path: string) => string | null;
  readonly timeline: Timeline;
}

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
  let restored = 0;
  await severalAtOnce(files.values(), async (names) => {
    for (const entry of names) if (await giveOneBack(options, prescription, entry)) restored++;
  });
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
    const also = (trx: OperationContext["db"]) => timeline.note(trx, null, `restored ${path}: ${why}`);
    await giveBack(options, entry.id, { byOwner: false, root: rootOf(path), why, also });
    return true;
  } catch (thrown) {
    const why = asThymusError(thrown).message;
    await timeline.note(db, null, `not restored: ${path}: ${why} (${entry.id})`);
    return false;
  }
}
