/** One sample from its bytes to a candidate: what it is, what it did, what it left in others, how to find and undo that. */

import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SampleFacts, StageSeconds } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { combine } from "../behaviour/combine.ts";
import { type Chamber, openChamber } from "../chamber/index.ts";
import { sketchOfSample } from "../families/sketch/of-sample.ts";
import type { KinSketch } from "../families/sketch/sketch.ts";
import { planSample, variationsFor } from "../kinds/index.ts";
import { sha256Of } from "../proof/evidence.ts";
import { selfOf } from "./corpus.ts";
import { type Cure, cureAlone, cureFiles, noCure, person } from "./cure.ts";
import { curesProgram } from "./cure-program.ts";
import { cleanDecoys, keepEvidence } from "./evidence.ts";
import { analysisFacts, emptyFacts, runFacts, withSecond } from "./facts.ts";
import { gather, type Seen } from "./gather.ts";
import { changedOthers, isDrill, observe, runFolders, type Subject, variedSeconds, vary } from "./observe.ts";
import { curePackages, type PackagesCure } from "./packages.ts";
import type { AnalyseJob, AnalyseResult, EvidenceEntry } from "./protocol.ts";
import { secondGeneration } from "./second.ts";

/** @param progress called with a few words at each step */
export async function analyse(job: AnalyseJob, progress: (what: string) => void): Promise<AnalyseResult> {
  const bytes = await readFile(job.sample);
  const sample: SampleFacts = {
    sha256: sha256Of(bytes),
    size: bytes.length,
    type: identifyFile(bytes, job.name),
  };
  const chamber = await openChamber({ dataDir: job.chamberDir });
  try {
    const planned = await planSample(bytes, job.name, sample.type);
    if ("refused" in planned) return refused(job, sample, chamber, planned.refused);
    const subject: Subject = {
      ...{ path: job.sample, name: job.name, type: sample.type, plan: planned.plan },
      drill: isDrill(bytes, sample.type),
    };
    return await new Analysis(job, chamber, sample, bytes, subject, progress).run();
  } finally {
    await chamber.close();
    await dropFolders(job);
  }
}

async function dropFolders(job: AnalyseJob): Promise<void> {
  const varied = [0, 1, 2, 3].map((index) => `varied-${index}` as const);
  const second = [0, 1].map((index) => `second-${index}` as const);
  const folders = runFolders(["train", "fresh", ...varied, ...second]);
  for (const part of [...folders, "parent-0", "parent-1"])
    await rm(join(job.out, part), { recursive: true, force: true });
}

function refused(job: AnalyseJob, sample: SampleFacts, chamber: Chamber, why: string): AnalyseResult {
  return {
    ...{ kind: "analysed", sample, verdict: "unknown", severity: "low", why, behaviour: [] },
    facts: emptyFacts(job, sample, chamber.info, why),
    ...{ infection: null, family: null, detect: null, program: false, repair: [], repairWhy: null },
    secondGeneration: null,
    kin: null,
    gaveUp: person(`${why}; submit the program inside, or look at it by hand`),
    chamber: chamber.info,
    seconds: { chamber: 0, signature: 0 },
  };
}

class Analysis {
  readonly #job: AnalyseJob;
  readonly #chamber: Chamber;
  readonly #sample: SampleFacts;
  readonly #bytes: Buffer;
  readonly #subject: Subject;
  readonly #progress: (what: string) => void;
  readonly #told: { readonly name: string; readonly type: SampleFacts["type"]; readonly bytes: Buffer };

  constructor(
    job: AnalyseJob,
    chamber: Chamber,
    sample: SampleFacts,
    bytes: Buffer,
    subject: Subject,
    progress: (what: string) => void,
  ) {
    this.#job = job;
    this.#chamber = chamber;
    this.#sample = sample;
    this.#bytes = bytes;
    this.#subject = subject;
    this.#progress = progress;
    this.#told = { name: job.name, type: sample.type, bytes };
  }

