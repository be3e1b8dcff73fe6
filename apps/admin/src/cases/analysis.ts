import {
  type ClaimReply,
  type ClaimWork,
  MachineId,
  parseDocument,
  type RenewLease,
  type ReportAnalysis,
  SampleMeta,
  ThymusError,
} from "@thymus/contracts";
import { createQueue } from "@thymus/jobs";
import { failpoint } from "@thymus/store";
import { vouchers } from "../fleet/count.ts";
import { isCovered, recallOf } from "../rollout/prescriptions.ts";
import { answering, faultOf } from "../rollout/replace.ts";
import type { State } from "../state/state.ts";
import { ANALYSIS, applyMessage, type CaseParts, findIncident } from "./apply.ts";

type Work = NonNullable<ClaimReply["work"]>;

/** The most suspicious sample that nobody holds, or null. A lease that ran out is given again. */
export async function claimWork(
  state: State,
  parts: CaseParts,
  machine: string,
  leaseSeconds: ClaimWork["leaseSeconds"],
): Promise<Work | null> {
  const by = parseDocument(MachineId, machine, "machine");
  // A look first: a claim is a write, and a waiting centre asks often.
  if ((await createQueue(state.db, state.now).depth([ANALYSIS])) === 0) return null;
  const work = await state.change(async (change) => {
    const job = await change.queue.claim([ANALYSIS], leaseSeconds);
    if (!job) return null;
    const row = await findIncident(change, job.key);
    if (!(await applyMessage(change, parts, row, { type: "claimed", by }))) {
      await change.queue.complete(job.id, job.lease);
      return null;
    }
    const sample = parseDocument(SampleMeta, JSON.parse(row.sample_json), "stored sample");
    const fleet = await vouchers(change.db, sample, change.now);
    return { case: row.id as Work["case"], lease: job.lease, sample, ...(fleet ? { fleet } : {}) };
  });
  if (work) await failpoint("admin.claim.leased");
  return work;
}

/** @throws ThymusError CONFLICT where the lease is not live any more, NOT_FOUND */
export async function holdsLease(state: State, caseId: string, lease: string): Promise<number> {
  const { id } = await findIncident(state, caseId);
  const job = await createQueue(state.db, state.now).find(ANALYSIS, id);
  if (job?.state === "waiting" && job.lease === lease) return job.id;
  throw new ThymusError("CONFLICT", `the lease of ${caseId} is no longer yours`, "stop and claim again");
}

/** Prolongs a lease. @throws ThymusError CONFLICT, NOT_FOUND */
export async function renewLease(state: State, request: RenewLease): Promise<void> {
  const id = await holdsLease(state, request.case, request.lease);
  await createQueue(state.db, state.now).renew(id, request.lease, request.leaseSeconds);
  state.hub.tell({ type: "progress", id: request.case, what: request.progress });
}

/**
 * The end of an analysis. Idempotent: only the first result of a round counts. A result is taken also after its lease
 * ran out, since the work is done; a failure then is not, since somebody else is at it.
 */
export async function reportAnalysis(
  state: State,
  parts: CaseParts,
  machine: string,
  report: ReportAnalysis,
): Promise<void> {
  const by = parseDocument(MachineId, machine, "machine");
  await state.change(async (change) => {
    const row = await findIncident(change, report.case);
    const job = await change.queue.find(ANALYSIS, row.id);
    if (report.gaveUp && job?.lease !== report.lease) return;
    const { verdict, family } = report;
    // A centre may answer by what has retired meanwhile: then by what answers for that now.
    const prescription = report.prescription && (await answering(change.db, report.prescription));
    // What was withdrawn since the centre last asked: only a person brings it back.
    const recalled = prescription && (await recallOf(change.db, prescription));
    const withdrawn = recalled && `the answer ${prescription} was withdrawn: ${recalled}`;
    const fault = prescription && (await faultOf(change.db, prescription));
    const gaveUp =
      report.gaveUp ??
      (withdrawn ? { code: "PERSON_NEEDED", why: withdrawn } : null) ??
      (fault ? { code: "DOCUMENT_INVALID", why: fault } : null);
    const covered = prescription !== null && (await isCovered(change.db, prescription, row.id));
    const message = { type: "analysed", by, verdict, family, prescription, gaveUp, covered } as const;
    if (!(await applyMessage(change, parts, row, message))) return;
    await change.db
      .updateTable("incident")
      .set({ report_json: report.report })
      .where("id", "=", row.id)
      .execute();
  });
  await failpoint("admin.analysis.reported");
}

/** Hands cases to a person whose sample was given out again and again without a result. */
export async function giveUpLostAnalyses(state: State, parts: CaseParts): Promise<void> {
  const lost = await createQueue(state.db, state.now).exhausted([ANALYSIS]);
  for (const job of lost) {
    await state.change(async (change) => {
      const row = await findIncident(change, job.key);
      const why = "the analysis was begun several times and never ended";
      if (!(await applyMessage(change, parts, row, { type: "analysis-lost", why }))) {
        await change.queue.withdraw(ANALYSIS, row.id);
      }
    });
  }
}
