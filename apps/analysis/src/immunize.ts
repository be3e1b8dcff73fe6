/** The whole analysis of one local sample: chamber, infection, signature, repair, proof, prescription, report. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import {
  type CaseId,
  ImmunizeReport,
  newId,
  type Prescription,
  parseDocument,
  type StageSeconds,
  ThymusError,
} from "@thymus/contracts";
import { unpackRoot } from "./chamber/bwrap/tree.ts";
import { toStix } from "./export/stix.ts";
import { assemblePrescription, prescriptionIdOf } from "./publish/assemble.ts";
import { renderReport } from "./report/html.ts";
import { takeSample } from "./sample.ts";
import { sweepOutput, writeResult } from "./worker/output.ts";
import { discard, type WorkerPool } from "./worker/pool.ts";
import type { ChamberKind } from "./worker/prepare.ts";
import { type AnalyseResult, MOST_VARIATIONS, type ProveResult } from "./worker/protocol.ts";
import { corpusFolders } from "./worker/readable.ts";
import { runWorker } from "./worker/run.ts";

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
    const seconds: StageSeconds = {
      total: round((performance.now() - started) / 1000),
      chamber: round(analysed.seconds.chamber),
      signature: round(analysed.seconds.signature),
      proof: round(proved?.seconds ?? 0),
    };
    const prescription =
      proved?.sound === true
        ? assemblePrescription(prescriptionIdOf(caseId), analysed, proved, seconds, new Date())
        : null;
    const report = describe(caseId, analysed, proved, prescription, seconds, join(options.out, caseId));
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
    if (existsSync(folder)) await rm(folder, { recursive: true });
    await rename(partial, folder);
    return { report, prescription, folder };
  } finally {
    if (warm) await discard(warm);
    await rm(partial, { recursive: true, force: true });
  }
}

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
  analysed: AnalyseResult,
  proved: ProveResult | null,
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
        why: prescription && proved ? repairGap(analysed, proved, prescription) : analysed.repairWhy,
      },
      proof: proved && {
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
        analysed.gaveUp ??
        (proved && !proved.sound ? { code: "NO_SOUND_RULE", why: proved.why ?? "not proved" } : null),
      seconds,
      secondGeneration: analysed.secondGeneration,
      chamber: analysed.chamber.kind,
      trust: analysed.chamber.trust,
    },
    "the report",
  );
}
