/** The tale of a run that a person reads in a minute: ordered steps, many equal ones merged into one. Pure. */
import type { StoryStep } from "@thymus/contracts";
import type { Facts } from "../facts.ts";
import { at, plain, plural, short } from "../signs/sign.ts";
import type { RunView } from "../view.ts";

const MAX_STEPS = 200;
/** Steps of one kind that are told one by one; beyond that they are one step. */
const ONE_BY_ONE = 3;

const changing = new Set(["open-write", "unlink", "rename"]);

/** What became of decoys, with the time at which it began. */
function decoySteps(view: RunView, facts: Facts): StoryStep[] {
  const paths = new Set(view.input.changed.map((decoy) => decoy.path));
  const first = view.events.find((event) => changing.has(event.what) && paths.has(event.path ?? ""));
  const t = first?.t ?? 0;
  const examples = (of: readonly string[]) =>
    `${of
      .slice(0, 4)
      .map((path) => short(path, view.home))
      .join(", ")}${of.length > 4 ? ` and ${of.length - 4} more` : ""}`;
  const changed = view.input.changed.filter((decoy) => decoy.after !== null).map((decoy) => decoy.path);
  const missing = view.input.changed.filter((decoy) => decoy.after === null).map((decoy) => decoy.path);
  const steps: StoryStep[] = [];
  const step = (what: string, technique: string | null, evidence: string, weight: StoryStep["weight"]) =>
    steps.push({ t, what, technique, evidence, weight });
  if (facts.scrambled > 0)
    step(
      `made ${plural(facts.scrambled, "file")} unreadable`,
      "T1486",
      examples([...changed, ...missing]),
      "harmful",
    );
  if (facts.wiped > 0) step(`emptied ${plural(facts.wiped, "file")}`, "T1485", examples(changed), "harmful");
  if (facts.hostKept > 0 && facts.changedPrograms > 0)
    step(`infected ${plural(facts.changedPrograms, "program")}`, "T1554", examples(changed), "harmful");
  else if (facts.hostKept > 0)
    step(`added to ${plural(facts.hostKept, "document")}`, "T1565.001", examples(changed), "suspicious");
  const other =
    facts.changedPrograms +
    facts.changedDocuments -
    facts.scrambled -
    facts.wiped -
    facts.hostKept -
    facts.rewritten;
  if (other > 0) step(`overwrote ${plural(other, "file")}`, "T1565.001", examples(changed), "suspicious");
  if (facts.rewritten > 0)
    step(`made ${plural(facts.rewritten, "picture")} anew`, null, examples(changed), "note");
  if (facts.moved > 0) step(`renamed ${plural(facts.moved, "file")}`, null, examples(missing), "note");
  if (facts.missing > facts.renamed)
    step(
      `deleted ${plural(facts.missing - facts.renamed, "file")} of others`,
      "T1485",
      examples(missing),
      "harmful",
    );
  return steps;
}

/** New files that no sign speaks of, as one step. */
function newFiles(view: RunView): StoryStep[] {
  const fresh = view.result.dropped.filter((file) => !view.wasThere(file.path)).map((file) => file.path);
  if (fresh.length === 0) return [];
  const first = view.events.find((event) => event.what === "open-write" && fresh.includes(event.path ?? ""));
  const names = fresh.slice(0, 3).map((path) => short(path, view.home));
  return [
    {
      t: first?.t ?? 0,
      what: `made ${plural(fresh.length, "new file")}: ${names.join(", ")}${fresh.length > 3 ? ", …" : ""}`,
      technique: null,
      evidence: `${plural(fresh.length, "file")} that were not there before`,
      weight: "note",
    },
  ];
}

function end(view: RunView): StoryStep {
  const { ended, exitStatus } = view.result;
  const t = Math.max(0, ...view.events.map((event) => event.t));
  const what =
    ended === "exited"
      ? (exitStatus ?? 0) > 128
        ? `was ended by signal ${exitStatus! - 128}`
        : `ended with status ${exitStatus ?? 0}`
      : "was still running when its time was over";
  return {
    t,
    what,
    technique: null,
    evidence: `${plural(view.events.length, "trace event")}`,
    weight: "note",
  };
}

/** Many signs of one kind and weight are one step that says how many. */
function merged(facts: Facts): StoryStep[] {
  const groups = new Map<string, Facts["signs"][number][]>();
  for (const sign of facts.signs) {
    const key = `${sign.id} ${sign.weight}`;
    groups.set(key, [...(groups.get(key) ?? []), sign]);
  }
  return [...groups.values()].flatMap((signs) => {
    const [first] = signs as [(typeof signs)[number]];
    if (signs.length <= ONE_BY_ONE)
      return signs.map(({ t, what, technique, evidence, weight }) => ({
        t,
        what,
        technique,
        evidence,
        weight,
      }));
    const last = signs.at(-1)!;
    return [
      {
        t: first.t,
        what: `${first.what}, and ${signs.length - 1} more like it until ${at(last.t)}`,
        technique: first.technique,
        evidence: signs
          .slice(0, 5)
          .map((sign) => sign.evidence)
          .join("; "),
        weight: first.weight,
      },
    ];
  });
}

/** The story of a run. Times are seconds since the sample started. */
export function tellStory(view: RunView, facts: Facts): StoryStep[] {
  const steps = [...merged(facts), ...decoySteps(view, facts), ...newFiles(view)].sort((a, b) => a.t - b.t);
  return [...steps.slice(0, MAX_STEPS - 1), end(view)].map((step) => ({
    ...step,
    what: plain(step.what),
    evidence: plain(step.evidence),
  }));
}
