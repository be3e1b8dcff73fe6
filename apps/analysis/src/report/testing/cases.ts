/**
 * Cases as an analysis would tell them, one for each verdict that a page looks different for. For tests and for anybody
 * who wants to see a page. Invented from end to end; no real sample, name or address.
 */
import { createHash } from "node:crypto";
import { AnalysisFacts, ImmunizeReport, Prescription } from "@thymus/contracts";

export interface ReportCase {
  readonly name: string;
  readonly report: ImmunizeReport;
  readonly facts: AnalysisFacts;
  readonly prescription: Prescription | null;
}

export const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
export const hex = (text: string): string => Buffer.from(text).toString("hex");
export const chamber = { kind: "qemu-tcg", trust: "isolated", image: digest("image") } as const;

type Loose<T> = { readonly [K in keyof T]?: unknown };
type Given = Loose<AnalysisFacts> & { verdict: unknown; severity: unknown; why: unknown; name: unknown };

/** Fills in what a case leaves out, and lets the contracts check the whole. */
export function makeCase(
  name: string,
  given: Given,
  reported: Loose<ImmunizeReport> = {},
  prescription: unknown = null,
): ReportCase {
  const lengthOf = (list: unknown) => (Array.isArray(list) ? list.length : 0);
  const facts = AnalysisFacts.parse({
    version: 1,
    case: `case-${digest(name).slice(0, 16)}`,
    sample: { sha256: digest(`sample ${name}`), size: 18_744, type: "shell" },
    family: null,
    chamber,
    behaviour: [],
    runs: [
      {
        label: "plain",
        ended: "exited",
        exitStatus: 0,
        seconds: 3.42,
        traceEvents: 1284,
        traceLost: 0,
        changedDecoys: 0,
      },
    ],
    story: [],
    thefts: [],
    diffs: [],
    processes: [],
    files: [],
    network: [],
    ...given,
    counts: {
      decoys: 62,
      changed: 0,
      missing: 0,
      processes: lengthOf(given.processes),
      files: lengthOf(given.files),
      network: lengthOf(given.network),
      ...(given.counts as object | undefined),
    },
  });
  const report = ImmunizeReport.parse({
    case: facts.case,
    sample: facts.sample,
    verdict: facts.verdict,
    severity: facts.severity,
    why: facts.why,
    family: facts.family,
    behaviour: facts.behaviour,
    infection: null,
    prescription: prescription ? "out/prescription.json" : null,
    repair: { recipes: 0, why: null },
    proof: null,
    gaveUp: null,
    seconds: { total: 21.4, chamber: 12.9, signature: 1.3, proof: 5.1 },
    secondGeneration: null,
    chamber: facts.chamber.kind,
    trust: facts.chamber.trust,
    ...reported,
  });
  return { name, report, facts, prescription: prescription ? Prescription.parse(prescription) : null };
}
