import { ThymusError } from "@thymus/contracts";
import type { RuleSource } from "./engine.ts";

/** The one form in which both engines tell that a rule does not compile. */
export function ruleInvalid(source: RuleSource | null, cause: unknown): ThymusError {
  const message = textOf(cause).replace(/^Compilation error \(E\d+\): /, "");
  const where = source ? `rule source ${JSON.stringify(source.namespace)}` : "the rules";
  return new ThymusError("RULE_INVALID", `${where}: ${message}`, "correct the rule; its syntax is YARA-X's", {
    cause,
  });
}

export function scanFailed(cause: unknown): ThymusError {
  return new ThymusError(
    "TOOL_FAILED",
    `the rules could not be applied: ${textOf(cause)}`,
    "make the rules simpler or scan this file alone",
    { cause },
  );
}

/** Text of anything thrown: the WebAssembly build throws plain objects and strings. */
function textOf(thrown: unknown): string {
  if (typeof thrown === "object" && thrown !== null && "message" in thrown) return String(thrown.message);
  return String(thrown);
}
