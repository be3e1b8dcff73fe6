/**
 * What is remembered from one analysis to the next: which samples were like which, the prescription that stands for each, and the
 * evidence to prove another one on. One process at a time changes what it says of a family.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  Family,
  type Kinship,
  type Prescription,
  PrescriptionId,
  parseJsonDocument,
  Sha256,
} from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import { z } from "zod";
import type { AnalyseResult, ProveResult } from "../worker/protocol.ts";
import { KeptEvidence } from "./evidence.ts";
import { type General, generalise, type Steps } from "./generalise.ts";
import { saysSomething } from "./sketch/kinship.ts";
import { KinSketch } from "./sketch/sketch.ts";
import { FamilyStore } from "./store/store.ts";

/** What a finished case must still be remembered by; lies in its folder, so that a kill in between loses nothing. */
export const KIN_FILE = "kin.json";
const KinRecord = z.strictObject({
  version: z.literal(1),
  sample: Sha256,
  family: Family,
  program: z.boolean(),
  submitter: z.string().nullable(),
  sketch: KinSketch,
  stands: PrescriptionId.nullable(),
  covers: z.array(Sha256).max(24),
});
export type KinRecord = z.infer<typeof KinRecord>;

export interface Related {
  readonly analysed: AnalyseResult;
  readonly proved: ProveResult | null;
  readonly kinship: Kinship | null;
  readonly general: General | null;
  /** A prescription of the family that answers this case, where one may. */
  readonly answer: Prescription | null;
  /** Its own name, where the family's has taken its place. */
  readonly alias: string | null;
  readonly record: KinRecord | null;
  /** Seconds of learning and of proving for the family. */
  readonly seconds: { readonly learned: number; readonly proved: number };
}

export interface RelateOptions {
  readonly analysed: AnalyseResult;
  readonly proved: ProveResult | null;
  /** The folder in which the evidence lies and a worker may write. */
  readonly out: string;
  readonly corpusDir: string;
  /** The machine that sent the sample; null for the operator of this installation, who is trusted with as many as he likes. */
  readonly submitter: string | null;
  /** Whether this case may be answered by a prescription of before that finds it too. */
  readonly mayAnswerBy: (id: PrescriptionId) => boolean;
  readonly steps: Steps;
}

