/** The prescription: its rule, its repair in words and as a recipe, and the table of its proof. */
import type { ImmunizeReport, Prescription } from "@thymus/contracts";
import { clip, shares, within } from "../bounds.ts";
import { shallowJson } from "../json.ts";
import { html, type Markup } from "../markup.ts";
import { repairWords } from "../repair-words.ts";
import { count, grouped, sentence, size, typeWord } from "../words.ts";
import { highlightYara } from "../yara.ts";
import { more, scroller, section } from "./section.ts";

export function rulePart({ detect, family, id }: Prescription): Markup {
  return section({
    id: "rule",
    title: "The rule",
    gist: `finds family ${family} in ${detect.scope.map(typeWord).join(", ")}`,
    open: false,
    body: html`<p class="hint">Prescription <code>${id}</code>. YARA-X and YARA 4 both compile it; it is in <code>rule.yar</code> too.</p><pre tabindex="0" class="yara">${highlightYara(detect.rule.trimEnd())}</pre>`,
  });
}

export function repairPart({ repair, proof }: Prescription, report: ImmunizeReport): Markup {
  const why = report.repair.why;
  if (repair.length === 0)
    return section({
      id: "repair",
      title: "The repair",
      gist: "none",
      open: false,
      body: html`<p>There is no repair: ${clip(sentence(why ?? "none could be proved"), 600)} ${proof.programs ? "What the rule finds is" : "Infected files are"} held in quarantine.</p>`,
    });
  const recipes = within(
    shares.recipe / 2,
    repair,
    (recipe) =>
      html`<ol class="recipe">${repairWords(recipe)
        .slice(0, 40)
        .map((words) => html`<li>${words}</li>`)}</ol>`,
  );
  const json = shallowJson(repair);
  return section({
    id: "repair",
    title: "The repair",
    gist: `${count(repair.length, "recipe")}${why ? ", does not fit every file" : ", gives files back byte for byte"}`,
    open: false,
    body: html`${why ? html`<p><strong>Not every file:</strong> ${clip(sentence(why), 600)}</p>` : null}${recipes.shown}${more(recipes.left, "recipes")}
<details class="raw"><summary>As a recipe</summary><pre tabindex="0">${clip(json, shares.recipe / 4)}</pre></details>`,
  });
}

export function proofPart(report: ImmunizeReport, prescription: Prescription | null): Markup | null {
  const proof = report.proof;
  if (!proof) return null;
  const { programs } = proof;
  const rows: readonly [string, number, number, number][] = [
    ["learned from", proof.infected, proof.detected, proof.repaired],
    ["fresh, kept back for the proof", proof.freshInfected, proof.freshDetected, proof.freshRepaired],
  ];
  const of = (part: number, whole: number) =>
    html`<td class="n">${grouped(part)}${part === whole ? html` <span class="ok" aria-hidden="true">✓</span>` : html` <span class="soft">of ${grouped(whole)}</span>`}</td>`;
  const found = programs?.detected ?? proof.detected + proof.freshDetected;
  const all = programs?.samples ?? proof.infected + proof.freshInfected;
  return section({
    id: "proof",
    title: "The proof",
    gist: `${grouped(found)} of ${count(all, programs ? "sample" : "infected decoy")} found, ${grouped(proof.falsePositives)} of ${count(proof.goodwareFiles, "goodware file")} hit`,
    open: false,
    body: html`${
      programs
        ? html`<p>The rule is of the sample itself, which leaves nothing in other files. It was tried on the sample and on clean decoys.</p>`
        : scroller(
            "Proof",
            html`<table><thead><tr><th scope="col">Decoys</th><th scope="col" class="n">Infected</th><th scope="col" class="n">Found</th><th scope="col" class="n">Restored byte for byte</th></tr></thead><tbody>${rows.map(
              ([name, infected, detected, repaired]) =>
                html`<tr><th scope="row">${name}</th><td class="n">${grouped(infected)}</td>${of(detected, infected)}${of(repaired, infected)}</tr>`,
            )}</tbody></table>`,
          )
    }<p>${grouped(proof.falsePositives)} of ${count(proof.goodwareFiles, "goodware file")} (${size(proof.goodwareBytes)}) match the rule.${secondGeneration(report)}${familyProof(prescription)}</p>${
      prescription
        ? html`<p class="hint">Corpus <code class="hash">${prescription.proof.goodware.corpus}</code><br>Evidence <code class="hash">${prescription.proof.evidence}</code><br>Run it again: <code>npx thymus verify prescription.json</code></p>`
        : null
    }`,
  });
}

/** A rule of several samples says on how many it was tried. */
function familyProof(prescription: Prescription | null): string {
  const members = prescription?.proof.members;
  if (!members) return "";
  const { samples, detected, heldOut, heldOutDetected } = members;
  return ` Of ${count(samples, "sample")} of the family it finds ${grouped(detected)} whole; of ${grouped(heldOut)} that it was not learned from, ${grouped(heldOutDetected)}.`;
}

function secondGeneration({ secondGeneration: second }: ImmunizeReport): string {
  if (!second) return "";
  return ` Infected decoys were run among fresh ones in ${count(second.runs, "run")}: ${
    second.infected > 0
      ? `they infected ${grouped(second.infected)}, so it replicates.`
      : "they infected none."
  }`;
}
