import { ThymusError } from "@thymus/contracts/errors";
import type { RuleSource, SourceFault } from "./engine.ts";

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

/** What a compiler said of a source, by line; line 0 where it named none. */
export function faultsOf(messages: readonly string[] | undefined, thrown: unknown): SourceFault[] {
  const all = messages && messages.length > 0 ? messages : [textOf(thrown)];
  return all.map((message) => ({
    line: Number(/-->\s*line:(\d+)/.exec(message)?.[1] ?? 0),
    message: message.split("\n")[0]!.replace(/^error\[E\d+\]: /, ""),
  }));
}

/** Text of anything thrown: the WebAssembly build throws plain objects and strings. */
function textOf(thrown: unknown): string {
  if (typeof thrown === "object" && thrown !== null && "message" in thrown) return String(thrown.message);
  return String(thrown);
}