export class FamilyMemory {
  readonly #store: FamilyStore;
  readonly #evidence: KeptEvidence;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(store: FamilyStore, evidence: KeptEvidence) {
    this.#store = store;
    this.#evidence = evidence;
  }

  /** @throws ThymusError STORE_FAILED, STORE_NEWER */
  static async open(dir: string, limits: { readonly evidenceBytes?: number } = {}): Promise<FamilyMemory> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const store = await FamilyStore.open(join(dir, "families.db"));
    try {
      const evidence = new KeptEvidence(join(dir, "evidence"), limits.evidenceBytes);
      for (const gone of await evidence.open(await store.withEvidence())) await store.loseEvidence(gone);
      return new FamilyMemory(store, evidence);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#store.close();
  }

  /** Folders that a worker must read to learn from what is kept. */
  get readable(): string {
    return this.#evidence.folder("" as Sha256);
  }

  /** One case after the other: two that end at once must not both replace the same prescription. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Names a sample, and makes a rule of its family where that has none which finds it. Writes nothing down. */
  async relate(options: RelateOptions): Promise<Related> {
    const { analysed, proved } = options;
    const seconds = { learned: 0, proved: 0 };
    const alone: Related = {
      ...{ analysed, proved, kinship: null, general: null, answer: null, alias: null, record: null, seconds },
    };
    const sketch = analysed.kin;
    if (!sketch || !saysSomething(sketch)) return alone;
    const { sha256 } = analysed.sample;
    const kin = await this.#store.nearest(sha256, sketch);
    const before = await this.#store.member(sha256);
    const family = before?.family ?? kin?.family ?? analysed.family ?? nameless(analysed);
    const program = analysed.program || analysed.infection === null;
    const record = (stands: PrescriptionId | null, covers: readonly Sha256[]): KinRecord => ({
      ...{ version: 1, sample: sha256, family, program, submitter: options.submitter, sketch },
      ...{ stands, covers: [...covers] },
    });
    if (!kin || kin.family !== family)
      return { ...alone, analysed: named(analysed, before?.family), record: record(null, []) };
    const members = (await this.#store.members(family)).filter((each) => each.sha256 !== sha256);
    const outcome = await generalise(
      {
        ...{ sha256, submitter: options.submitter, sketch, analysed, program },
        ...{ evidence: join(options.out, "evidence"), out: options.out, corpusDir: options.corpusDir },
        hasOwn: proved?.sound === true,
      },
      {
        ...{ family, members, active: await this.#store.active(family) },
        evidence: (sample) => this.#evidence.folder(sample),
      },
      options.steps,
    );
    const coveredBy = outcome.kind === "covered" ? outcome.by : null;
    const general = outcome.kind === "general" ? outcome.general : null;
    const answer =
      coveredBy && options.mayAnswerBy(coveredBy) ? await this.#store.prescription(coveredBy) : null;
    const renamed = named(general?.analysed ?? analysed, family);
    return {
      analysed: renamed,
      proved: general?.proved ?? proved,
      kinship: {
        ...{ family, similarity: round(kin.similarity), members: members.length },
        ...{ generalised: general !== null, coveredBy },
      },
      ...{ general, answer },
      alias: analysed.family && analysed.family !== family ? analysed.family : null,
      record: record(answer?.id ?? coveredBy, general?.covers ?? []),
      seconds: { learned: outcome.seconds, proved: general?.proved.seconds ?? 0 },
    };
  }

  /** Writes down what the case in this folder adds. Idempotent: a case that was killed before this is brought again. */
  async remember(folder: string, caseId: string, prescription: Prescription | null): Promise<void> {
    const record = await readRecord(folder);
    if (!record) return;
    const { sample, family, program, submitter, sketch, covers } = record;
    const isMember = await this.#store.hasRoom(family, { sha256: sample, submitter, sketch });
    const hasEvidence = isMember && (await this.#evidence.keep(sample, join(folder, "evidence")));
    await failpoint("analysis.family.evidence-kept");
    const own = prescription && prescription.id !== record.stands ? prescription : null;
    await this.#store.adopt({
      ...{ sha256: sample, family, program, submitter, sketch, caseId, isMember, hasEvidence, covers },
      prescription: own,
      stands: prescription?.id ?? record.stands,
    });
    await failpoint("analysis.family.remembered");
    await this.#makeRoom();
  }

  /** Evidence of all families has a bound: what can best be without it loses its own. */
  async #makeRoom(): Promise<void> {
    if (this.#evidence.excess <= 0) return;
    for (const sample of await this.#store.leastNeeded()) {
      await this.#store.loseEvidence(sample);
      await this.#evidence.remove(sample);
      if (this.#evidence.excess <= 0) return;
    }
  }

  /** What took the place of a prescription; null where it stands, is recalled or is unknown here. */
  replacedBy(id: PrescriptionId): Promise<PrescriptionId | null> {
    return this.#store.replacedBy(id);
  }

  /** To be said once a prescription is out: before that nothing may rest on it. */
  published(id: PrescriptionId): Promise<void> {
    return this.#store.published(id);
  }

  recall(ids: readonly string[]): Promise<void> {
    return this.#store.recall(ids);
  }
}

async function readRecord(folder: string): Promise<KinRecord | null> {
  let text: string;
  try {
    text = await readFile(join(folder, KIN_FILE), "utf8");
  } catch {
    return null;
  }
  return parseJsonDocument(KinRecord, text, `${folder}/${KIN_FILE}`);
}

/** A name for one that no rule could be made of: its relatives may make one possible. */
function nameless({ sample, verdict }: AnalyseResult): Family {
  return Family.parse(`${sample.type}.${verdict}.${sample.sha256.slice(0, 8)}`);
}

function named(analysed: AnalyseResult, family: Family | undefined): AnalyseResult {
  if (!family) return analysed;
  return { ...analysed, family, facts: { ...analysed.facts, family } };
}

const round = (share: number) => Math.round(share * 1000) / 1000;
