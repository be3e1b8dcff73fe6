import type { ByteSource, RepairStep } from "@thymus/contracts";
import { evaluateNumber, evaluatePosition, type Subject } from "./evaluate.ts";
import { refuse } from "./refuse.ts";
import { findLines } from "./script/lines.ts";
import { findScript } from "./script/match.ts";
import { bytesOf, growthLimit } from "./source.ts";

/** `bytes` take the place of the file's bytes from `start` to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

const nothing = new Uint8Array(0);

/** Carries out the steps' arithmetic; nothing is changed. @throws ThymusError REPAIR_REFUSED */
export function planEdits(steps: readonly RepairStep[], subject: Subject): Edit[] {
  const decoded = (subject.decoded ?? []).reduce((sum, run) => sum + run.length, 0);
  let left = growthLimit(subject.bytes.length) - decoded;
  return steps.flatMap((step) => {
    if (step.op !== "lines") {
      const edit = planEdit(step, subject, left);
      if ("from" in step && isMade(step.from)) left -= edit.bytes.length;
      return edit;
    }
    return findLines(step.lines, subject.bytes).map((stretch) => ({ ...stretch, bytes: nothing }));
  });
}

/** Whether these bytes take memory of their own: those of the file are only looked at. */
function isMade(source: ByteSource): boolean {
  return "fill" in source || ("copy" in source && (source.decode ?? []).length > 0);
}

function planEdit(step: Exclude<RepairStep, { op: "lines" }>, subject: Subject, limit: number): Edit {
  const size = subject.bytes.length;
  if (step.op === "strip") return { ...findScript(step.script, subject), bytes: nothing };
  const start = evaluatePosition(step.at, subject);
  switch (step.op) {
    case "truncate":
      return { start, end: size, bytes: nothing };
    case "cut": {
      const length = evaluateNumber(step.length, subject);
      if (length < 0 || start + length > size) throw refuse("a cut of the recipe leaves the file");
      return { start, end: start + length, bytes: nothing };
    }
    case "put": {
      const bytes = bytesOf(step.from, subject, limit);
      if (start + bytes.length > size) throw refuse("a put of the recipe leaves the file");
      return { start, end: start + bytes.length, bytes };
    }
    case "insert":
      return { start, end: start, bytes: bytesOf(step.from, subject, limit) };
  }
}

/**
 * Applies edits that all speak about the file as it was found. An insertion may touch the border of another edit,
 * never lie inside one; two insertions at one place have no order and are refused.
 */
export function applyEdits(edits: readonly Edit[], bytes: Uint8Array): Uint8Array {
  const ordered = edits
    .filter((edit) => edit.end > edit.start || edit.bytes.length > 0)
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let size = bytes.length;
  for (const [i, edit] of ordered.entries()) {
    const before = ordered[i - 1];
    if (before !== undefined) {
      const twoInsertions =
        before.end === before.start && edit.end === edit.start && before.start === edit.start;
      if (edit.start < before.end || twoInsertions)
        throw refuse("two steps of the recipe overlap in this file");
    }
    size += edit.bytes.length - (edit.end - edit.start);
  }
  if (size > growthLimit(bytes.length)) throw refuse("the result of the recipe is too large");
  const result = new Uint8Array(size);
  let from = 0;
  let to = 0;
  for (const edit of ordered) {
    result.set(bytes.subarray(from, edit.start), to);
    to += edit.start - from;
    result.set(edit.bytes, to);
    to += edit.bytes.length;
    from = edit.end;
  }
  result.set(bytes.subarray(from), to);
  return result;
}
