/** Rules over what became of the decoys. */
import { signsOf } from "../facts.ts";
import { FEW, type VerdictRule } from "./rule.ts";

const noted = (facts: Parameters<VerdictRule["why"]>[0]) =>
  signsOf(facts, "ransom-note").length > 0 ? ", and a note asks for money" : "";

export const ransomwareRules: readonly VerdictRule[] = [
  {
    id: "decoys-encrypted",
    verdict: "ransomware",
    severity: "critical",
    holds: (f) => f.scrambled >= FEW && f.scrambled > f.hostKept,
    why: (f) =>
      `${f.scrambled} decoys were replaced by random-looking bytes${f.renamed > 0 ? `, ${f.renamed} of them renamed` : ""}${noted(f)}`,
    techniques: ["T1486"],
  },
  {
    id: "decoys-held-for-money",
    verdict: "ransomware",
    severity: "critical",
    holds: (f) =>
      f.scrambled + f.wiped + (f.missing - f.moved) >= FEW && signsOf(f, "ransom-note").length > 0,
    why: (f) => `${f.scrambled + f.wiped + (f.missing - f.moved)} decoys are gone or unreadable${noted(f)}`,
    techniques: ["T1486", "T1485"],
  },
];

export const infectionRules: readonly VerdictRule[] = [
  {
    id: "programs-infected",
    verdict: "infector",
    severity: "high",
    holds: (f) => f.changedPrograms > 0 && f.hostKept > 0 && f.hostKept >= f.wiped,
    why: (f) => `${f.changedPrograms} program decoys were changed and still hold their original code`,
    techniques: ["T1554"],
  },
  {
    id: "documents-infected",
    verdict: "infector",
    severity: "high",
    holds: (f) => f.documentsAlike >= FEW && f.hostKept >= f.wiped,
    why: (f) => `${f.documentsAlike} documents were given the same content in addition to their own`,
    techniques: ["T1565.001"],
  },
];

export const wiperRules: readonly VerdictRule[] = [
  {
    id: "decoys-destroyed",
    verdict: "wiper",
    severity: "critical",
    holds: (f) => f.wiped + (f.missing - f.renamed) >= FEW,
    why: (f) => `${f.wiped} decoys were emptied or overwritten and ${f.missing - f.renamed} deleted`,
    techniques: ["T1485"],
  },
  {
    id: "machine-exhausted",
    verdict: "wiper",
    severity: "high",
    holds: (f) => signsOf(f, "fork-bomb").length > 0,
    why: (f) => `it ${signsOf(f, "fork-bomb")[0]!.what}: nobody could work on this machine any more`,
    techniques: ["T1499.001"],
  },
];

export const overwriteRules: readonly VerdictRule[] = [
  {
    id: "programs-overwritten",
    verdict: "infector",
    severity: "high",
    holds: (f) => f.changedPrograms >= FEW,
    why: (f) => `${f.changedPrograms} program decoys were overwritten with foreign content`,
    techniques: ["T1554"],
  },
];
