/** A centre without a chamber: its self, its memory, and the confined steps run in this process. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CaseId,
  type FileType,
  newId,
  type Prescription,
  type PrescriptionId,
  Sha256,
} from "@thymus/contracts";
import { type InfectionAnalysis, pairInfections, type Specimen } from "../../infection/index.ts";
import { sha256Of } from "../../proof/evidence.ts";
import { assemblePrescription, prescriptionIdOf } from "../../publish/assemble.ts";
import { inferRepairs } from "../../repair-inference/index.ts";
import { buildCorpus } from "../../self/index.ts";
import { deriveRule } from "../../signature/index.ts";
import { selfOf } from "../../worker/corpus.ts";
import { cureProgram, programFamily } from "../../worker/cure-program.ts";
import { keepEvidence } from "../../worker/evidence.ts";
import { emptyFacts } from "../../worker/facts.ts";
import { learn } from "../../worker/learn.ts";
import type { AnalyseJob, AnalyseResult, ProveJob, ProveResult } from "../../worker/protocol.ts";
import { prove } from "../../worker/prove.ts";
import type { Steps } from "../generalise.ts";
import { FamilyMemory, KIN_FILE, type Related } from "../memory.ts";
import { sketchOfSample } from "../sketch/of-sample.ts";

const chamber = { kind: "qemu-tcg", trust: "isolated", image: Sha256.parse("0".repeat(64)) } as const;
const clean = {
  path: "/srv/a",
  kind: "script",
  type: "shell",
  before: Buffer.from("#!/bin/sh\n:\n"),
} as const;

const plainSteps: Steps = {
  learn: (job) => learn(job, () => {}),
  prove: (job) => prove(job, () => {}),
};

export interface Done extends Related {
  readonly caseId: CaseId;
  readonly prescription: Prescription | null;
  readonly folder: string;
}

export class World {
  readonly root: string;
  readonly corpusDir: string;
  memory!: FamilyMemory;
  /** Steps that were taken, by name. */
  readonly taken: string[] = [];
  mayAnswerBy: (id: PrescriptionId) => boolean = () => false;
  /** Stands between a job and its step. */
  steps: Steps = plainSteps;

  private constructor(root: string) {
    this.root = root;
    this.corpusDir = join(root, "corpus");
  }

  /** One that another process made. */
  static async at(root: string): Promise<World> {
    const world = new World(root);
    await world.reopen();
    return world;
  }

  static async open(goodware: readonly Uint8Array[]): Promise<World> {
    const world = new World(await mkdtemp(join(tmpdir(), "thymus-families-")));
    const good = join(world.root, "good");
    await mkdir(good);
    for (const [at, bytes] of goodware.entries()) await writeFile(join(good, `${at}`), bytes);
    await buildCorpus({ dir: world.corpusDir, sources: [good], modelBytes: 4096 });
    await world.reopen();
    return world;
  }

  /** Nothing is remembered any more. */
  async forget(): Promise<void> {
    await this.memory.close();
    await rm(join(this.root, "families"), { recursive: true });
    this.taken.length = 0;
    this.mayAnswerBy = () => false;
    this.steps = plainSteps;
    await this.reopen();
  }

  async reopen(limits: { readonly evidenceBytes?: number } = {}): Promise<void> {
    await this.memory?.close();
    this.memory = await FamilyMemory.open(join(this.root, "families"), limits);
  }

  async close(): Promise<void> {
    await this.memory.close();
    await rm(this.root, { recursive: true, force: true });
  }

  /** A harmful program, from its bytes to what is remembered of it. */
  async program(
    bytes: Uint8Array,
    type: FileType,
    submitter: string | null,
    caseId = newId("case"),
  ): Promise<Done> {
    const out = join(this.root, caseId);
    const sample = { sha256: sha256Of(bytes), size: bytes.length, type };
    await keepEvidence(join(out, "evidence"), sample, Buffer.from(bytes), [], [], [clean]);
    const self = await selfOf(this.corpusDir);
    const family = programFamily({ bytes, type }, "thief");
    const cured = await cureProgram({ bytes, type }, family, self);
    const rule = "rule" in cured ? cured : null;
    return this.#finish(caseId, out, submitter, {
      ...this.#plain(caseId, sample),
      ...{ verdict: "thief", program: rule !== null, family: rule && family },
      detect: rule && { engine: "yara-x", rule: rule.rule, scope: [...rule.scope] },
      kin: sketchOfSample({ name: "sample", bytes, type }, [], self),
    });
  }

  /** A program that infected these decoys, the first run to learn from and the second kept back. */
  async infector(
    bytes: Uint8Array,
    train: readonly Specimen[],
    fresh: readonly Specimen[],
    submitter: string | null,
  ): Promise<Done> {
    const caseId = newId("case");
    const out = join(this.root, caseId);
    const sample = { sha256: sha256Of(bytes), size: bytes.length, type: "shell" } as const;
    const runs = [
      { as: "train", touched: train },
      { as: "fresh", touched: fresh },
    ] as const;
    await keepEvidence(join(out, "evidence"), sample, Buffer.from(bytes), runs, [], []);
    const corpus = await selfOf(this.corpusDir);
    const analysis = pairInfections(train);
    const family = nameOf(analysis, sample.sha256);
    const derived = await deriveRule({
      analysis,
      specimens: train,
      sample: { bytes, type: "shell" },
      corpus,
      family,
    });
    const rule = "rule" in derived ? derived : null;
    const { mechanism, invariantBytes, variants, targets } = analysis;
    const bodies = analysis.groups.flatMap(({ invariant }) => invariant.map((each) => each.bytes));
    return this.#finish(caseId, out, submitter, {
      ...this.#plain(caseId, sample),
      ...{ verdict: "infector", family: rule && family },
      infection: mechanism && { mechanism, invariantBytes, variants, targets: [...targets] },
      detect: rule && { engine: "yara-x", rule: rule.rule, scope: rule.scope },
      repair: rule ? inferRepairs(analysis, train, rule.strings).recipes : [],
      kin: sketchOfSample({ name: "sample", bytes, type: "shell" }, bodies, corpus),
    });
  }

  #plain(caseId: CaseId, sample: AnalyseResult["sample"]): AnalyseResult {
    const job = { caseId, name: "sample" } as AnalyseJob;
    return {
      ...{ kind: "analysed", sample, facts: emptyFacts(job, sample, chamber, "a test"), verdict: "unknown" },
      ...{ severity: "high", why: "a test", behaviour: [], infection: null, family: null, detect: null },
      ...{ program: false, repair: [], repairWhy: null, gaveUp: null, secondGeneration: null, kin: null },
      ...{ chamber, seconds: { chamber: 0, signature: 0 } },
    };
  }

  async #finish(
    caseId: CaseId,
    out: string,
    submitter: string | null,
    analysed: AnalyseResult,
  ): Promise<Done> {
    const proved = analysed.detect ? await this.#prove(out, analysed) : null;
    const related = await this.memory.relate({
      ...{ analysed, proved, out, corpusDir: this.corpusDir, submitter },
      mayAnswerBy: (id) => this.mayAnswerBy(id),
      steps: {
        learn: (job) => {
          this.taken.push(job.learnFrom.length > 0 ? "learn" : "try");
          return this.steps.learn(job);
        },
        prove: (job) => {
          this.taken.push("prove");
          return this.steps.prove(job);
        },
      },
    });
    const seconds = { total: 0, chamber: 0, signature: 0, proof: 0 };
    const prescription =
      related.answer ??
      (related.proved?.sound
        ? assemblePrescription(
            prescriptionIdOf(caseId),
            related.analysed,
            related.proved,
            seconds,
            new Date(),
            related,
          )
        : null);
    await writeFile(join(out, "prescription.json"), JSON.stringify(prescription));
    if (related.record) await writeFile(join(out, KIN_FILE), JSON.stringify(related.record));
    await this.memory.remember(out, caseId, prescription);
    if (prescription) await this.memory.published(prescription.id);
    return { ...related, caseId, prescription, folder: out };
  }

  #prove(out: string, { detect, repair, program }: AnalyseResult): Promise<ProveResult> {
    const evidence = join(out, "evidence");
    const job: ProveJob = {
      ...{ kind: "prove", evidence, corpusDir: this.corpusDir, detect: detect!, repair, program, out },
    };
    return prove(job, () => {});
  }
}

const nameOf = ({ mechanism }: InfectionAnalysis, sha256: string) =>
  `shell.${mechanism ?? "none"}.${sha256.slice(0, 8)}` as NonNullable<AnalyseResult["family"]>;
