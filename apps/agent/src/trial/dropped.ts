import { Prescription, parseJsonDocument } from "@thymus/contracts";
import { sha256Of } from "../files/regular.ts";
import type { Database } from "../state/open.ts";

/** By what a content is known again: the document as it was published, and its rule under whatever id. */
const digestsOf = (document: string, prescription: Prescription): string[] => [
  sha256Of(Buffer.from(document)),
  sha256Of(Buffer.from(JSON.stringify(prescription.detect))),
];

function parsed(document: string): Prescription | null {
  try {
    return parseJsonDocument(Prescription, document, "prescription");
  } catch {
    return null;
  }
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

/** Part of the transaction that refuses it: it is never loaded again. What this version cannot read may be read by the next. */
export async function recordDropped(db: Database, id: string, document: string, why: string): Promise<void> {
  const prescription = parsed(document);
  if (!prescription) return;
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
