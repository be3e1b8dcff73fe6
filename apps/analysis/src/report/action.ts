/** What a person who reads the report does now. Pure. */
import type { AnalysisFacts, ImmunizeReport, Prescription, Theft } from "@thymus/contracts";
import { credentialWord } from "./credentials.ts";
import { count, grouped, sentence } from "./words.ts";

export interface Action {
  /** `made`: found and repaired; `detects`: found only; `person`: somebody has to decide; `none`: nothing to do. */
  readonly state: "made" | "detects" | "person" | "none";
  readonly title: string;
  readonly text: string;
  /** What was shown before the prescription may act, each in a few words. */
  readonly proved: readonly string[];
  /** Further steps, each a sentence. */
  readonly steps: readonly string[];
  /** Why there is no prescription, as the analysis names it. */
  readonly code: string | null;
}

export function whatToDo(
  report: ImmunizeReport,
  facts: AnalysisFacts,
  prescription: Prescription | null,
): Action {
  const steps = stepsFor(facts);
  if (prescription) return cure(report, prescription, steps);
  if (report.verdict === "harmless" && !report.gaveUp)
    return {
      state: "none",
      title: "Nothing to do",
      text: "It needs no prescription.",
      proved: [],
      steps,
      code: null,
    };
  return {
    state: "person",
    title: report.verdict === "unknown" ? "A person should look at it" : "A person is needed",
    text: `There is no prescription: ${noPrescription(report)}`,
    proved: [],
    steps,
    code: report.gaveUp?.code ?? null,
  };
}

function cure(report: ImmunizeReport, prescription: Prescription, steps: readonly string[]): Action {
  const { decoys, goodware, programs } = prescription.proof;
  const infected = decoys.infected + decoys.freshInfected;
  const found = programs
    ? `${grouped(programs.detected)} of ${count(programs.samples, "sample")} found`
    : `${grouped(decoys.detected + decoys.freshDetected)} of ${count(infected, "infected decoy")} found`;
  const spared = `${grouped(goodware.matches)} of ${count(goodware.files, "goodware file")} hit`;
  if (programs)
    return {
      state: "detects",
      title: "A prescription finds this program",
      text: "What it finds is held in quarantine. It was made from this sample alone: other versions may escape it.",
      proved: [found, spared],
      steps,
      code: null,
    };
  if (prescription.repair.length === 0)
    return {
      state: "detects",
      title: "A prescription finds this family; it cannot repair it",
      text: `Infected files are held in quarantine. ${sentence(report.repair.why ?? "no repair could be proved")}`,
      proved: [found, spared],
      steps: ["Bring held files back from a backup, or install their packages again.", ...steps],
      code: null,
    };
  const restored = `${grouped(decoys.repaired + decoys.freshRepaired)} of ${grouped(infected)} restored byte for byte`;
  return {
    state: "made",
    title: "A prescription finds this family and repairs it",
    text: "Every machine that receives it gives infected files back as they were. Proved:",
    proved: [found, restored, spared],
    steps: report.repair.why
      ? [`What the repair refuses is held in quarantine: ${sentence(report.repair.why)}`, ...steps]
      : steps,
    code: null,
  };
}

function noPrescription(report: ImmunizeReport): string {
  if (report.gaveUp) return sentence(report.gaveUp.why).replace(/^./, (first) => first.toLowerCase());
  if (report.verdict === "unknown") return "what it does is not understood.";
  if (!report.infection)
    return "it put nothing of itself into a decoy, so there is nothing from which a rule could be learnt. The sample itself is known by its SHA-256.";
  return "none could be proved.";
}

/** A secret has left or was used: `read` alone proves nothing. */
export const proven = (theft: Theft): boolean => theft.how !== "read";

/** The kinds of secrets that a run has proved to be stolen, in words, each once. */
export const stolenKinds = (facts: AnalysisFacts): string[] => [
  ...new Set(facts.thefts.filter(proven).map((theft) => credentialWord(theft.credential))),
];

function stepsFor(facts: AnalysisFacts): string[] {
  const steps: string[] = [];
  const { verdict } = facts;
  if (verdict === "ransomware" || verdict === "wiper" || verdict === "worm")
    steps.push("Take every machine on which it ran off the network.");
  if (verdict === "ransomware")
    steps.push("Restore files from a backup from before; keep the encrypted ones.");
  if (verdict === "wiper") steps.push("Restore what is gone from a backup.");
  const kinds = stolenKinds(facts);
  if (kinds.length > 0) steps.push(`Replace these secrets wherever it ran: ${kinds.slice(0, 6).join(", ")}.`);
  if (verdict === "dropper") {
    const planted = facts.files.filter((file) => file.what === "created" && !file.decoy).length;
    if (planted > 0) steps.push(`Remove what it planted: ${count(planted, "new file")}, listed below.`);
  }
  if (verdict === "unknown")
    steps.push("Do not run it where it could matter; a longer --budget may show more.");
  return steps;
}
