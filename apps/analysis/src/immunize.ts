/** The whole analysis of one local sample: chamber, infection, signature, repair, proof, prescription, report. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import {
  asThymusError,
  type CaseId,
  ImmunizeReport,
  newId,
  type Prescription,
  type PrescriptionId,
  parseDocument,
  type StageSeconds,
  ThymusError,
} from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import { unpackRoot } from "./chamber/bwrap/tree.ts";
import { toStix } from "./export/stix.ts";
import { type FamilyMemory, KIN_FILE, type Related as Kin } from "./families/memory.ts";
import { assemblePrescription, prescriptionIdOf } from "./publish/assemble.ts";
import { renderReport } from "./report/html.ts";
import { takeSample } from "./sample.ts";
import { sweepOutput, writeResult } from "./worker/output.ts";
import { discard, type WorkerPool } from "./worker/pool.ts";
import type { ChamberKind } from "./worker/prepare.ts";
import { type AnalyseResult, MOST_VARIATIONS, type ProveResult } from "./worker/protocol.ts";
import { corpusFolders } from "./worker/readable.ts";
import { type RunOptions, runWorker } from "./worker/run.ts";

export interface ImmunizeOptions {
  readonly sample: string;
  /** Folder in which the folder of the case is made. */
  readonly out: string;
  readonly chamberDir: string;
  readonly corpusDir: string;
  /** Folder of drill programs for samples that carry the drill mark, or null. */
  readonly drillPrograms: string | null;
  /** Wall-clock seconds for everything. */
  readonly budgetSeconds: number;
  readonly parallel: number;
  /** Other conditions tried on a sample that showed nothing; all three unless told. */
  readonly variations?: number;
  readonly caseId?: CaseId;
  readonly name?: string;
  readonly onProgress?: (what: string) => void;
  readonly signal?: AbortSignal;
  /** `bwrap` shares this machine's kernel: only by explicit choice. `qemu` unless told. */
  readonly chamber?: ChamberKind;
  /** Workers that are ready ahead; its folder is `out`, and so are its chamber and corpus. */
  readonly pool?: WorkerPool;
  /** What was analysed before, to which the sample is compared. */
  readonly families?: {
    readonly memory: FamilyMemory;
    readonly submitter: string | null;
    readonly mayAnswerBy: (id: PrescriptionId) => boolean;
  };
}

export interface Immunized {
  readonly report: ImmunizeReport;
  readonly prescription: Prescription | null;
  /** Folder of the case. */
  readonly folder: string;
}

/**
 * Analyses one sample. Results appear in `out/CASE` in one piece, or not at all.
 * @throws ThymusError for a sample or machine with which nothing can be done; a sample that no sound prescription can
 *   be made for is no error: `report.gaveUp` says why
 */
export async function immunize(options: ImmunizeOptions): Promise<Immunized> {
  const started = performance.now();
  const caseId = options.caseId ?? newId("case");
  const out = resolve(options.out);
  const folder = join(out, caseId);
  await mkdir(out, { recursive: true });
  if (options.chamber === "bwrap") await unpackRoot(options.chamberDir, options.signal);
  const warm = options.pool?.take() ?? null;
  const partial = warm?.folder ?? (await mkdtemp(join(out, `.${caseId}-`)));
  try {
    const sample = join(partial, "sample.bin");
    const taken = await takeSample(options.sample, sample);
    const left = () => Math.max(1, options.budgetSeconds - (performance.now() - started) / 1000);
    const step = {
      readable: [
        options.chamberDir,
        ...(await corpusFolders(options.corpusDir)),
        ...(options.drillPrograms ? [options.drillPrograms] : []),
      ],
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      signal: options.signal,
    };
    const analysed = await runWorker(
      {
        kind: "analyse",
        sample,
        name: options.name ?? basename(options.sample),
        caseId,
        seed: caseId,
        chamberDir: options.chamberDir,
        corpusDir: options.corpusDir,
        drillPrograms: options.drillPrograms,
        out: partial,
        budgetSeconds: left(),
        parallel: options.parallel,
        variations: options.variations ?? MOST_VARIATIONS,
      },
      { ...step, limitSeconds: left(), chamber: options.chamber, ...(warm ? { warm } : {}) },
    );
    if (analysed.sample.sha256 !== taken.sha256 || analysed.sample.size !== taken.size)
      throw new ThymusError(
        "TOOL_FAILED",
        "the confined worker speaks of another file than the sample",
        "look at the sample by hand: it may have taken the worker over",
      );
    await sweepOutput(partial, sample);
    const proved = analysed.detect
      ? await runWorker(
          {
            kind: "prove",
            evidence: join(partial, "evidence"),
            corpusDir: options.corpusDir,
            detect: analysed.detect,
            repair: analysed.repair,
            program: analysed.program,
            out: partial,
          },
          { ...step, limitSeconds: left() },
        )
      : null;
    const end = () =>
      finish(options, { caseId, partial, folder, started, sample, analysed, proved, step, left });
    const { families } = options;
    return await (families && analysed.kin ? families.memory.alone(end) : end());
  } finally {
    if (warm) await discard(warm);
    await rm(partial, { recursive: true, force: true });
  }
}

