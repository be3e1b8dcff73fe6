/** From what two runs published to a candidate: how infected packages are found and given back. */
import { createHash } from "node:crypto";
import { type AnyRepair, type Detection, Family, type GaveUp, type Infection } from "@thymus/contracts";
import { openPackage } from "@thymus/repair";
import type { z } from "zod";
import { type InfectionAnalysis, pairInfections } from "../infection/index.ts";
import type { Self } from "../signature/index.ts";
import { inferPackageRepairs } from "./infer.ts";
import { filesOf, latestClean, type PackagePair, type Pairing, pairPublished } from "./pair.ts";
import type { PublishedRun } from "./published.ts";
import { derivePackageRule, RuleScanner } from "./rule.ts";
import { withoutRunTexts } from "./run-texts.ts";
import { changedCode } from "./specimens.ts";

export interface PackageDeps {
  /** Self: the corpus of goodware. */
  readonly corpus: Self;
  /** The sample: a package's tarball, or the program that published. */
  readonly sample: { readonly bytes: Uint8Array; readonly type: "npm" | "other" };
  readonly signal?: AbortSignal;
}

/** One tarball of the evidence, to be stored like a decoy. */
export interface PackageEvidence {
  /** `train`: learned from. `fresh`: kept back. */
  readonly run: "train" | "fresh";
  readonly path: string;
  readonly kind: "npm-package";
  readonly type: "npm";
  readonly state: "changed" | "unchanged";
  readonly before: Uint8Array;
  readonly after: Uint8Array | null;
}

export interface PackageCure {
  readonly family: Family;
  readonly detect: Detection;
  /** Recipes of packages first, then those of single files for packages that are unpacked. */
  readonly repair: AnyRepair[];
  readonly repairWhy: string | null;
  readonly infection: Infection;
  readonly evidence: PackageEvidence[];
  /** In one sentence, for the report. */
  readonly why: string;
}

export interface PackagesGaveUp {
  readonly gaveUp: z.infer<typeof GaveUp>;
  readonly infection: Infection | null;
  readonly evidence: PackageEvidence[];
}

/** Null where neither run published a changed decoy package: then this is no worm of packages. */
export async function analysePackages(
  train: PublishedRun,
  fresh: PublishedRun | null,
  deps: PackageDeps,
): Promise<PackageCure | PackagesGaveUp | null> {
  const learned = pairPublished(train.published, train.packages);
  const kept = fresh ? pairPublished(fresh.published, fresh.packages) : { pairs: [], others: [] };
  if (learned.pairs.length + kept.pairs.length === 0) return null;
  const evidence = [...evidenceOf(train, learned), ...(fresh ? evidenceOf(fresh, kept) : [])];
  const infection = describe(learned.pairs.length > 0 ? learned.pairs : kept.pairs);
  const person = (why: string): PackagesGaveUp => ({
    gaveUp: { code: "PERSON_NEEDED", why },
    infection,
    evidence,
  });
  if (learned.pairs.length === 0 || kept.pairs.length === 0)
    return person(
      "one of the two runs published no changed package, so nothing could be proved on fresh ones",
    );
  const found = await ruleFor(learned.pairs, kept.pairs, train, deps);
  if ("gaveUp" in found) return { gaveUp: found.gaveUp, infection, evidence };
  const { rule, moved } = found;
  const known = [...learned.pairs, ...moved];
  const rest = kept.pairs.filter((pair) => !moved.includes(pair));
  const { recipes, files, why } = inferPackageRepairs(known, rest, rule.derived.strings);
  return {
    family: Family.parse(rule.family),
    detect: rule.detect,
    repair: [...recipes, ...files],
    repairWhy: why,
    infection: {
      ...infection,
      invariantBytes: rule.analysis.invariantBytes,
      variants: rule.analysis.variants,
    },
    evidence: evidence.map((entry) =>
      moved.some((pair) => pair.after === entry.after) ? { ...entry, run: "train" as const } : entry,
    ),
    why: `it published ${counted(learned.pairs)} in the first run and ${counted(kept.pairs)} in the second, each with foreign code in it`,
  };
}

const counted = (pairs: readonly PackagePair[]) =>
  `new versions of ${new Set(pairs.map(({ name }) => name)).size} packages`;

/**
 * A rule from the first run that finds the packages of the second. Where it rests on something of one run only, a part of
 * the second run's packages is learned from as well (`moved`), and the others stay for the proof.
 */
async function ruleFor(
  learned: readonly PackagePair[],
  kept: readonly PackagePair[],
  train: PublishedRun,
  deps: PackageDeps,
) {
  const corpus = withoutRunTexts(deps.corpus, train, learned);
  const sample = { bytes: sampleBytes(deps.sample), type: deps.sample.type };
  const options = { corpus, sample, family: familyName, signal: deps.signal };
  for (const moved of [[], kept.slice(0, kept.length >> 1)]) {
    const rule = await derivePackageRule([...learned, ...moved], options);
    if ("gaveUp" in rule) return rule;
    const scanner = await RuleScanner.open(rule.detect);
    const missed = kept.filter((pair) => !scanner.hits(pair.after)).length;
    scanner.close();
    if (missed === 0) return { rule, moved };
    if (kept.length < 2) break;
  }
  const why = "every rule that fits the first run's packages misses some of the second run's";
  return { gaveUp: { code: "NO_SOUND_RULE" as const, why } };
}

/** A package's members one behind the other: compressed bytes say nothing. */
function sampleBytes({ bytes, type }: PackageDeps["sample"]): Uint8Array {
  if (type !== "npm") return bytes;
  try {
    return Buffer.concat([...filesOf(openPackage(bytes)).values()]);
  } catch {
    return bytes;
  }
}

/** Changed packages, and the latest clean version of each package that was left alone. */
function evidenceOf(run: PublishedRun, { pairs }: Pairing): PackageEvidence[] {
  const common = { run: run.name, kind: "npm-package", type: "npm" } as const;
  const touched = new Set(pairs.map(({ name }) => name));
  const left = [...latestClean(run.packages).values()].filter(({ name }) => !touched.has(name));
  return [
    ...pairs.map(({ path, before, after }) => ({
      ...common,
      path,
      state: "changed" as const,
      before,
      after,
    })),
    ...left.map(({ file }) => ({
      ...common,
      path: file.name,
      state: "unchanged" as const,
      before: file.content,
      after: null,
    })),
  ];
}

function describe(pairs: readonly PackagePair[]): Infection {
  const code = pairInfections(changedCode(pairs));
  const added = pairs.some(({ changes }) => changes.some(({ before }) => before === null));
  return {
    // A member more is an insertion into the package; changed code says how itself.
    mechanism: code.mechanism === null ? "insert" : added ? "mixed" : code.mechanism,
    targets: ["npm"],
    invariantBytes: code.invariantBytes,
    variants: code.variants,
  };
}

/** Told apart by what stays the same in every infected package. */
function familyName(analysis: InfectionAnalysis): string {
  const segments = analysis.groups.flatMap(({ invariant }) =>
    invariant.map(({ bytes }) => Buffer.from(bytes)),
  );
  const longest = segments.sort((a, b) => b.length - a.length || Buffer.compare(a, b))[0] ?? Buffer.alloc(0);
  return `npm.worm.${createHash("sha256").update(longest).digest("hex").slice(0, 8)}`;
}
