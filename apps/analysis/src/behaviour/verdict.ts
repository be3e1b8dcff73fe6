/**
 * From facts to a verdict. One row a rule: when it holds, what it means, why. The first that holds wins;
 * `unknown` is an honest end.
 */
import type { Behaviour, Severity, Verdict } from "@thymus/contracts";
import type { Facts } from "./facts.ts";

interface VerdictRule {
  readonly verdict: Verdict;
  readonly holds: (facts: Facts) => boolean;
  readonly why: (facts: Facts) => string;
}

/** Fewest decoys that must have been touched before damage is called intent. */
const FEW = 3;

export const verdictRules: readonly VerdictRule[] = [
  {
    verdict: "ransomware",
    holds: (f) => f.scrambled >= FEW && f.scrambled > f.hostKept,
    why: (f) =>
      `${f.scrambled} decoys were replaced by random-looking bytes${f.renamed > 0 ? `, ${f.renamed} of them renamed` : ""}`,
  },
  {
    verdict: "infector",
    holds: (f) => f.changedPrograms > 0 && f.hostKept > 0 && f.hostKept >= f.wiped,
    why: (f) => `${f.changedPrograms} program decoys were changed and still hold their original code`,
  },
  {
    verdict: "infector",
    holds: (f) => f.documentsAlike >= FEW && f.hostKept >= f.wiped,
    why: (f) => `${f.documentsAlike} documents were given the same content in addition to their own`,
  },
  {
    verdict: "wiper",
    holds: (f) => f.wiped + (f.missing - f.renamed) >= FEW,
    why: (f) => `${f.wiped} decoys were emptied or overwritten and ${f.missing - f.renamed} deleted`,
  },
  {
    verdict: "infector",
    holds: (f) => f.changedPrograms >= FEW,
    why: (f) => `${f.changedPrograms} program decoys were overwritten with foreign content`,
  },
  {
    verdict: "unknown",
    holds: (f) => f.changedPrograms + f.changedDocuments > 0,
    why: (f) => `${f.changedPrograms + f.changedDocuments} decoys were changed, too few to tell why`,
  },
  {
    verdict: "unknown",
    holds: (f) => f.missing > 0,
    why: (f) =>
      f.moved > 0
        ? `${f.moved} decoys have new names and the same content as before`
        : `${f.missing} decoys are gone, too few to tell why`,
  },
  {
    verdict: "dropper",
    holds: (f) => f.autostarts.length > 0,
    why: (f) =>
      `it put ${f.autostarts[0]!.path} where programs are started without being asked for, and touched no decoy`,
  },
  {
    verdict: "unknown",
    holds: (f) => f.ended === "host-timeout",
    why: () => "the chamber did not come to an end within its time",
  },
  {
    verdict: "unknown",
    holds: (f) => f.ended === "timeout",
    why: () => "the sample was still running when its time was over and had touched nothing",
  },
  {
    verdict: "unknown",
    holds: (f) => (f.exitStatus ?? 0) > 128 && f.exitStatus! <= 128 + 64,
    why: (f) => `the sample was ended by signal ${f.exitStatus! - 128} before it touched anything`,
  },
  {
    verdict: "unknown",
    holds: (f) => f.exitStatus === 126 || f.exitStatus === 127,
    why: (f) => `the sample could not run here (exit status ${f.exitStatus})`,
  },
  {
    verdict: "harmless",
    holds: () => true,
    why: (f) =>
      `none of ${f.decoys} decoys was touched${f.dropped > 0 ? `; ${f.dropped} new files are its own` : ""}`,
  },
];

export function judge(facts: Facts): { verdict: Verdict; why: string } {
  const rule = verdictRules.find((candidate) => candidate.holds(facts))!;
  return { verdict: rule.verdict, why: rule.why(facts) };
}

const severities: Readonly<Record<Verdict, Severity>> = {
  infector: "high",
  ransomware: "critical",
  wiper: "critical",
  dropper: "medium",
  worm: "critical",
  thief: "high",
  harmless: "none",
  unknown: "low",
};

export const severityOf = (verdict: Verdict): Severity => severities[verdict];

const interpreters: Readonly<Record<string, string>> = {
  sh: "T1059.004",
  bash: "T1059.004",
  dash: "T1059.004",
  python3: "T1059.006",
  node: "T1059.007",
};

/** Sockets of the machine itself (UNIX domain, netlink, loopback) are no network. */
function reachesOut(address: string): boolean {
  return address.startsWith("inet") && !address.startsWith("inet 127.");
}

/** The techniques of MITRE ATT&CK that the facts show, each with its evidence. */
export function describeBehaviour(facts: Facts, verdict: Verdict): Behaviour[] {
  const found: Behaviour[] = [];
  const add = (technique: string, what: string, evidence: string) =>
    found.push({ technique, what, evidence });
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
  if (verdict === "wiper")
    add("T1485", "Destroys files of others", `${facts.wiped} decoys emptied, ${facts.missing} deleted`);
  for (const { path, technique } of facts.autostarts)
    if (!found.some((each) => each.technique === technique))
      add(technique, "Has itself started again", `wrote ${path}`);
  const used = new Set<string>();
  let deleted = 0;
  let connected = 0;
  for (const event of facts.trace) {
    const technique = event.what === "exec" ? interpreters[event.path?.split("/").at(-1) ?? ""] : undefined;
    if (technique && !used.has(technique)) {
      used.add(technique);
      add(
        technique,
        `Runs ${event.path!.split("/").at(-1)}`,
        `exec of ${event.path} at ${event.t.toFixed(2)} s`,
      );
    }
    if (event.what === "unlink") deleted += 1;
    if (event.what === "connect" && reachesOut(event.detail ?? "")) connected += 1;
  }
  if (verdict !== "harmless" && deleted > 0) add("T1070.004", "Deletes files", `${deleted} files unlinked`);
  if (connected > 0)
    add(
      "T1071",
      "Tries to reach the network",
      `${connected} connect${connected === 1 ? "" : "s"}, none of which left the chamber`,
    );
  return found;
}
