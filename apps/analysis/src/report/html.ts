/**
 * `report.html`: one self-contained page without any script, dark and light, for a desk, a phone and paper. A person
 * reads its top in a minute; everything below unfolds. Whatever came from a sample is escaped and bounded.
 */
import type { AnalysisFacts, ImmunizeReport, Prescription } from "@thymus/contracts";
import { html } from "./markup.ts";
import { limitsPart, runsPart, techniquesPart } from "./parts/background.ts";
import { proofPart, repairPart, rulePart } from "./parts/cure.ts";
import { decoysPart } from "./parts/decoys.ts";
import { filesPart } from "./parts/files.ts";
import { networkPart } from "./parts/network.ts";
import { processesPart } from "./parts/processes.ts";
import { storyPart } from "./parts/story.ts";
import { theftsPart } from "./parts/thefts.ts";
import { verdictPart } from "./parts/verdict.ts";
import { reportStyle } from "./style.ts";
import { verdictWords } from "./words.ts";

/**
 * The page of one case. Sections without content are left out.
 * @param facts what the analysis saw; where it and `report` say the same thing, `facts` is shown
 * @returns a document of less than `MAX_PAGE_BYTES` bytes
 */
export function renderReport(
  report: ImmunizeReport,
  facts: AnalysisFacts,
  prescription: Prescription | null,
): string {
  const parts = [
    verdictPart(report, facts, prescription),
    storyPart(facts),
    theftsPart(facts),
    decoysPart(facts),
    filesPart(facts),
    processesPart(facts),
    networkPart(facts),
    prescription && rulePart(prescription),
    prescription && repairPart(prescription, report),
    proofPart(report, prescription),
    techniquesPart(facts),
    runsPart(facts, report),
    limitsPart(facts),
  ].filter((part) => part !== null);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${verdictWords[facts.verdict]}: ${facts.case}</title>
<style>${reportStyle}</style></head>
<body class="${facts.severity}"><header class="top"><p><strong>Thymus</strong> analysis report</p><p class="case"><span class="vh">Case </span><code>${facts.case}</code></p></header>
<main>${parts}</main>
<footer><p>The same facts for programs: <code>report.json</code>, <code>facts.json</code> and <code>stix.json</code>, beside this page.</p></footer></body></html>
`.text;
}
