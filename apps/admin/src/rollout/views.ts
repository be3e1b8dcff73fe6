import {
  Prescription,
  PrescriptionDetail,
  type PrescriptionList,
  PrescriptionView,
  parseDocument,
} from "@thymus/contracts";
import type { Kysely, Selectable } from "kysely";
import type { AdminDatabase } from "../state/schema.ts";
import { knownPrescription } from "./prescriptions.ts";

type Row = Selectable<AdminDatabase["prescription"]>;
const instant = (time: number | null) => (time === null ? null : new Date(time).toISOString());

/** All prescriptions, the newest first. */
export async function listPrescriptions(db: Kysely<AdminDatabase>): Promise<PrescriptionList> {
  const rows = await db
    .selectFrom("prescription")
    .selectAll()
    .orderBy("published", "desc")
    .orderBy("id")
    .limit(1000)
    .execute();
  const prescriptions = [];
  for (const row of rows) {
    prescriptions.push(parseDocument(PrescriptionView, await viewOf(db, row), "stored prescription"));
  }
  return { prescriptions };
}

/** One prescription with its published document. @throws ThymusError NOT_FOUND */
export async function showPrescription(db: Kysely<AdminDatabase>, id: string): Promise<PrescriptionDetail> {
  const row = await knownPrescription(db, id);
  const detail = { ...(await viewOf(db, row)), prescription: documentOf(row) };
  return parseDocument(PrescriptionDetail, detail, "stored prescription");
}

function documentOf(row: Row): Prescription | null {
  if (!row.document_json) return null;
  return parseDocument(Prescription, JSON.parse(row.document_json), "stored prescription");
}

async function viewOf(db: Kysely<AdminDatabase>, row: Row) {
  const document = documentOf(row);
  const outcomes = await db
    .selectFrom("outcome")
    .select((select) => [
      select.fn.countAll<number>().as("machines"),
      select.fn.coalesce(select.fn.sum<number>("healthy"), select.lit(0)).as("healthy"),
      select.fn.coalesce(select.fn.sum<number>("repaired"), select.lit(0)).as("repaired"),
      select.fn.coalesce(select.fn.sum<number>("refused"), select.lit(0)).as("refused"),
      select.fn.coalesce(select.fn.sum<number>("failed"), select.lit(0)).as("failed"),
    ])
    .where("prescription", "=", row.id)
    .executeTakeFirstOrThrow();
  return {
    id: row.id,
    case: row.incident,
    family: document?.family ?? null,
    state: row.state,
    scope: row.scope,
    published: instant(row.published),
    replaced: row.replaced === null ? null : { at: instant(row.replaced), by: row.replaced_by },
    replaces: document?.replaces ?? [],
    recalled: row.recalled === null ? null : { at: instant(row.recalled), why: row.why ?? "" },
    proof: document?.proof ?? null,
    outcomes,
  };
}
