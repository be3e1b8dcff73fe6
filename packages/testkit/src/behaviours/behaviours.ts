/** The suite of behaviours: what an analysis must make of each program. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileType, Verdict } from "@thymus/contracts";
import { harmful } from "./harmful.ts";
import { harmless } from "./harmless.ts";

/** A file of the user's that this program rests on, e.g. its settings; `path` below the home folder. */
export interface UserFile {
  readonly path: string;
  readonly content: string;
}

export interface Expectation {
  /** What it should be called. Where that is `unknown` for a harmful or a harmless program, it counts as a miss. */
  readonly verdict: Verdict;
  /** Signs that must be seen, and signs that must not be seen with a weight of `harmful`. */
  readonly must: readonly string[];
  readonly mustNot: readonly string[];
}

export interface Entry extends Expectation {
  readonly id: string;
  readonly type: FileType;
  readonly files?: readonly UserFile[];
  /** Seconds by which the clock must be ahead for it to show itself. */
  readonly clockOffset?: number;
}

export interface SuiteProgram extends Entry {
  readonly harmful: boolean;
  /** Absolute path, stored non-executable. */
  readonly file: string;
  /** In one sentence, as its own head says it. */
  readonly about: string;
}

/** The sentence in a program's head. */
function aboutOf(file: string): string {
  const lines = readFileSync(file, "utf8").split("\n", 6);
  const at = lines.findIndex((line) => /(Inert test program for|Made for the user sam)/.test(line));
  return (lines[at - 1] ?? "").replace(/^(#|\/\/) /, "");
}

function listed(folder: "harmful" | "harmless", entries: readonly Entry[]): SuiteProgram[] {
  return entries.map((entry) => {
    const file = join(import.meta.dirname, folder, entry.id);
    return { ...entry, harmful: folder === "harmful", file, about: aboutOf(file) };
  });
}

/** Every program of the suite, the harmful ones first. */
export const listBehaviours = (): readonly SuiteProgram[] => [
  ...listed("harmful", harmful),
  ...listed("harmless", harmless),
];
