/** The proof on packages: each infected one found and given back, no clean one hit. Counts only what it saw. */
import { type AnyRepair, asThymusError, type Detection } from "@thymus/contracts";
import { type Tally, tally } from "../proof/tally.ts";
import type { PackageEvidence } from "./analyse.ts";
import { RuleScanner } from "./rule.ts";

export interface PackageProof {
  readonly train: Tally;
  readonly fresh: Tally;
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
        evidence.flatMap(({ run: own, state, before, after }) =>
          own === run && state === "changed" && after ? [{ before, after, type: "npm" as const }] : [],
        ),
        (bytes, type) => scanner.hits(bytes, type),
        repair,
      );
    const [train, fresh] = [of("train"), of("fresh")];
    const cleanHits = evidence.filter(({ before }) => scanner.hits(before)).length;
    return { train, fresh, clean: evidence.length, cleanHits, why: unsound(train, fresh, cleanHits) };
  } finally {
    scanner.close();
  }
}

function unsound(train: Tally, fresh: Tally, cleanHits: number): string | null {
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
