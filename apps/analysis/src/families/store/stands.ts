/** Which prescription stands for a member, and what stands again when that is withdrawn. Steps of a transaction. */
import type { Kysely } from "kysely";
import type { FamilyDatabase } from "./schema.ts";

export async function isRecalled(trx: Kysely<FamilyDatabase>, id: string): Promise<boolean> {
  const row = await trx.selectFrom("prescription").select("state").where("id", "=", id).executeTakeFirst();
  return row?.state === "recalled";
}

/** Lets a prescription stand for these members, and remembers what stood for them before. */
export async function stand(
  trx: Kysely<FamilyDatabase>,
  members: readonly string[],
  stands: string | null,
): Promise<void> {
  const rows = await trx
    .selectFrom("member")
    .select(["sha256", "stands"])
    .where("sha256", "in", members)
    .execute();
  for (const { sha256, stands: before } of rows) {
    if (before === stands) continue;
    if (before !== null) await remember(trx, sha256, before);
    await trx.updateTable("member").set({ stands }).where("sha256", "=", sha256).execute();
  }
}

async function remember(trx: Kysely<FamilyDatabase>, sha256: string, prescription: string): Promise<void> {
  await forget(trx, sha256, prescription);
  await trx.insertInto("stood").values({ sha256, prescription }).execute();
}

async function forget(trx: Kysely<FamilyDatabase>, sha256: string, prescription: string): Promise<void> {
  await trx
    .deleteFrom("stood")
    .where("sha256", "=", sha256)
    .where("prescription", "=", prescription)
    .execute();
}

/** One that is not recalled yet is: what it replaced is given on to what replaced it, else stands again. */
export async function recallOne(trx: Kysely<FamilyDatabase>, id: string): Promise<void> {
  const { replaced_by: heir } = await trx
    .selectFrom("prescription")
    .select("replaced_by")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  await trx
    .updateTable("prescription")
    .set({ state: "recalled", replaced_by: null })
    .where("id", "=", id)
    .execute();
  await trx
    .updateTable("prescription")
    .set(heir === null ? { state: "active", replaced_by: null } : { replaced_by: heir })
    .where("replaced_by", "=", id)
    .where("state", "=", "retired")
    .execute();
  const members = await trx.selectFrom("member").select("sha256").where("stands", "=", id).execute();
  for (const { sha256 } of members) await standAgain(trx, sha256);
}

async function standAgain(trx: Kysely<FamilyDatabase>, sha256: string): Promise<void> {
  const before = await trx
    .selectFrom("stood")
    .innerJoin("prescription", "prescription.id", "stood.prescription")
    .select("stood.prescription")
    .where("stood.sha256", "=", sha256)
    .where("prescription.state", "<>", "recalled")
    .orderBy("stood.id", "desc")
    .executeTakeFirst();
  const stands = before?.prescription ?? null;
  await trx.updateTable("member").set({ stands }).where("sha256", "=", sha256).execute();
  if (stands !== null) await forget(trx, sha256, stands);
}
