import type { RuleDifference } from "@thymus/contracts";
import type { Pattern } from "../syntax/ast.ts";

/** One way in which YARA 4 and YARA-X differ, before it is said of what. */
export type Way = Pick<RuleDifference, "engine" | "effect" | "message" | "change" | "before">;

export const refusedBy4 = (message: string, change: string, before?: string): Way => ({
  engine: "yara-4",
  effect: "refuses",
  message,
  change,
  ...(before ? { before } : {}),
});
export const refusedByX = (message: string, change: string): Way => ({
  engine: "yara-x",
  effect: "refuses",
  message,
  change,
});
/** Both take it; `message` says how. */
export const meantOtherwise = (message: string, change: string, before?: string): Way => ({
  engine: "yara-4",
  effect: "differs",
  message,
  change,
  ...(before ? { before } : {}),
});

export const of = (pattern: Pattern, ways: readonly Way[]): RuleDifference[] =>
  ways.map((way) => ({ ...way, string: pattern.id, line: pattern.place.line }));
