/** One sample from its bytes to a candidate: what it is, what it did, what it left in others, how to find and undo that. */

import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Family, type GaveUp, type Infection, type SampleFacts, type Verdict } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import type { z } from "zod";
import { type ChangedDecoy, gatherFacts, matchRenamed } from "../behaviour/facts.ts";
import { describeBehaviour, judge, severityOf } from "../behaviour/verdict.ts";
import { openChamber } from "../chamber/index.ts";
import { holdsSomething, type InfectionAnalysis, pairInfections, type Specimen } from "../infection/index.ts";
import { sha256Of, storeEvidence, writeManifest } from "../proof/evidence.ts";
import { inferRepairs } from "../repair-inference/index.ts";
import { openCorpus } from "../self/index.ts";
import { deriveRule } from "../signature/index.ts";
import { excerptsOf } from "./excerpts.ts";
import { changedDecoys, type ObservedRun, observe, runnable } from "./observe.ts";
import type { AnalyseJob, AnalyseResult, EvidenceEntry } from "./protocol.ts";

const person = (why: string): z.infer<typeof GaveUp> => ({ code: "PERSON_NEEDED", why });

/** @param progress called with a few words at each step */
export async function analyse(job: AnalyseJob, progress: (what: string) => void): Promise<AnalyseResult> {
  const bytes = await readFile(job.sample);
  const sample: SampleFacts = {
    sha256: sha256Of(bytes),
    size: bytes.length,
    type: identifyFile(bytes, job.name),
  };
  const chamber = await openChamber({ dataDir: job.chamberDir });
  const evidence = join(job.out, "evidence");
  try {
    const blank: AnalyseResult = {
      kind: "analysed",
      sample,
      verdict: "unknown",
      severity: "low",
      why: "",
      behaviour: [],
      infection: null,
      family: null,
      detect: null,
      repair: [],
      repairWhy: null,
      gaveUp: null,
      secondGeneration: null,
      excerpts: [],
      dropped: [],
      counts: { decoys: 0, changed: 0, missing: 0, traceEvents: 0, traceLost: 0 },
      chamber: chamber.info,
      seconds: { chamber: 0, signature: 0 },
    };
    if (!runnable.has(sample.type)) {
      const why = `a file of type ${sample.type} cannot be started here`;
      return { ...blank, why, gaveUp: person(`${why}; submit the program inside, or look at it by hand`) };
    }
    progress("running the sample among decoys");
    const { train, fresh, seconds } = await observe(job, chamber, sample, bytes);
    const seen = await gather(train);
    await writeFile(
      join(job.out, "trace.ndjson"),
      train.result.trace.map((event) => `${JSON.stringify(event)}\n`).join(""),
    );
    const result: AnalyseResult = {
      ...blank,
      verdict: seen.verdict,
      severity: severityOf(seen.verdict),
      why: seen.why,
      behaviour: describeBehaviour(seen.facts, seen.verdict),
      dropped: train.result.dropped.slice(0, 1000).map(({ path, size, type }) => ({ path, size, type })),
      counts: {
        decoys: train.result.decoys.length,
        changed: seen.specimens.length,
        missing: seen.facts.missing,
        traceEvents: train.result.trace.length,
        traceLost: train.result.traceLost,
      },
      seconds: { chamber: seconds, signature: 0 },
    };
    if (seen.verdict === "harmless") return result;
    if (seen.specimens.length === 0) return { ...result, gaveUp: person(seen.why) };
    progress("keeping the evidence");
    const freshSeen = fresh ? await gather(fresh) : null;
    await keepEvidence(evidence, sample, bytes, seen, freshSeen);
    return await cure(job, bytes, result, seen, freshSeen, progress);
  } finally {
    await chamber.close();
    for (const run of ["train", "fresh"])
      for (const part of ["decoys", "after"])
        await rm(join(job.out, `${part}-${run}`), { recursive: true, force: true });
  }
}

interface Seen {
  readonly run: ObservedRun["name"];
  readonly verdict: Verdict;
  readonly why: string;
  readonly facts: ReturnType<typeof gatherFacts>;
  readonly specimens: Specimen[];
  readonly outcomes: Awaited<ReturnType<typeof changedDecoys>>;
  readonly analysis: InfectionAnalysis;
}