/** `kinship` is undefined where nothing was compared. */
type Related = Omit<Kin, "kinship"> & { readonly kinship: Kin["kinship"] | undefined };

interface Ending {
  readonly caseId: CaseId;
  readonly partial: string;
  readonly folder: string;
  readonly started: number;
  readonly sample: string;
  readonly analysed: AnalyseResult;
  readonly proved: ProveResult | null;
  readonly step: Omit<RunOptions, "limitSeconds">;
  readonly left: () => number;
}

/** From what was shown to the case's folder: who its relatives are, the prescription, the reports. */
async function finish(options: ImmunizeOptions, ending: Ending): Promise<Immunized> {
  const { caseId, partial, folder, started, sample } = ending;
  const related = await relate(options, ending);
  const { analysed, proved, general, alias, answer } = related;
  const seconds: StageSeconds = {
    total: round((performance.now() - started) / 1000),
    chamber: round(analysed.seconds.chamber),
    signature: round(analysed.seconds.signature + related.seconds.learned),
    proof: round((ending.proved?.seconds ?? 0) + related.seconds.proved),
  };
  const own =
    proved?.sound === true && !answer
      ? assemblePrescription(prescriptionIdOf(caseId), analysed, proved, seconds, new Date(), {
          general,
          alias,
        })
      : null;
  const prescription = answer ?? own;
  const report = describe(caseId, related, prescription, seconds, join(options.out, caseId));
  await rm(sample, { force: true });
  await sweepOutput(partial, sample);
  if (prescription) {
    await writeResult(join(partial, "prescription.json"), `${JSON.stringify(prescription, null, 2)}\n`);
    await writeResult(join(partial, "rule.yar"), `${prescription.detect.rule.trimEnd()}\n`);
  }
  await writeResult(join(partial, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  await writeResult(join(partial, "facts.json"), `${JSON.stringify(analysed.facts, null, 1)}\n`);
  await writeResult(join(partial, "report.html"), renderReport(report, analysed.facts, prescription));
  const bundle = toStix(analysed.facts, report, prescription);
  await writeResult(join(partial, "stix.json"), `${JSON.stringify(bundle, null, 1)}\n`);
  if (related.record) await writeResult(join(partial, KIN_FILE), `${JSON.stringify(related.record)}\n`);
  if (existsSync(folder)) await rm(folder, { recursive: true });
  await rename(partial, folder);
  await failpoint("analysis.family.case-kept");
  await options.families?.memory.remember(folder, caseId, prescription);
  return { report, prescription, folder };
}

async function relate(options: ImmunizeOptions, ending: Ending): Promise<Related> {
  const { analysed, proved, partial, step, left, caseId } = ending;
  const seconds = { learned: 0, proved: 0 };
  const alone = { analysed, proved, general: null, alias: null, answer: null, record: null, seconds };
  if (!options.families || !analysed.kin) return { ...alone, kinship: undefined };
  const { memory, submitter, mayAnswerBy } = options.families;
  const kinStep = { ...step, readable: [...step.readable, memory.readable] };
  try {
    return await memory.relate({
      ...{ analysed, proved, out: partial, corpusDir: options.corpusDir, submitter, mayAnswerBy },
      steps: {
        learn: (job) => runWorker(job, { ...kinStep, limitSeconds: left() }),
        prove: (job) => runWorker(job, { ...kinStep, limitSeconds: left() }),
      },
    });
  } catch (thrown) {
    const error = asThymusError(thrown);
    if (options.signal?.aborted || !KIN_MAY_FAIL.has(error.code)) throw thrown;
    // What was proved of the sample itself stands.
    options.onProgress?.(`${caseId}: its family was left alone: ${error.code}: ${error.message}`);
    return { ...alone, kinship: undefined };
  }
}

/** Ends of a step for the family that leave the sample's own result untouched. */
const KIN_MAY_FAIL: ReadonlySet<string> = new Set([
  "BUDGET_EXHAUSTED",
  "TOOL_FAILED",
  "NOT_FOUND",
  "DOCUMENT_INVALID",
  "RULE_INVALID",
  "TOO_LARGE",
  "STORE_FAILED",
]);

const round = (seconds: number) => Math.round(seconds * 1000) / 1000;

/** What the repair does not do, in words; null where it gives every decoy back. */
function repairGap(analysed: AnalyseResult, proved: ProveResult, { repair }: Prescription): string | null {
  const { infected, repaired, freshInfected, freshRepaired } = proved.decoys;
  if (repair.length === 0)
    return analysed.repair.length > 0
      ? `the inferred repair did not hold: ${proved.wrongRepairs} files came out wrong, ${freshRepaired} of ${freshInfected} fresh ones right`
      : analysed.repairWhy;
  if (repaired === infected && freshRepaired === freshInfected) return null;
  const left = infected - repaired + freshInfected - freshRepaired;
  return `${left} of ${infected + freshInfected} infected decoys are refused by every recipe${analysed.repairWhy ? `: ${analysed.repairWhy}` : ""}`;
}

function describe(
  caseId: CaseId,
  { analysed, proved, kinship, answer, general }: Related,
  prescription: Prescription | null,
  seconds: StageSeconds,
  folder: string,
): ImmunizeReport {
  return parseDocument(
    ImmunizeReport,
    {
      case: caseId,
      sample: analysed.sample,
      verdict: analysed.verdict,
      severity: analysed.severity,
      why: analysed.why,
      family: analysed.family,
      behaviour: analysed.behaviour,
      infection: analysed.infection,
      prescription: prescription ? join(folder, "prescription.json") : null,
      repair: {
        recipes: prescription?.repair.length ?? 0,
        why:
          prescription && proved && !answer ? repairGap(analysed, proved, prescription) : analysed.repairWhy,
      },
      // The proof of a prescription of before is in that one.
      proof: answer
        ? null
        : proved && {
            infected: proved.decoys.infected,
            detected: proved.decoys.detected,
            repaired: prescription?.repair.length ? proved.decoys.repaired : 0,
            freshInfected: proved.decoys.freshInfected,
            freshDetected: proved.decoys.freshDetected,
            freshRepaired: prescription?.repair.length ? proved.decoys.freshRepaired : 0,
            ...(proved.programs && { programs: proved.programs }),
            goodwareFiles: proved.goodware.files,
            goodwareBytes: proved.goodware.bytes,
            falsePositives: proved.goodware.matches,
          },
      gaveUp:
        answer || general
          ? null
          : (analysed.gaveUp ??
            (proved && !proved.sound ? { code: "NO_SOUND_RULE", why: proved.why ?? "not proved" } : null)),
      seconds,
      secondGeneration: analysed.secondGeneration,
      chamber: analysed.chamber.kind,
      trust: analysed.chamber.trust,
      ...(kinship !== undefined && { kinship }),
    },
    "the report",
  );
}
