/** The chamber that all test files share. */
import { join } from "node:path";
import { holdLock } from "@thymus/store";
import { buildChamber } from "../index.ts";

const repository = join(import.meta.dirname, "../../../../..");
/** Folder of what tests share; each is made once. */
export const testData = process.env.THYMUS_TEST_DATA ?? join(repository, ".cache/test-data");
export const chamberDir = process.env.THYMUS_CHAMBER_DIR ?? join(testData, "chamber");

/** Milliseconds: a build of the chamber on a busy machine, with slow mirrors. */
const BUILD = 1_200_000;

/** One process makes something shared; all others wait for it, and then find it made. */
export async function oneMakes(what: string, make: () => Promise<unknown>): Promise<void> {
  const release = await holdLock(join(testData, `${what}.making`), { what: `making ${what}`, waitMs: BUILD });
  try {
    await make();
  } finally {
    release();
  }
}

/** Makes the chamber where it is missing; waits where another test file, or the test runner, makes it. */
export async function sharedChamber(): Promise<void> {
  await oneMakes("chamber", () => buildChamber({ dataDir: chamberDir }));
}
