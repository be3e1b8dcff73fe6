import { createHash } from "node:crypto";
import { MachineId, parseDocument, type ReportOutcome, ThymusError } from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import { applyMessage, type CaseParts, writeHistory } from "../cases/apply.ts";
import type { CaseState } from "../cases/machine.ts";
import type { IncidentRow } from "../cases/rows.ts";
import { liveAgents } from "../enrolment/machines.ts";
import type { Change, State } from "../state/state.ts";
import { assignedTo } from "./prescriptions.ts";

type Counts = Record<"repaired" | "refused" | "failed", number>;

/**
 * Records what a prescription did on a machine. Idempotent by (machine, prescription): the same report again changes
 * nothing; a new one (more files were found) takes the place of the old.
 * @throws ThymusError FORBIDDEN where the machine does not have the prescription
 */
export async function recordOutcome(
  state: State,
  parts: CaseParts,
  machine: string,
  report: ReportOutcome,
): Promise<void> {
  const widened = await state.change(async (change) => {
    const digest = createHash("sha256").update(JSON.stringify(report)).digest("hex");
    const { db } = change;
    const before = await db
      .selectFrom("outcome")
      .select("digest")
      .where("machine", "=", machine)
      .where("prescription", "=", report.prescription)
      .executeTakeFirst();
    if (before?.digest === digest) return false;
    const { assigned, recalled, replaced } = await assignedTo(db, machine);
    // What was recalled meanwhile is taken and forgotten: the sender must not try for ever.
    if (recalled.includes(report.prescription)) return false;
    // One that retired meanwhile was carried out all the same: what it did is kept.
    const retired = replaced.some(({ id }) => id === report.prescription);
    if (!retired && !assigned.includes(report.prescription)) {
      throw new ThymusError(
        "FORBIDDEN",
        `${report.prescription} is not given to this machine`,
        "sync before reporting",
      );
    }
    await write(change, machine, report, digest);
    const incident = await incidentOf(change, report.prescription);
    if (incident) await tellIncident(change, parts, incident, machine, report);
    return incident?.stage === "patient" && incident.machine === machine && report.healthy;
  });
  if (widened) await failpoint("admin.rollout.widened");
  await failpoint("admin.outcome.recorded");
}

async function write(change: Change, machine: string, report: ReportOutcome, digest: string): Promise<void> {
  const { prescription, healthy, why } = report;
  const row = {
    at: change.now,
    incident: report.case,
    healthy: healthy ? 1 : 0,
    why,
    digest,
    ...countsOf(report),
  };
  await change.db
    .insertInto("outcome")
    .values({ prescription, machine, ...row })
    .onConflict((conflict) => conflict.columns(["prescription", "machine"]).doUpdateSet(row))
    .execute();
  change.tell({ type: "prescription", id: prescription });
}

async function incidentOf(change: Change, prescription: string): Promise<IncidentRow | undefined> {
  return change.db
    .selectFrom("incident")
    .innerJoin("prescription", "prescription.incident", "incident.id")
    .selectAll("incident")
    .where("prescription.id", "=", prescription)
    .executeTakeFirst();
}

async function tellIncident(
  change: Change,
  parts: CaseParts,
  incident: IncidentRow,
  machine: string,
  report: ReportOutcome,
): Promise<void> {
  const by = parseDocument(MachineId, machine, "machine");
  const summary = summaryOf(report);
  const patient = incident.machine === machine;
  const { healthy } = report;
  const moved = await applyMessage(change, parts, incident, {
    type: "outcome",
    by,
    patient,
    healthy,
    summary,
  });
  if (!moved) {
    const stage = incident.stage as CaseState["stage"];
    await writeHistory(change, incident.id, { stage, machine: by, what: summary });
    change.tell({ type: "case", id: incident.id, stage });
  }
  await finishRollout(change, parts, incident.id);
}

/**
 * Closes a case in rollout once every machine that was heard of lately has reported: healed, or contained where files
 * were found and none could be repaired.
 */
export async function finishRollout(change: Change, parts: CaseParts, id: string): Promise<boolean> {
  const { db } = change;
  const incident = await db.selectFrom("incident").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  if (incident.stage !== "rollout") return false;
  const rows = await db
    .selectFrom("outcome")
    .selectAll()
    .where("prescription", "=", incident.prescription!)
    .execute();
  const reported = new Set(rows.map((row) => row.machine));
  const live = await liveAgents(db, change.now);
  if (live.some((machine) => !reported.has(machine))) return false;
  const sum = (field: keyof Counts) => rows.reduce((total, row) => total + row[field], 0);
  const repaired = sum("repaired");
  const left = sum("refused") + sum("failed");
  const result = repaired === 0 && left > 0 ? "contained" : "healed";
  const summary = `${result}; machines that reported: ${rows.length}, files repaired: ${repaired}, kept in quarantine: ${left}`;
  return applyMessage(change, parts, incident, { type: "rolled-out", result, summary });
}

function countsOf(report: ReportOutcome): Counts {
  const count = (result: string) => report.files.filter((file) => file.result === result).length;
  return { repaired: count("repaired"), refused: count("refused"), failed: count("failed") };
}

function summaryOf(report: ReportOutcome): string {
  const { repaired, refused, failed } = countsOf(report);
  const files =
    report.files.length === 0 ? "made immune" : `${repaired} repaired, ${refused} refused, ${failed} failed`;
  return report.why ? `${files}; ${report.why}` : files;
}
