import { Case, type CaseList, type CaseStage, parseDocument, ThymusError } from "@thymus/contracts";
import type { Kysely } from "kysely";
import { howCommon } from "../fleet/count.ts";
import type { AdminDatabase } from "../state/schema.ts";
import { findIncident } from "./apply.ts";
import { summaryOf } from "./rows.ts";

/**
 * Cases, the newest first.
 * @param options.before where the last page ended, as its `next` says
 * @throws ThymusError USAGE
 */
export async function listCases(
  db: Kysely<AdminDatabase>,
  options: { stage?: CaseStage | undefined; before?: string | undefined; limit: number },
): Promise<CaseList> {
  let query = db
    .selectFrom("incident")
    .selectAll()
    .orderBy("opened", "desc")
    .orderBy("id", "desc")
    .limit(options.limit + 1);
  if (options.stage) query = query.where("stage", "=", options.stage);
  if (options.before) {
    const place = /^(\d{1,15})\.(case-[a-z0-9]+)$/.exec(options.before);
    if (!place) throw new ThymusError("USAGE", "before is not the next of a page", "leave it out");
    query = query.where((where) =>
      where(where.refTuple("opened", "id"), "<", where.tuple(Number(place[1]), place[2]!)),
    );
  }
  const rows = await query.execute();
  const page = rows.slice(0, options.limit);
  const last = page.at(-1);
  const next = rows.length > page.length && last ? `${last.opened}.${last.id}` : null;
  return { cases: page.map(summaryOf), next };
}

/** One case with its whole history. @throws ThymusError NOT_FOUND */
export async function showCase(db: Kysely<AdminDatabase>, id: string): Promise<Case> {
  const row = await findIncident({ db }, id);
  const history = await db
    .selectFrom("history")
    .select(["at", "stage", "machine", "what"])
    .where("incident", "=", row.id)
    .orderBy("id")
    .execute();
  const events = history.map((entry) => ({ ...entry, at: new Date(entry.at).toISOString() }));
  const fleet = await howCommon(db, row.sha256, row.size);
  return parseDocument(
    Case,
    { ...summaryOf(row), ...(fleet ? { fleet } : {}), history: events },
    "stored case",
  );
}

/** The analysis report as the centre sent it. @throws ThymusError NOT_FOUND */
export async function caseReport(db: Kysely<AdminDatabase>, id: string): Promise<string> {
  const row = await findIncident({ db }, id);
  if (row.report_json) return row.report_json;
  throw new ThymusError("NOT_FOUND", `${id} has no analysis report yet`, "wait for the analysis");
}
