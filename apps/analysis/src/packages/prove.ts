/** The proof on packages: each infected one found and given back, no clean one hit. Counts only what it saw. */
import { type AnyRepair, asThymusError, type Detection } from "@thymus/contracts";
import { repairWith, sameTar } from "@thymus/repair";
import { equalBytes } from "../infection/bytes.ts";
import type { PackageEvidence } from "./analyse.ts";
import { RuleScanner } from "./rule.ts";

export interface PackageTally {
  readonly infected: number;
  readonly detected: number;
  /** Byte for byte the clean tarball. */
  readonly repaired: number;
  /** The clean tar stream in another compression; counted in none of the others. */
  readonly sameTar: number;
  readonly wrong: number;
  readonly refused: number;
}

export interface PackageProof {
  readonly train: PackageTally;
  readonly fresh: PackageTally;
  readonly clean: number;
  readonly cleanHits: number;
  /** Law 1: why this candidate may not act, or null. */
  readonly why: string | null;
}

export async function provePackages(
  evidence: readonly PackageEvidence[],
  detect: Detection,
  repair: readonly AnyRepair[],
): Promise<PackageProof> {
  const scanner = await RuleScanner.open(detect);
  try {
    const of = (run: PackageEvidence["run"]) =>
      tally(
        evidence.filter((entry) => entry.run === run && entry.state === "changed"),
        scanner,
        repair,
      );
    const [train, fresh] = [of("train"), of("fresh")];
    const cleanHits = evidence.filter(({ before }) => scanner.hits(before)).length;
    return { train, fresh, clean: evidence.length, cleanHits, why: unsound(train, fresh, cleanHits) };
  } finally {
    scanner.close();
  }
}

function tally(
  changed: readonly PackageEvidence[],
  scanner: RuleScanner,
  repair: readonly AnyRepair[],
): PackageTally {
  const result = { infected: changed.length, detected: 0, repaired: 0, sameTar: 0, wrong: 0, refused: 0 };
  for (const { before, after } of changed) {
    if (after === null) continue;
    if (scanner.hits(after)) result.detected += 1;
    const outcome = repairWith(repair, after, "npm");
    if ("refused" in outcome) result.refused += 1;
    else if (equalBytes(outcome.repaired, before)) result.repaired += 1;
    else if (sameTar(outcome.repaired, before)) result.sameTar += 1;
    else result.wrong += 1;
  }
  return result;
}

function unsound(train: PackageTally, fresh: PackageTally, cleanHits: number): string | null {
  if (cleanHits > 0) return `the rule hits ${cleanHits} clean packages`;
  if (fresh.infected === 0)
    return "no fresh package was infected, so nothing shows that the rule holds for others";
  if (train.detected < train.infected)
    return `the rule finds ${train.detected} of ${train.infected} infected packages`;
  if (fresh.detected < fresh.infected)
    return `the rule finds ${fresh.detected} of ${fresh.infected} fresh infected packages`;
  return null;
}

export interface OthersScan {
  readonly packages: number;
  readonly bytes: number;
  /** Names of packages that the rule hits. */
  readonly hits: string[];
}

/** A rule over other packages' tarballs, whatever they are. */
export async function scanOthers(
  detect: Detection,
  tarballs: AsyncIterable<{ readonly name: string; readonly content: Uint8Array }>,
): Promise<OthersScan> {
  const scanner = await RuleScanner.open(detect);
  const hits: string[] = [];
  let [packages, bytes] = [0, 0];
  try {
    for await (const { name, content } of tarballs) {
      packages += 1;
      bytes += content.length;
      try {
        if (scanner.hits(content)) hits.push(name);
      } catch (thrown) {
        hits.push(`${name}: ${asThymusError(thrown).message}`);
      }
    }
  } finally {
    scanner.close();
  }
  return { packages, bytes, hits };
}
