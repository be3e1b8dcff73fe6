/** Words of STIX's open vocabularies (section 10) for what an analysis says. */
import type { AnalysisFacts, FileType, Verdict } from "@thymus/contracts";

/** Section 10.17, malware types; null where the verdict claims no malware. */
export const malwareTypes: Readonly<Record<Verdict, string | null>> = {
  infector: "virus",
  ransomware: "ransomware",
  wiper: "wiper",
  dropper: "dropper",
  worm: "worm",
  thief: "spyware",
  harmless: null,
  unknown: null,
};

/** Section 10.16, results of an analysis. */
export const resultOf = (verdict: Verdict): "malicious" | "benign" | "unknown" =>
  verdict === "harmless" ? "benign" : verdict === "unknown" ? "unknown" : "malicious";

export const languages: Readonly<Partial<Record<FileType, string>>> = {
  node: "javascript",
  npm: "javascript",
  perl: "perl",
  php: "php",
  python: "python",
};

const byVerdict: Readonly<Partial<Record<Verdict, string>>> = {
  infector: "infects-files",
  ransomware: "compromises-data-availability",
  wiper: "compromises-data-integrity",
  dropper: "installs-other-components",
  worm: "infects-remote-machines",
};
const byTechnique: readonly [RegExp, string][] = [
  [/^T1(053|543|546|547)\b/, "persists-after-system-reboot"],
  [/^T1497\b/, "anti-sandbox"],
  [/^T1622\b/, "anti-debugging"],
  [/^T1070\b/, "cleans-traces-of-infection"],
  [/^T1564\b/, "hides-artifacts"],
  [/^T1562\b/, "degrades-security-software"],
  [/^T1(548|068)\b/, "escalates-privileges"],
];

/** Section 10.15, what the malware can do; only what the facts show. */
export function capabilitiesOf({ verdict, behaviour, thefts }: AnalysisFacts): string[] {
  const found = new Set<string>();
  const own = byVerdict[verdict];
  if (own) found.add(own);
  if (thefts.some((theft) => theft.how !== "read")) found.add("steals-authentication-credentials");
  if (thefts.some((theft) => theft.how === "sent")) found.add("exfiltrates-data");
  for (const { technique } of behaviour)
    for (const [pattern, word] of byTechnique) if (pattern.test(technique)) found.add(word);
  return [...found].sort();
}
