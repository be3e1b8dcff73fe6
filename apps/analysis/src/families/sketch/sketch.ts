/**
 * What is remembered of a sample to tell its relatives: the lowest hashes of what is its own, that is, of what stands in no
 * file of self (bottom-k sketches: Cohen and Kaplan, "Summarizing data using bottom-k sketches", 2007). Pure.
 */
import { createHash } from "node:crypto";
import { Count } from "@thymus/contracts";
import { z } from "zod";

/** Values that a sketch keeps of one kind of features; a set no larger is known whole. */
export const MOST_VALUES = 512;
const HASH_BYTES = 6;

/** The lowest hashes of a set, ascending, and how many elements the set has. */
export const SetSketch = z
  .strictObject({
    total: Count,
    values: z
      .array(
        z
          .number()
          .int()
          .nonnegative()
          .max(2 ** (8 * HASH_BYTES) - 1),
      )
      .max(MOST_VALUES),
  })
  .refine(
    ({ total, values }) =>
      values.length === Math.min(total, MOST_VALUES) &&
      values.every((value, i) => i === 0 || value > values[i - 1]!),
    "expected ascending values, all of them or as many as a sketch keeps",
  );
export type SetSketch = z.infer<typeof SetSketch>;

/** Kinds of features: each is compared with its like only. */
export const features = ["texts", "code", "body"] as const;
export type Feature = (typeof features)[number];

/** `texts` and `code` are of the program itself, `body` of what it leaves the same in every file that it infects. */
export const KinSketch = z.strictObject({
  version: z.literal(1),
  texts: SetSketch,
  code: SetSketch,
  body: SetSketch,
});
export type KinSketch = z.infer<typeof KinSketch>;

/** @param elements texts of latin1, each of them once or more */
export function setSketch(elements: Iterable<string>): SetSketch {
  const hashes = new Set<number>();
  for (const element of elements)
    hashes.add(createHash("sha256").update(element, "latin1").digest().readUIntBE(0, HASH_BYTES));
  const values = [...hashes].sort((a, b) => a - b);
  return { total: values.length, values: values.slice(0, MOST_VALUES) };
}

export interface Overlap {
  /** Hashes that both sketches hold. */
  readonly common: number;
  /** Estimated share of each set that stands in the other, 0 to 1. */
  readonly ofFirst: number;
  readonly ofSecond: number;
}

/** Exact for sets that are known whole; else an estimate by the hashes below the end of the shorter knowledge. */
export function overlap(first: SetSketch, second: SetSketch): Overlap {
  const end = Math.min(knownTo(first), knownTo(second));
  const one = first.values.filter((value) => value <= end);
  const other = new Set(second.values.filter((value) => value <= end));
  const common = one.filter((value) => other.has(value)).length;
  return {
    common,
    ofFirst: one.length === 0 ? 0 : common / one.length,
    ofSecond: other.size === 0 ? 0 : common / other.size,
  };
}

/** Up to which hash a sketch knows everything of its set. */
function knownTo({ total, values }: SetSketch): number {
  return total <= values.length ? Number.POSITIVE_INFINITY : values.at(-1)!;
}
