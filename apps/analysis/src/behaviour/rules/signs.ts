/** Rules over signs: each rests on one that no honest program shows unasked. */
import type { Severity, Verdict } from "@thymus/contracts";
import { type Facts, signOf, signsOf } from "../facts.ts";
import type { SignId } from "../signs/index.ts";
import type { VerdictRule } from "./rule.ts";

const first = (facts: Facts, ids: readonly SignId[]) => signOf(facts, ...ids)!;
const more = (count: number) => (count > 1 ? `, and ${count - 1} more like it` : "");

/** A rule that holds where a sign of these kinds is harmful. */
function bySign(
  id: string,
  verdict: Verdict,
  severity: Severity,
  words: string,
  ...ids: SignId[]
): VerdictRule {
  return {
    id,
    verdict,
    severity,
    holds: (facts) => signOf(facts, ...ids) !== null,
    why: (facts) =>
      `it ${first(facts, ids).what}${more(
        new Set(
          signsOf(facts, ...ids)
            .filter((s) => s.weight === "harmful")
            .map((s) => s.what),
        ).size,
      )}: ${words}`,
    techniques: [],
  };
}

export const wormRules: readonly VerdictRule[] = [
  bySign("packages-poisoned", "worm", "critical", "everybody who installs that is next", "publishes-itself"),
  bySign("mails-itself", "worm", "critical", "everybody who opens the mail is next", "mail-itself"),
  bySign(
    "copies-itself-over",
    "worm",
    "critical",
    "the other machine is next",
    "spreads-by-ssh",
    "sends-itself",
  ),
];

export const thiefRules: readonly VerdictRule[] = [
  bySign("secret-left", "thief", "high", "nobody but a thief has a reason to send that", "secret-sent"),
  bySign("secret-misused", "thief", "high", "that secret was never given to it", "secret-used"),
  {
    id: "collected-and-sent",
    verdict: "thief",
    severity: "high",
    holds: (f) => signsOf(f, "collects-credentials").length > 0 && signsOf(f, "archive-sent").length > 0,
    why: (f) =>
      `it ${signsOf(f, "collects-credentials")[0]!.what} and then ${signsOf(f, "archive-sent")[0]!.what}: what was in it nobody can see`,
    techniques: ["T1020"],
  },
  bySign("files-left", "thief", "high", "nothing on this machine asked for that", "personal-sent"),
];

/** Covering one's traces by itself is no crime; with something hidden it is how droppers live. */
const hides: SignId[] = [
  "self-copy-hidden",
  "hidden-program",
  "starts-own-program",
  "runs-downloaded",
  "runs-encoded",
];
const covers: SignId[] = [
  "self-deleted",
  "history-cleared",
  "logs-cleared",
  "timestomp-hidden",
  "debugger-check",
  "chamber-check",
  "long-sleep",
];

export const dropperRules: readonly VerdictRule[] = [
  bySign(
    "shell-opened",
    "dropper",
    "critical",
    "whoever is there commands this machine",
    "shell-for-stranger",
  ),
  bySign(
    "key-planted",
    "dropper",
    "high",
    "its owner can come back at any time",
    "key-added",
    "account-made",
  ),
  bySign(
    "library-planted",
    "dropper",
    "high",
    "its code would run in every program",
    "preload-planted",
    "module-asked",
  ),
  bySign("memory-taken", "dropper", "high", "its code would run under another's name", "injection"),
  bySign("runs-without-file", "dropper", "high", "no file is left for anybody to look at", "fileless"),
  bySign("rights-kept", "dropper", "high", "whoever runs that has its owner's rights", "setuid-set"),
  bySign("stays-hidden", "dropper", "high", "it would be there after the next start", "starts-hidden"),
  bySign(
    "fetches-and-runs",
    "dropper",
    "high",
    "what is fetched next time may be anything",
    "runs-downloaded",
  ),
  bySign("mines", "dropper", "medium", "the machine computes for somebody else", "miner"),
  {
    id: "hides-and-covers",
    verdict: "dropper",
    severity: "high",
    holds: (f) =>
      signsOf(f, ...hides).some((s) => s.weight !== "note") &&
      signsOf(f, ...covers).some((s) => s.weight !== "note"),
    why: (f) =>
      `it ${signsOf(f, ...hides).find((s) => s.weight !== "note")!.what} and ${signsOf(f, ...covers).find((s) => s.weight !== "note")!.what}: what is honest needs neither`,
    techniques: ["T1564.001"],
  },
];
