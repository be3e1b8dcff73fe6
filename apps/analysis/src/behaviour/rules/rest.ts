/** The honest ends: what cannot be told, and what has earned to be called harmless. */
import type { Facts } from "../facts.ts";
import type { VerdictRule } from "./rule.ts";

/** Share of unseen events above which nothing good can be said. */
const MUCH_UNSEEN = 0.05;
const suspicious = (facts: Facts) => facts.signs.filter((sign) => sign.weight !== "note");
const list = (facts: Facts) =>
  [...new Set(suspicious(facts).map((sign) => sign.what))].slice(0, 3).join("; it ");

const unknown = (
  id: string,
  severity: VerdictRule["severity"],
  holds: VerdictRule["holds"],
  why: VerdictRule["why"],
): VerdictRule => ({ id, verdict: "unknown", severity, holds, why, techniques: [] });

export const unknownRules: readonly VerdictRule[] = [
  unknown(
    "few-decoys-changed",
    "low",
    (f) => f.changedPrograms + f.changedDocuments - f.rewritten > 0,
    (f) => `${f.changedPrograms + f.changedDocuments} decoys were changed, too few to tell why`,
  ),
  unknown(
    "decoys-renamed",
    "low",
    (f) => f.missing > 0 && f.missing === f.moved && f.movedAlike < f.moved,
    (f) => `${f.moved} decoys have new names and the same content as before`,
  ),
  unknown(
    "few-decoys-gone",
    "low",
    (f) => f.missing > f.moved,
    (f) => `${f.missing - f.moved} decoys are gone, too few to tell why`,
  ),
  unknown(
    "suspicious",
    "medium",
    (f) => suspicious(f).length > 0,
    (f) => `it ${list(f)}: honest programs do that too, so a person should look`,
  ),
  unknown(
    "no-end",
    "low",
    (f) => f.ended === "host-timeout",
    () => "the chamber did not come to an end within its time",
  ),
  unknown(
    "still-running",
    "low",
    (f) => f.ended === "timeout",
    () => "the sample was still running when its time was over and had touched nothing",
  ),
  unknown(
    "killed",
    "low",
    (f) => (f.exitStatus ?? 0) > 128 && f.exitStatus! <= 128 + 64,
    (f) => `the sample was ended by signal ${f.exitStatus! - 128} before it touched anything`,
  ),
  unknown(
    "not-started",
    "low",
    (f) => f.exitStatus === 126 || f.exitStatus === 127,
    (f) => `the sample could not run here (exit status ${f.exitStatus})`,
  ),
  unknown(
    "unseen",
    "low",
    (f) => f.unseen > 0 && f.unseen > f.traceEvents * MUCH_UNSEEN,
    (f) => `${f.unseen} of the things that it did were not seen, too many to call it harmless`,
  ),
];

export const harmlessRules: readonly VerdictRule[] = [
  {
    id: "harmless",
    verdict: "harmless",
    severity: "none",
    holds: () => true,
    why: (f) => {
      const changed =
        f.rewritten > 0 ? `${f.rewritten} pictures were made anew and are still pictures; ` : "";
      const moved = f.moved > 0 ? `${f.moved} decoys have new names, their content is the same; ` : "";
      const touched = changed + moved || `none of ${f.decoys} decoys was touched; `;
      const own = f.dropped > 0 ? `; ${f.dropped} new files are its own` : "";
      return `it ran to its end, ${touched}nothing suspicious was seen${own}`;
    },
    techniques: [],
  },
];
