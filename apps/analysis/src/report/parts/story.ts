/** What happened, as a timeline: what is harmful stands out, what is not folds between. */
import type { AnalysisFacts, StoryStep } from "@thymus/contracts";
import { clip, shares, within } from "../bounds.ts";
import { html, type Markup } from "../markup.ts";
import { count, seconds, sentence } from "../words.ts";
import { more, section } from "./section.ts";

/** Fewest notes in a row that are folded into one line. */
const FOLD = 3;
/** Most steps that are shown unfolded. */
const OPEN = 14;
const labels = { note: null, suspicious: "suspicious", harmful: "harmful" } as const;

export function storyPart({ story }: AnalysisFacts): Markup | null {
  if (story.length === 0) return null;
  const { shown, left } = within(shares.story, story, step);
  const quiet = story.every((each) => each.weight === "note");
  const lines: Markup[] = [];
  let open = 0;
  let at = 0;
  while (at < shown.length) {
    const end = open >= OPEN ? shown.length : endOfNotes(story, at, shown.length);
    if (open >= OPEN || (!quiet && end - at >= FOLD)) {
      lines.push(folded(story.slice(at, end), shown.slice(at, end)));
      at = end;
    } else {
      lines.push(shown[at]!);
      open += 1;
      at += 1;
    }
  }
  const harmful = story.filter((each) => each.weight === "harmful").length;
  return section({
    id: "story",
    title: "What happened",
    gist: `${count(story.length, "step")}${harmful > 0 ? `, ${harmful} of them harmful` : ""}`,
    open: true,
    body: html`<ol class="story">${lines}</ol>${more(left, "steps")}`,
  });
}

function endOfNotes(story: readonly StoryStep[], from: number, most: number): number {
  let end = from;
  while (end < most && story[end]!.weight === "note") end += 1;
  return end;
}

function step({ t, what, technique, evidence, weight }: StoryStep): Markup {
  const label = labels[weight];
  return html`<li class="${weight}"><span class="t">${seconds(t)}</span><div><p class="what">${clip(sentence(what), 400)}${
    label ? html` <span class="tag">${label}</span>` : null
  }${technique ? html` <span class="technique">${technique}</span>` : null}</p>${
    evidence ? html`<p class="evidence">${clip(evidence, 400)}</p>` : null
  }</div></li>
`;
}

function folded(steps: readonly StoryStep[], rendered: readonly Markup[]): Markup {
  const [first, last] = [steps[0]!.t, steps.at(-1)!.t];
  const harmful = steps.filter((each) => each.weight === "harmful").length;
  const what = steps.every((each) => each.weight === "note") ? "smaller step" : "further step";
  const loud = harmful > 0 ? `, ${harmful} of them harmful` : "";
  return html`<li class="fold"><details><summary>${count(steps.length, what)}${loud}, ${seconds(first)} to ${seconds(last)}</summary><ol>${rendered}</ol></details></li>
`;
}
