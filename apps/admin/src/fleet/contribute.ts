/** What machines tell of the files that their package managers vouch for: kept as they say it, each machine for itself. */
import { type OfferSelf, partDigest, partOf, type SelfPart, ThymusError } from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import { sql } from "kysely";
import type { Change, State } from "../state/state.ts";

/** Rows of one statement: SQLite takes 32,766 values. */
const ROWS = 2000;

/**
 * Compares what a machine holds with what is known of it, and forgets parts that it has no more.
 * @returns parts that are known otherwise, or not at all
 */
export async function offerSelf(state: State, machine: string, offer: OfferSelf): Promise<number[]> {
  const rows = await state.db
    .selectFrom("fleet_part")
    .select(["part", "digest"])
    .where("machine", "=", machine)
    .execute();
  const held = new Map(rows.map(({ part, digest }) => [part, digest]));
  const gone = offer.parts.flatMap((digest, part) => (digest === null && held.has(part) ? [part] : []));
  if (gone.length > 0)
    await state.change(async (change) => {
      for (const part of gone) {
        await ofPart(change, machine, part).execute();
        await change.db
          .deleteFrom("fleet_part")
          .where("machine", "=", machine)
          .where("part", "=", part)
          .execute();
      }
    });
  return offer.parts.flatMap((digest, part) => (digest !== null && held.get(part) !== digest ? [part] : []));
}

const ofPart = (change: Change, machine: string, part: number) =>
  change.db.deleteFrom("fleet_file").where("machine", "=", machine).where(inPart(part));

/** The digests of one part are one range of the table's key. */
function inPart(part: number) {
  const [first, behind] = [Buffer.of(part), part === 255 ? Buffer.alloc(33, 255) : Buffer.of(part + 1)];
  return sql<boolean>`sha256 >= ${first} and sha256 < ${behind}`;
}

/**
 * Takes one part of a machine's files in place of what was known of it. What was there before keeps the time since when.
 * @throws ThymusError DOCUMENT_INVALID (a file that is not of the part, or named twice), TOO_MANY
 */
export async function takePart(
  state: State,
  machine: string,
  { part, files }: SelfPart,
  most: number,
): Promise<void> {
  const named = new Set(files.map(({ sha256 }) => sha256));
  const stray = files.findIndex(({ sha256 }) => partOf(sha256) !== part);
  if (stray >= 0 || named.size < files.length) {
    const what = stray >= 0 ? `files.${stray} is not of part ${part}` : "a file is named twice";
    throw new ThymusError("DOCUMENT_INVALID", `what this machine holds: ${what}`, "update the agent");
  }
  await state.change(async (change) => {
    const { db } = change;
    const rows = await db
      .selectFrom("fleet_file")
      .select(["sha256", "size"])
      .where("machine", "=", machine)
      .where(inPart(part))
      .execute();
    const { all } = await db
      .selectFrom("fleet_file")
      .select((select) => select.fn.countAll<number>().as("all"))
      .where("machine", "=", machine)
      .executeTakeFirstOrThrow();
    if (all - rows.length + files.length > most)
      throw new ThymusError(
        "TOO_MANY",
        `this machine tells of more than ${most} files`,
        "raise admin.maxFleetFiles, or set agent.contribute to false there",
      );
    const before = new Map(rows.map(({ sha256, size }) => [Buffer.from(sha256).toString("hex"), size]));
    const same = new Set(
      files.filter(({ sha256, size }) => before.get(sha256) === size).map((file) => file.sha256 as string),
    );
    for (const { sha256 } of rows)
      if (!same.has(Buffer.from(sha256).toString("hex")))
        await db
          .deleteFrom("fleet_file")
          .where("machine", "=", machine)
          .where("sha256", "=", sha256)
          .execute();
    const fresh = files
      .filter(({ sha256 }) => !same.has(sha256))
      .map(({ sha256, size }) => ({ machine, sha256: Buffer.from(sha256, "hex"), size, since: change.now }));
    for (let at = 0; at < fresh.length; at += ROWS)
      await db
        .insertInto("fleet_file")
        .values(fresh.slice(at, at + ROWS))
        .execute();
    const digest = partDigest(files)!;
    await db
      .insertInto("fleet_part")
      .values({ machine, part, digest })
      .onConflict((conflict) => conflict.columns(["machine", "part"]).doUpdateSet({ digest }))
      .execute();
  });
  await failpoint("admin.fleet.part");
}
