import { type Prescription, type PrescriptionId, ThymusError } from "@thymus/contracts";
import type { Kysely } from "kysely";
import type { CaseState } from "../cases/machine.ts";
import type { IncidentRow } from "../cases/rows.ts";
import type { AdminDatabase } from "../state/schema.ts";
import type { Change } from "../state/state.ts";

/**
 * Gives a prescription to the patient of a case or to every machine. Giving it to the patient (again) starts anew:
 * earlier outcomes of it are forgotten. A recall is taken back by a person alone; else what is recalled stays so.
 */
export async function assign(
  change: Change,
  prescription: PrescriptionId,
  scope: "patient" | "all",
  incident: IncidentRow,
  byPerson: boolean,
): Promise<void> {
  const { db } = change;
  if (!byPerson && (await recallOf(db, prescription)) !== null) return;
  if (scope === "patient") await db.deleteFrom("outcome").where("prescription", "=", prescription).execute();
  const given = {
    incident: incident.id,
    patient: incident.machine,
    state: "active",
    scope,
    recalled: null,
    why: null,
    replaced: null,
    replaced_by: null,
  };
  await db
    .insertInto("prescription")
    .values({ id: prescription, ...given, published: null, document_json: null })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(given))
    .execute();
  await db
    .insertInto("specimen")
    .values({ sha256: incident.sha256, prescription })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await change.revise();
  change.tell({ type: "prescription", id: prescription });
}

/**
 * Withdraws a prescription from every machine; a second recall changes nothing. What it replaced is another matter:
 * `withdraw` of `replace.ts` gives that back as well.
 */
export async function recall(change: Change, prescription: string, why: string): Promise<void> {
  const withdrawn = {
    ...{ state: "recalled", recalled: change.now, why: why.slice(0, 1024) },
    ...{ replaced: null, replaced_by: null },
  };
  const result = await change.db
    .insertInto("prescription")
    .values({
      id: prescription,
      incident: null,
      patient: null,
      scope: "none",
      published: null,
      document_json: null,
      ...withdrawn,
    })
    .onConflict((conflict) =>
      conflict.column("id").doUpdateSet(withdrawn).where("prescription.state", "<>", "recalled"),
    )
    .executeTakeFirst();
  if ((result.numInsertedOrUpdatedRows ?? 0n) === 0n) return;
  await change.revise();
  change.tell({ type: "prescription", id: prescription });
}

/** Why a prescription is withdrawn; null for one that is not. */
export async function recallOf(db: Kysely<AdminDatabase>, prescription: string): Promise<string | null> {
  const row = await db
    .selectFrom("prescription")
    .select("why")
    .where("id", "=", prescription)
    .where("state", "=", "recalled")
    .executeTakeFirst();
  return row ? row.why || "no reason was given" : null;
}

/** Remembers a prescription that appeared among the published targets. */
export async function rememberPublished(change: Change, document: Prescription): Promise<void> {
  const published = { published: change.now, document_json: JSON.stringify(document) };
  await change.db
    .insertInto("prescription")
    .values({
      id: document.id,
      incident: null,
      patient: null,
      state: "active",
      scope: "none",
      recalled: null,
      why: null,
      replaced: null,
      replaced_by: null,
      ...published,
    })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(published))
    .execute();
  for (const sha256 of document.proof.samples) {
    await change.db
      .insertInto("specimen")
      .values({ sha256, prescription: document.id })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  change.tell({ type: "prescription", id: document.id });
}

/** True where every machine has the prescription by another case than this. */
export async function isCovered(
  db: Kysely<AdminDatabase>,
  prescription: string,
  incident: string,
): Promise<boolean> {
  const row = await db
    .selectFrom("prescription")
    .select("incident")
    .where("id", "=", prescription)
    .where("state", "=", "active")
    .where("scope", "=", "all")
    .executeTakeFirst();
  return row !== undefined && row.incident !== incident;
}

/** The prescription that answers a sample on every machine, if there is one. */
export async function activeAnswer(
  db: Kysely<AdminDatabase>,
  sha256: string,
): Promise<Pick<CaseState, "prescription" | "verdict" | "family"> | null> {
  const row = await db
    .selectFrom("specimen")
    .innerJoin("prescription", "prescription.id", "specimen.prescription")
    .leftJoin("incident", "incident.id", "prescription.incident")
    .select(["prescription.id as prescription", "incident.verdict", "incident.family"])
    .where("specimen.sha256", "=", sha256)
    .where("prescription.state", "=", "active")
    .where("prescription.scope", "=", "all")
    .executeTakeFirst();
  return (row as Pick<CaseState, "prescription" | "verdict" | "family"> | undefined) ?? null;
}

/** What a machine shall have active, what it must give back, and what it need not have any more. */
export async function assignedTo(
  db: Kysely<AdminDatabase>,
  machine: string,
): Promise<{ assigned: string[]; recalled: string[]; replaced: { id: string; by: string }[] }> {
  const rows = await db
    .selectFrom("prescription")
    .select(["id", "state", "replaced_by"])
    .where((where) =>
      where.or([
        where("state", "=", "recalled"),
        where("scope", "=", "all"),
        where.and([where("scope", "=", "patient"), where("patient", "=", machine)]),
      ]),
    )
    .orderBy("id")
    .execute();
  const ids = (state: string) => rows.filter((row) => row.state === state).map((row) => row.id);
  const next = new Map(rows.map((row) => [row.id, row.state === "replaced" ? row.replaced_by : null]));
  const replaced = ids("replaced").map((id) => ({ id, by: lastOf(id, next) }));
  return { assigned: ids("active"), recalled: ids("recalled"), replaced };
}

/** The end of a chain of replacements. */
export function lastOf(id: string, next: ReadonlyMap<string, string | null>): string {
  let last = id;
  for (let steps = next.size; steps > 0; steps -= 1) last = next.get(last) ?? last;
  return last;
}

/** Most ids of one list that an analysis centre is told. */
const TOLD = 10_000;

/** What an analysis centre must know before it answers by an earlier prescription. */
export async function standing(
  db: Kysely<AdminDatabase>,
): Promise<{ recalled: PrescriptionId[]; everywhere: PrescriptionId[] }> {
  const of = (state: "recalled" | "active") => {
    const query = db.selectFrom("prescription").select("id").where("state", "=", state);
    return (state === "active" ? query.where("scope", "=", "all") : query)
      .orderBy("id")
      .limit(TOLD)
      .execute();
  };
  const ids = (rows: { id: string }[]) => rows.map(({ id }) => id as PrescriptionId);
  return { recalled: ids(await of("recalled")), everywhere: ids(await of("active")) };
}

/** Prescriptions that retired: an analysis centre takes them out of the repository. */
export async function retired(db: Kysely<AdminDatabase>): Promise<PrescriptionId[]> {
  const rows = await db
    .selectFrom("prescription")
    .select("id")
    .where("state", "=", "replaced")
    .orderBy("id")
    .limit(TOLD)
    .execute();
  return rows.map(({ id }) => id as PrescriptionId);
}

/** @throws ThymusError NOT_FOUND */
export async function knownPrescription(db: Kysely<AdminDatabase>, id: string) {
  const row = await db.selectFrom("prescription").selectAll().where("id", "=", id).executeTakeFirst();
  if (row) return row;
  throw new ThymusError("NOT_FOUND", `there is no prescription ${id}`, "look at the list of prescriptions");
}
