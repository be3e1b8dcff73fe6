/** Rule and recipes from what was learned; each honest end without them says why. */
import { createHash } from "node:crypto";
import { Family, type GaveUp, type Infection, type Verdict } from "@thymus/contracts";
import { identifyFile, loadEngine } from "@thymus/detection";
import type { z } from "zod";
import { holdsSomething, type InfectionAnalysis, pairInfections, type Specimen } from "../infection/index.ts";
import { inferRepairs } from "../repair-inference/index.ts";
import { type DerivedRule, deriveRule } from "../signature/index.ts";
import { selfOf } from "./corpus.ts";
import { cureProgram, curesProgram, type Program, programFamily } from "./cure-program.ts";
import type { Seen } from "./gather.ts";
import type { AnalyseJob, AnalyseResult } from "./protocol.ts";

/** What a cure adds to the result. */
export type Cure = Pick<
  AnalyseResult,
  "infection" | "family" | "detect" | "program" | "repair" | "repairWhy" | "gaveUp"
> & { readonly seconds: number };

export const person = (why: string): z.infer<typeof GaveUp> => ({ code: "PERSON_NEEDED", why });

const none: Omit<Cure, "gaveUp"> = {
  ...{ infection: null, family: null, detect: null, program: false, repair: [], repairWhy: null },
  seconds: 0,
};

export const noCure = (why: string): Cure => ({ ...none, gaveUp: person(why) });

/** What a harmful program alone allows: a rule that finds it. Where there is none, `why` and the reason are told. */
export async function cureAlone(
  job: AnalyseJob,
  program: Program,
  verdict: Verdict,
  why: string,
): Promise<Cure> {
  if (!curesProgram(verdict, program.type)) return noCure(why);
  const started = performance.now();
  const family = programFamily(program, verdict);
  const derived = await cureProgram(program, family, await selfOf(job.corpusDir));
  const seconds = (performance.now() - started) / 1000;
  if ("gaveUp" in derived)
    return { ...noCure(`${why}; no rule of the sample itself either: ${derived.gaveUp.why}`), seconds };
  return {
    ...none,
    family,
    detect: { engine: "yara-x", rule: derived.rule, scope: derived.scope },
    program: true,
    repairWhy: "the rule finds the program itself: there is no clean file inside",
    gaveUp: null,
    seconds,
  };
}

/**
 * Cures an infection of files. Decoys of the second generation, where there are any, must be found too: where the rule
 * misses one of them it is derived anew from both generations.
 * @param second what infected decoys changed; it may still be running while the rule is derived
 */
export async function cureFiles(
  job: AnalyseJob,
  sample: { readonly bytes: Buffer; readonly type: AnalyseResult["sample"]["type"] },
  train: Seen,
  second: Promise<readonly Seen[]>,
): Promise<Cure> {
  const started = performance.now();
  const corpus = await selfOf(job.corpusDir);
  const family = familyName(train.analysis);
  const derive = (analysis: InfectionAnalysis, specimens: readonly Specimen[]) =>
    deriveRule({ analysis, specimens, sample, corpus, family });
  let { analysis } = train;
  let specimens = train.specimens;
  let derived = await derive(analysis, specimens);
  const ready = (performance.now() - started) / 1000;
  const later = (await second).flatMap((seen) => seen.specimens).filter(holdsSomething);
  const again = performance.now();
  if ("rule" in derived && later.length > 0 && (await misses(derived, later))) {
    specimens = [...specimens, ...later];
    analysis = pairInfections(specimens.filter(holdsSomething));
    derived = await derive(analysis, specimens);
  }
  const seconds = () => ready + (performance.now() - again) / 1000;
  const infection = describeInfection(train.analysis);
  if ("gaveUp" in derived) return { ...none, infection, gaveUp: derived.gaveUp, seconds: seconds() };
  const { recipes, why } = inferRepairs(analysis, specimens, derived.strings);
  return {
    infection,
    family,
    detect: { engine: "yara-x", rule: derived.rule, scope: derived.scope },
    program: false,
    repair: recipes,
    repairWhy: why,
    gaveUp: null,
    seconds: seconds(),
  };
}

/** Whether any of the specimens escapes the rule. */
async function misses(derived: DerivedRule, specimens: readonly Specimen[]): Promise<boolean> {
  const rules = (await loadEngine()).compile([{ namespace: "candidate", source: derived.rule }]);
  try {
    return specimens.some(
      ({ path, after }) =>
        !derived.scope.includes(identifyFile(after, path)) || rules.scan(after).length === 0,
    );
  } finally {
    rules.close();
  }
}

function describeInfection(analysis: InfectionAnalysis): Infection | null {
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
