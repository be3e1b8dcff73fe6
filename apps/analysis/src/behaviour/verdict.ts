/** The verdict over facts, and the techniques of MITRE ATT&CK that they show. Pure. */
import type { Behaviour, Severity, Verdict } from "@thymus/contracts";
import type { Facts } from "./facts.ts";
import { ruleFor } from "./rules/index.ts";
import { catalogue } from "./signs/index.ts";

export interface Judgement {
  readonly verdict: Verdict;
  readonly severity: Severity;
  readonly why: string;
  /** Identifier of the rule that held. */
  readonly rule: string;
}

export function judge(facts: Facts): Judgement {
  const rule = ruleFor(facts);
  return { verdict: rule.verdict, severity: rule.severity, why: rule.why(facts), rule: rule.id };
}

const order = { harmful: 0, suspicious: 1, note: 2 };

/** What the facts show, one entry a technique, the worst first, each with its evidence. */
export function describeBehaviour(facts: Facts, verdict: Verdict): Behaviour[] {
  const found: Behaviour[] = [];
  const add = (technique: string, what: string, evidence: string) => {
    if (!found.some((each) => each.technique === technique)) found.push({ technique, what, evidence });
  };
  if (verdict === "infector" && facts.changedPrograms === 0)
    add("T1565.001", "Changes documents of others", `${facts.changedDocuments} documents changed`);
  else if (verdict === "infector")
    add(
      "T1554",
      "Changes programs that are already there",
      `${facts.changedPrograms} program decoys changed`,
    );
  if (verdict === "ransomware")
    add("T1486", "Encrypts files of others", `${facts.scrambled} decoys became random-looking`);
  if (verdict === "wiper" && facts.wiped + facts.missing > 0)
    add("T1485", "Destroys files of others", `${facts.wiped} decoys emptied, ${facts.missing} deleted`);
  for (const sign of [...facts.signs].sort((a, b) => order[a.weight] - order[b.weight]))
    if (sign.technique !== null) {
      const about =
        sign.id === "interpreter" ? `Runs ${sign.what.replace(/^ran /, "")}` : catalogue[sign.id][2];
      add(
        sign.technique,
        about,
        sign.id === "interpreter" ? sign.evidence : `${sign.what}: ${sign.evidence}`.slice(0, 1024),
      );
    }
  return found.slice(0, 200);
}
