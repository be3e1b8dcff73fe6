import type { RepairStep } from "@thymus/contracts";
import { equalBytes } from "../infection/bytes.ts";
import { type Field, fields } from "../infection/regions.ts";
import type { Evidence } from "./evidence.ts";
import { masked } from "./masked.ts";
import { findStructure, shifted } from "./positions.ts";
import { computed, findSource } from "./sources.ts";
import type { Place } from "./steps.ts";

/** Steps that give a header structure of an ELF host its clean fields back, or why that cannot be done. */
export function solveStructure(
  evidence: Evidence,
  place: Place,
  kind: "ehdr" | "phdr" | "shdr",
): RepairStep[] | string {
  const { cases } = evidence;
  const clean = cases.map((each, i) => each.before.subarray(place.beforeStart[i]!, place.beforeEnd[i]!));
  const now = cases.map((each, i) => each.after.subarray(place.afterStart[i]!, place.afterEnd[i]!));
  const wide = cases[0]!.after[4] === 2;
  if (!cases.every((each) => (each.after[4] === 2) === wide)) return "the hosts are of different ELF classes";
  const at = findStructure(evidence, place.afterStart, kind);
  if (at === null) return `no rule tells which ${names[kind]} was changed`;
  const layout: readonly Field[] = fields[wide ? "elf64" : "elf32"][kind];
  const changed = layout.filter(([offset, width]) =>
    clean.some(
      (bytes, i) =>
        !equalBytes(bytes.subarray(offset, offset + width), now[i]!.subarray(offset, offset + width)),
    ),
  );
  if (changed.length > 2) {
    const whole = findSource(evidence, clean, place.afterStart);
    if (whole !== null && "copy" in whole) return [{ op: "put", at, from: whole }];
  }
  const steps: RepairStep[] = [];
  for (const [offset, width] of changed) {
    const field = clean.map((bytes) => bytes.subarray(offset, offset + width));
    const places = place.afterStart.map((start) => start + offset);
    const first = Buffer.from(field[0]!);
    const from = field.every((bytes) => first.equals(bytes))
      ? { bytes: first.toString("hex") }
      : (computed(evidence, field, places, shifted(at, offset)) ?? masked(evidence, field));
    if (from === null) {
      return `the clean value of the field at byte ${offset} of the ${names[kind]} is nowhere in the infected file`;
    }
    steps.push({ op: "put", at: shifted(at, offset), from });
  }
  return steps;
}

const names = { ehdr: "ELF header", phdr: "program header", shdr: "section header" } as const;