async function gather(run: ObservedRun): Promise<Seen> {
  const outcomes = await changedDecoys(run);
  const missing = outcomes.filter((outcome) => !outcome.after);
  const heirs = matchRenamed(
    missing.map(({ decoy }) => decoy.path),
    run.result.dropped,
  );
  const renamed = new Map<string, Uint8Array>();
  for (const [path, heir] of heirs)
    renamed.set(path, await readFile(run.result.dropped.find((file) => file.path === heir)!.file));
  const changed: ChangedDecoy[] = outcomes.map(({ decoy, before, after }) => ({
    path: decoy.path,
    type: decoy.type,
    before,
    after,
  }));
  const facts = gatherFacts(run.result, changed, renamed);
  const specimens = outcomes.flatMap(({ decoy, before, after }) =>
    after
      ? [
          {
            path: decoy.path,
            kind: decoy.kind,
            type: decoy.type,
            before,
            after,
            afterType: identifyFile(after, decoy.path),
          },
        ]
      : [],
  );
  const analysis = pairInfections(specimens.filter(holdsSomething));
  return { run: run.name, ...judge(facts), facts, specimens, outcomes, analysis };
}

async function keepEvidence(
  folder: string,
  sample: SampleFacts,
  bytes: Buffer,
  train: Seen,
  fresh: Seen | null,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entries: EvidenceEntry[] = [];
  for (const seen of fresh ? [train, fresh] : [train])
    for (const { decoy, state, before, after } of seen.outcomes)
      entries.push({
        run: seen.run,
        path: decoy.path,
        kind: decoy.kind,
        type: decoy.type,
        state,
        before: await storeEvidence(folder, before),
        after: after ? await storeEvidence(folder, after) : null,
      });
  await storeEvidence(folder, bytes);
  await writeManifest(folder, { version: 1, sample, entries });
}

/** Rule and recipes from what was learned; each honest end without them says why. */
async function cure(
  job: AnalyseJob,
  bytes: Buffer,
  result: AnalyseResult,
  train: Seen,
  fresh: Seen | null,
  progress: (what: string) => void,
): Promise<AnalyseResult> {
  const excerpts = excerptsOf(train.analysis);
  const infection = describeInfection(train);
  if (train.verdict !== "infector")
    return {
      ...result,
      excerpts,
      infection: null,
      gaveUp: person(
        train.verdict === "unknown"
          ? `${train.why}: look at it by hand`
          : `${train.why}; nothing was added to the files that a rule could find or a repair could take out`,
      ),
    };
  if (!fresh || fresh.specimens.length === 0)
    return {
      ...result,
      excerpts,
      infection,
      gaveUp: person("the second run infected no decoy, so nothing could be proved on fresh ones"),
    };
  progress("deriving a rule");
  const started = performance.now();
  const corpus = await openCorpus(job.corpusDir);
  const family = familyName(train.analysis);
  const derived = await deriveRule({
    analysis: train.analysis,
    specimens: train.specimens,
    sample: { bytes, type: result.sample.type },
    corpus,
    family,
  });
  const signature = () => ({ ...result.seconds, signature: (performance.now() - started) / 1000 });
  if ("gaveUp" in derived)
    return { ...result, excerpts, infection, gaveUp: derived.gaveUp, seconds: signature() };
  progress("inferring a repair");
  const { recipes, why } = inferRepairs(train.analysis, train.specimens, derived.strings);
  return {
    ...result,
    excerpts,
    infection,
    family,
    detect: { engine: "yara-x", rule: derived.rule, scope: derived.scope },
    repair: recipes,
    repairWhy: why,
    seconds: signature(),
  };
}

function describeInfection({ analysis }: Seen): Infection | null {
  if (!analysis.mechanism) return null;
  return {
    mechanism: analysis.mechanism,
    targets: [...analysis.targets],
    invariantBytes: analysis.invariantBytes,
    variants: analysis.variants,
  };
}

/** Named after targets and mechanism, and told apart by what stays the same in every infection. */
function familyName(analysis: InfectionAnalysis): Family {
  const segments = analysis.groups.flatMap((group) =>
    group.invariant.map((segment) => Buffer.from(segment.bytes)),
  );
  const longest = segments.sort((a, b) => b.length - a.length || Buffer.compare(a, b))[0] ?? Buffer.alloc(0);
  const digest = createHash("sha256").update(longest).digest("hex").slice(0, 8);
  const targets = analysis.targets.length > 2 ? "many" : analysis.targets.join("-");
  return Family.parse(`${targets || "none"}.${analysis.mechanism ?? "none"}.${digest}`);
}
