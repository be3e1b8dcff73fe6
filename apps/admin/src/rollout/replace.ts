/**
 * One prescription for several: what replaces earlier ones lets them retire once every machine has it, and its withdrawal
 * brings them back. All of it happens in the transaction of what caused it.
 */
import { Prescription, type PrescriptionId, parseJsonDocument } from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import type { Kysely } from "kysely";
import { applyMessage, type CaseParts, writeHistory } from "../cases/apply.ts";
import type { CaseState } from "../cases/machine.ts";
import type { AdminDatabase } from "../state/schema.ts";
import type { Change } from "../state/state.ts";
import { lastOf, recall } from "./prescriptions.ts";

/** What a published prescription says that it replaces; nothing where it is not published. */
async function namedBy(db: Kysely<AdminDatabase>, prescription: string): Promise<PrescriptionId[]> {
  const row = await db
    .selectFrom("prescription")
    .select("document_json")
    .where("id", "=", prescription)
    .executeTakeFirst();
  if (!row?.document_json) return [];
  return parseJsonDocument(Prescription, row.document_json, "stored prescription").replaces ?? [];
}

/** Why a prescription may not be given to anybody, with the place in it, or null. */
export async function faultOf(db: Kysely<AdminDatabase>, prescription: string): Promise<string | null> {
  for (const [place, id] of (await namedBy(db, prescription)).entries()) {
    const known = await db.selectFrom("prescription").select("id").where("id", "=", id).executeTakeFirst();
    if (!known) return `prescription ${prescription}: there is no prescription ${id} at replaces.${place}`;
  }
  return null;
}

/** The prescription that answers for this one now: itself while it has not retired. */
export async function answering(db: Kysely<AdminDatabase>, prescription: string): Promise<PrescriptionId> {
  const rows = await db
    .selectFrom("prescription")
    .select(["id", "replaced_by"])
    .where("state", "=", "replaced")
    .execute();
  return lastOf(prescription, new Map(rows.map((row) => [row.id, row.replaced_by]))) as PrescriptionId;
}

/** Retires what a prescription replaces: call it once every machine has that. Doing it again changes nothing. */
export async function retireReplaced(change: Change, parts: CaseParts, by: PrescriptionId): Promise<void> {
  for (const old of await namedBy(change.db, by)) await retire(change, parts, old, by);
}

async function retire(
  change: Change,
  parts: CaseParts,
  old: PrescriptionId,
  by: PrescriptionId,
): Promise<void> {
  const { db } = change;
  const result = await db
    .updateTable("prescription")
    .set({ state: "replaced", replaced: change.now, replaced_by: by })
    .where("id", "=", old)
    .where("state", "=", "active")
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return;
  // Its specimens are answered by the new one, also where that does not name them itself.
  await db
    .insertInto("specimen")
    .columns(["sha256", "prescription"])
    .expression((eb) =>
      eb
        .selectFrom("specimen")
        .select((select) => ["sha256", select.val(by).as("prescription")])
        .where("prescription", "=", old),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const open = await db
    .selectFrom("incident")
    .selectAll()
    .where("prescription", "=", old)
    .where("stage", "<>", "closed")
    .execute();
  for (const incident of open) await applyMessage(change, parts, incident, { type: "replaced", by });
  const told = open.map(({ id }) => id);
  await note(change, old, `${old} is replaced by ${by}, which every machine has`, told);
  await note(change, by, `${old} is replaced by this prescription and retires`);
  await change.revise();
  change.tell({ type: "prescription", id: old });
  change.afterwards(() => failpoint("admin.rollout.replaced"));
}

/** Withdraws a prescription from every machine, and brings back what retired for it. */
export async function withdraw(
  change: Change,
  parts: CaseParts,
  prescription: string,
  why: string,
): Promise<void> {
  const { db } = change;
  const before = await db
    .selectFrom("prescription")
    .select(["state", "replaced_by"])
    .where("id", "=", prescription)
    .executeTakeFirst();
  if (before?.state === "recalled") return;
  await recall(change, prescription, why);
  const retired = await db
    .selectFrom("prescription")
    .select("id")
    .where("state", "=", "replaced")
    .where("replaced_by", "=", prescription)
    .execute();
  for (const { id } of retired) {
    // One that had itself retired hands on what it replaced; else another may replace the same ones.
    const by = before?.replaced_by ?? (await anotherFor(db, id));
    if (by) {
      await db.updateTable("prescription").set({ replaced_by: by }).where("id", "=", id).execute();
      change.tell({ type: "prescription", id });
    } else await giveBack(change, parts, id as PrescriptionId, prescription);
  }
}

/** A prescription on every machine, its rollout finished, that also replaces this one. */
async function anotherFor(db: Kysely<AdminDatabase>, old: string): Promise<string | null> {
  const rows = await db
    .selectFrom("prescription")
    .innerJoin("incident", "incident.id", "prescription.incident")
    .select("prescription.id")
    .where("prescription.state", "=", "active")
    .where("prescription.scope", "=", "all")
    .where("incident.stage", "=", "closed")
    .where("prescription.document_json", "like", `%"${old}"%`)
    .orderBy("prescription.id")
    .execute();
  for (const { id } of rows) if ((await namedBy(db, id)).includes(old as PrescriptionId)) return id;
  return null;
}

async function giveBack(change: Change, parts: CaseParts, old: PrescriptionId, from: string): Promise<void> {
  const { db } = change;
  await db
    .updateTable("prescription")
    .set({ state: "active", replaced: null, replaced_by: null })
    .where("id", "=", old)
    .execute();
  const what = `${from} was withdrawn: ${old} is active again`;
  const { scope } = await db
    .selectFrom("prescription")
    .select("scope")
    .where("id", "=", old)
    .executeTakeFirstOrThrow();
  // A case that was closed on the way, because the new one answered it, goes on where the old one had come to.
  const cut = await db
    .selectFrom("incident")
    .innerJoin("prescription", "prescription.incident", "incident.id")
    .selectAll("incident")
    .where("prescription.id", "=", old)
    .where("incident.stage", "=", "closed")
    .where("incident.outcome", "=", "known")
    .where("incident.prescription", "=", from)
    .executeTakeFirst();
  if (cut)
    await applyMessage(change, parts, cut, {
      type: "given-back",
      prescription: old,
      scope: scope as "none" | "patient" | "all",
      why: what,
    });
  else await note(change, old, what);
  await change.revise();
  change.tell({ type: "prescription", id: old });
  change.afterwards(() => failpoint("admin.recall.given-back"));
}

/** Writes into the history of the case that a prescription came from. */
async function note(change: Change, prescription: string, what: string, except: readonly string[] = []) {
  const incident = await change.db
    .selectFrom("incident")
    .innerJoin("prescription", "prescription.incident", "incident.id")
    .select(["incident.id", "incident.stage"])
    .where("prescription.id", "=", prescription)
    .executeTakeFirst();
  if (!incident || except.includes(incident.id)) return;
  const stage = incident.stage as CaseState["stage"];
  await writeHistory(change, incident.id, { stage, machine: null, what });
  change.tell({ type: "case", id: incident.id, stage });
}
