/** `report.html`: one self-contained page, dark and light, printable. Everything that came from a sample is escaped. */
import type { ImmunizeReport, Prescription } from "@thymus/contracts";
import type { AnalyseResult, Excerpt } from "../worker/protocol.ts";
import { reportStyle } from "./style.ts";

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
/** Escapes text for HTML; control and direction characters become visible. */
export const escapeHtml = (text: string): string =>
  text
    .replace(/[&<>"']/g, (character) => escapes[character]!)
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, "\ufffd");

const verdictWords: Readonly<Record<ImmunizeReport["verdict"], string>> = {
  infector: "It infects other programs",
  ransomware: "It encrypts files for ransom",
  wiper: "It destroys files",
  dropper: "It plants other programs",
  worm: "It spreads to other machines",
  thief: "It steals secrets",
  harmless: "It harmed nothing here",
  unknown: "It is not understood",
};

export function renderReport(
  report: ImmunizeReport,
  analysed: AnalyseResult,
  prescription: Prescription | null,
): string {
  const state = report.verdict === "harmless" ? "good" : report.verdict === "unknown" ? "open" : "bad";
  const sections = [
    facts(report, analysed),
    report.behaviour.length > 0 ? behaviour(report) : "",
    analysed.excerpts.length > 0 ? changes(analysed.excerpts) : "",
    prescription ? cure(prescription, report) : "",
    report.proof ? proofTable(report) : "",
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(verdictWords[report.verdict])}: ${report.case}</title><style>${reportStyle}</style></head>
<body><header class="${state}"><p class="kind">Thymus analysis report</p>
<h1>${escapeHtml(verdictWords[report.verdict])}</h1>
<p>${escapeHtml(analysed.why)}.</p>${report.gaveUp ? `<p class="gave-up"><strong>No prescription (${escapeHtml(report.gaveUp.code)}):</strong> ${escapeHtml(report.gaveUp.why)}</p>` : ""}
</header><main>${sections.join("\n")}</main>
<footer>Case ${report.case}. Chamber ${report.chamber}, ${report.seconds.total.toFixed(1)} seconds in all.</footer></body></html>
`;
}

const row = (name: string, value: string) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`;

function facts(report: ImmunizeReport, analysed: AnalyseResult): string {
  const infection = report.infection;
  return `<section><h2>The sample</h2><table>${[
    row("SHA-256", `<code>${report.sample.sha256}</code>`),
    row("Type and size", `${report.sample.type}, ${report.sample.size} bytes`),
    row(
      "Decoys",
      `${analysed.counts.decoys} laid out, ${analysed.counts.changed} changed, ${analysed.counts.missing} gone`,
    ),
    infection
      ? row(
          "Infection",
          `${infection.mechanism} into ${infection.targets.join(", ") || "nothing"}; ${infection.invariantBytes} bytes stay the same, ${infection.variants} variants`,
        )
      : "",
    row(
      "Trace",
      `${analysed.counts.traceEvents} events${analysed.counts.traceLost ? `, ${analysed.counts.traceLost} lost` : ""}`,
    ),
    row(
      "Seconds",
      `chamber ${report.seconds.chamber.toFixed(1)}, signature ${report.seconds.signature.toFixed(1)}, proof ${report.seconds.proof.toFixed(1)}`,
    ),
  ].join("")}</table></section>`;
}

function behaviour(report: ImmunizeReport): string {
  const rows = report.behaviour.map(
    (fact) =>
      `<tr><td>${escapeHtml(fact.what)}</td><td>${fact.technique}</td><td>${escapeHtml(fact.evidence)}</td></tr>`,
  );
  return `<section><h2>What it did</h2><table><thead><tr><th scope="col">Behaviour</th><th scope="col">ATT&amp;CK</th><th scope="col">Evidence</th></tr></thead><tbody>${rows.join("")}</tbody></table></section>`;
}

/** Printable ASCII as it is, everything else as a dot: like the right column of a hex dump. */
const asText = (hex: string) =>
  Buffer.from(hex, "hex")
    .toString("latin1")
    .replace(/[^\n\x20-\x7e]/g, ".");

function changes(excerpts: readonly Excerpt[]): string {
  const parts = excerpts.map((excerpt) => {
    const hunks = excerpt.hunks.map(
      (hunk) =>
        `<p>at byte ${hunk.at}: ${hunk.removedLength} bytes removed, ${hunk.insertedLength} inserted</p><pre tabindex="0">${
          hunk.removed ? `<del>${escapeHtml(asText(hunk.removed))}</del>` : ""
        }${hunk.inserted ? `<ins>${escapeHtml(asText(hunk.inserted))}</ins>` : ""}</pre>`,
    );
    return `<h3><code>${escapeHtml(excerpt.path)}</code> (${excerpt.type})</h3>${hunks.join("")}`;
  });
  return `<section><h2>How decoys were changed</h2>${parts.join("")}</section>`;
}

function cure(prescription: Prescription, report: ImmunizeReport): string {
  const repair =
    prescription.repair.length > 0
      ? `<p>${prescription.repair.length === 1 ? "One recipe gives" : `${prescription.repair.length} recipes give`} infected files back:</p><pre tabindex="0">${escapeHtml(JSON.stringify(prescription.repair, null, 1))}</pre>`
      : `<p>There is no repair: ${escapeHtml(report.repair.why ?? "none could be proved")}. Infected files are held in quarantine.</p>`;
  return `<section><h2>The prescription</h2><p>Family <strong>${escapeHtml(prescription.family)}</strong>, <code>${prescription.id}</code></p><pre tabindex="0">${escapeHtml(prescription.detect.rule)}</pre>${repair}</section>`;
}

function proofTable(report: ImmunizeReport): string {
  const proof = report.proof!;
  return `<section><h2>The proof</h2><table><thead><tr><th scope="col">Decoys</th><th scope="col">Infected</th><th scope="col">Detected</th><th scope="col">Repaired byte for byte</th></tr></thead><tbody>
<tr><th scope="row">learned from</th><td>${proof.infected}</td><td>${proof.detected}</td><td>${proof.repaired}</td></tr>
<tr><th scope="row">fresh</th><td>${proof.freshInfected}</td><td>${proof.freshDetected}</td><td>${proof.freshRepaired}</td></tr></tbody></table>
<p>${proof.falsePositives} of ${proof.goodwareFiles} goodware files (${(proof.goodwareBytes / 1e6).toFixed(0)} MB) match the rule.</p></section>`;
}
