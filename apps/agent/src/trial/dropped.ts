import type { Prescription } from "@thymus/contracts";
import { sha256Of } from "../files/regular.ts";
import type { Database } from "../state/open.ts";

/** By what a content is known again: the document as it was published, and its rule under whatever id. */
function digestsOf(document: string, prescription: Prescription | null): string[] {
  const digests = [sha256Of(Buffer.from(document))];
  if (prescription) digests.push(sha256Of(Buffer.from(JSON.stringify(prescription.detect))));
  return digests;
}

/** Why this content was dropped on this machine before, or null. */
export async function droppedBefore(
  db: Database,
  document: string,
  prescription: Prescription,
): Promise<string | null> {
  const row = await db
    .selectFrom("dropped")
    .select("why")
    .where("digest", "in", digestsOf(document, prescription))
    .executeTakeFirst();
  return row?.why ?? null;
}

/** Part of the transaction that refuses it: it is never loaded again. */
export async function recordDropped(
  db: Database,
  id: string,
  document: string,
  prescription: Prescription | null,
  why: string,
): Promise<void> {
  for (const digest of digestsOf(document, prescription))
    await db
      .insertInto("dropped")
      .values({ digest, prescription: id, why, at: new Date().toISOString() })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

/** What was refused or dropped here and is still assigned, newest first, for the machine's health. */
export async function refusedHere(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom("prescription")
    .select(["id", "why"])
    .where("state", "=", "refused")
    .where("why", "!=", "recalled")
    .orderBy("changed", "desc")
    .limit(10)
    .execute();
  return rows.map(({ id, why }) => `${id} is not used here: ${why}`);
}