  async run(): Promise<AnalyseResult> {
    const started = performance.now();
    const { train, fresh, varied } = await this.#observe();
    const chamberSeconds = (performance.now() - started) / 1000;
    const all = [train, ...(fresh ? [fresh] : []), ...varied];
    await writeFile(
      join(this.#job.out, "trace.ndjson"),
      train.run.result.trace.map((event) => `${JSON.stringify(event)}\n`).join(""),
    );
    const view = combine([train, ...varied].map(({ run, view }) => ({ label: run.label, view })));
    const seconds: Pick<StageSeconds, "chamber" | "signature"> = { chamber: chamberSeconds, signature: 0 };
    const facts = analysisFacts(this.#job, this.#sample, this.#chamber.info, view, train, all);
    const result: AnalyseResult = {
      ...{ kind: "analysed", sample: this.#sample, facts, verdict: view.verdict, severity: view.severity },
      ...{ why: view.why, behaviour: facts.behaviour, chamber: this.#chamber.info, seconds },
      ...{ infection: null, family: null, detect: null, program: false, repair: [], repairWhy: null },
      ...{ gaveUp: null, secondGeneration: null, kin: null },
    };
    if (view.verdict === "harmless") return result;
    if (changedOthers(train.run)) return this.#cure(result, train, fresh);
    if (!curesProgram(view.verdict, this.#sample.type)) return { ...result, gaveUp: person(view.why) };
    return this.#cure(result, train, null);
  }

  /** Runs the sample; where it showed nothing, also under other conditions, and then as a whole under those that told. */
  async #observe(): Promise<{ train: Seen; fresh: Seen | null; varied: Seen[] }> {
    this.#progress("running the sample among decoys");
    const [job, chamber, subject] = [this.#job, this.#chamber, this.#subject];
    const started = performance.now();
    const first = await observe(job, chamber, subject);
    const train = await gather(first.train, this.#told);
    const fresh = first.fresh ? await gather(first.fresh, this.#told) : null;
    const conditions = variationsFor(subject.type, job.seed).slice(0, job.variations);
    const left = job.budgetSeconds - (performance.now() - started) / 1000;
    const each = variedSeconds(left, conditions.length, job.parallel);
    if (tells(train) || each === null) return { train, fresh, varied: [] };
    this.#progress("running it under other conditions");
    const seen: Seen[] = [];
    await vary(job, chamber, subject, conditions, each, async (run) => {
      const found = await gather(run, this.#told);
      seen.push(found);
      return tells(found);
    });
    const telling = seen.find((each) => changedOthers(each.run));
    if (!telling) return { train, fresh, varied: seen };
    this.#progress("running it again as it showed itself");
    await dropFolders(job);
    const again = await observe(job, chamber, subject, telling.run.conditions);
    return {
      train: await gather(again.train, this.#told),
      fresh: again.fresh ? await gather(again.fresh, this.#told) : null,
      varied: [train, ...seen],
    };
  }

  async #cure(result: AnalyseResult, train: Seen, fresh: Seen | null): Promise<AnalyseResult> {
    const packages = train.run.result.published.some((each) => each.accepted)
      ? await this.#curePackages(train, fresh)
      : null;
    const infects = !packages && train.view.verdict === "infector" && train.specimens.length > 0;
    const second = infects
      ? secondGeneration(this.#job, this.#chamber, this.#bytes, train)
      : Promise.resolve([]);
    second.catch(() => {});
    const cure = packages?.cure ?? (await this.#cureFiles(result, train, fresh, infects, second));
    const later = await second;
    this.#progress("keeping the evidence");
    const kept: { as: EvidenceEntry["run"]; touched: Seen["touched"] }[] = [];
    // What a rule for packages is tried on are the packages alone.
    if (!packages) {
      kept.push({ as: "train", touched: train.touched });
      if (fresh) kept.push({ as: "fresh", touched: fresh.touched });
      for (const { touched } of later) kept.push({ as: "second", touched });
    }
    // A rule of the program itself is tried on decoys as they were.
    const clean = cure.program ? await cleanDecoys(train.run) : [];
    const evidence = join(this.#job.out, "evidence");
    await keepEvidence(evidence, this.#sample, this.#bytes, kept, packages?.evidence ?? [], clean);
    const { seconds, ...found } = cure;
    const facts = {
      ...result.facts,
      family: found.family,
      runs: [...result.facts.runs, ...later.map(runFacts)].slice(0, 16),
      story: withSecond(result.facts.story, later),
    };
    return {
      ...result,
      ...found,
      facts,
      kin: packages ? null : await this.#sketch(infects ? train : null),
      secondGeneration:
        later.length > 0
          ? {
              runs: later.length,
              infected: later.reduce((sum, { specimens }) => sum + specimens.length, 0),
            }
          : null,
      seconds: { ...result.seconds, signature: seconds },
    };
  }

  /** By which relatives are told: what stays the same in infected files, else what is the program's own. */
  async #sketch(infecting: Seen | null): Promise<KinSketch> {
    const invariant = infecting?.analysis.groups.flatMap((group) => group.invariant) ?? [];
    const bodies = invariant.map(({ bytes }) => bytes);
    return sketchOfSample(this.#told, bodies, await selfOf(this.#job.corpusDir));
  }

  async #curePackages(train: Seen, fresh: Seen | null): Promise<PackagesCure | null> {
    this.#progress("pairing what it published");
    return curePackages(this.#job, { bytes: this.#bytes, type: this.#sample.type }, train, fresh);
  }

  async #cureFiles(
    result: AnalyseResult,
    train: Seen,
    fresh: Seen | null,
    infects: boolean,
    second: Promise<readonly Seen[]>,
  ): Promise<Cure> {
    const { verdict, why } = train.view;
    if (!infects && verdict === "unknown") return noCure(`${why}: look at it by hand`);
    if (!infects) {
      this.#progress("deriving a rule of the program itself");
      const touched = changedOthers(train.run);
      const none = "nothing was added to the files that a rule could find or a repair could take out";
      return cureAlone(this.#job, this.#told, result.verdict, touched ? `${why}; ${none}` : result.why);
    }
    if (!fresh || fresh.specimens.length === 0)
      return noCure("the second run infected no decoy, so nothing could be proved on fresh ones");
    this.#progress("deriving a rule");
    return cureFiles(this.#job, { bytes: this.#bytes, type: this.#sample.type }, train, second);
  }
}

/** Whether a run shows enough to leave other conditions untried. */
const tells = ({ run, view }: Seen): boolean =>
  changedOthers(run) || !["harmless", "unknown"].includes(view.verdict);
