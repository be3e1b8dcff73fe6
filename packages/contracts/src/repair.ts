/**
 * A repair is data: a closed list of edits of one file. Every position and length is an expression over the infected
 * file as it was found, so that the order of the steps does not matter. An unknown field or step is refused.
 */
import { z } from "zod";
import { FileType, Hex, HexPattern } from "./common.ts";

const Integer = z.number().int().min(-Number.MAX_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);

/**
 * A number: a constant, or an unsigned/signed integer read from the infected file
 * (`width` bytes at `read`, then `value * times + plus`).
 */
export type NumberExpr =
  | number
  | {
      read: PositionExpr;
      width: 1 | 2 | 4 | 8;
      order: "little" | "big";
      signed?: boolean | undefined;
      times?: number | undefined;
      plus?: number | undefined;
    }
  /** Decimal ASCII digits at a position. */
  | { decimal: PositionExpr; plus?: number | undefined }
  /** Size of the infected file in bytes, then `* times + plus`. */
  | { size: true; times?: number | undefined; plus?: number | undefined }
  /** A position as its distance from the start of the file, then `* times + plus`. */
  | { offset: PositionExpr; times?: number | undefined; plus?: number | undefined }
  /** Bytes from `at` to the first match of the pattern that begins at or after `at`, then `+ plus`. */
  | { seek: string; at: PositionExpr; plus?: number | undefined }
  | { sum: NumberExpr[] };

/** A byte offset: from the start, the end, or the one match of the recipe's anchor. */
export interface PositionExpr {
  from: "start" | "end" | "anchor";
  plus: NumberExpr;
}

export const NumberExpr: z.ZodType<NumberExpr> = z.lazy(() =>
  z.union([
    Integer,
    z.strictObject({
      read: PositionExpr,
      width: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
      order: z.enum(["little", "big"]),
      signed: z.boolean().optional(),
      times: Integer.optional(),
      plus: Integer.optional(),
    }),
    z.strictObject({ decimal: PositionExpr, plus: Integer.optional() }),
    z.strictObject({ size: z.literal(true), times: Integer.optional(), plus: Integer.optional() }),
    z.strictObject({ offset: PositionExpr, times: Integer.optional(), plus: Integer.optional() }),
    z.strictObject({ seek: HexPattern, at: PositionExpr, plus: Integer.optional() }),
    z.strictObject({ sum: z.array(NumberExpr).min(2).max(4) }),
  ]),
);
export const PositionExpr: z.ZodType<PositionExpr> = z.lazy(() =>
  z.strictObject({ from: z.enum(["start", "end", "anchor"]), plus: NumberExpr }),
);

/** A reversible encoding that an infection used to save host bytes. */
export const Decoding = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("xor"),
    key: z.union([Hex, z.strictObject({ at: PositionExpr, length: z.number().int().min(1).max(256) })]),
  }),
  z.strictObject({ kind: z.literal("hex") }),
  z.strictObject({ kind: z.literal("base64") }),
  z.strictObject({ kind: z.literal("reverse") }),
]);
export type Decoding = z.infer<typeof Decoding>;

/**
 * Where replacement bytes come from: the recipe itself, elsewhere in the infected file (decoded), one byte repeated,
 * or a number written as `width` bytes (two's complement where negative).
 */
export const ByteSource = z.union([
  z.strictObject({ bytes: Hex }),
  z.strictObject({ copy: PositionExpr, length: NumberExpr, decode: z.array(Decoding).max(4).optional() }),
  z.strictObject({ fill: z.string().regex(/^[0-9a-f]{2}$/), length: NumberExpr }),
  z.strictObject({
    number: NumberExpr,
    width: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
    order: z.enum(["little", "big"]),
  }),
]);
export type ByteSource = z.infer<typeof ByteSource>;

export const RepairStep = z.discriminatedUnion("op", [
  /** Removes `length` bytes at `at`. */
  z.strictObject({ op: z.literal("cut"), at: PositionExpr, length: NumberExpr }),
  /** Removes everything from `at` on. */
  z.strictObject({ op: z.literal("truncate"), at: PositionExpr }),
  /** Overwrites as many bytes at `at` as the source has. */
  z.strictObject({ op: z.literal("put"), at: PositionExpr, from: ByteSource }),
  /** Inserts the source before `at`. */
  z.strictObject({ op: z.literal("insert"), at: PositionExpr, from: ByteSource }),
]);
export type RepairStep = z.infer<typeof RepairStep>;

export const Repair = z.strictObject({
  /** All must hold before the first write; the anchor must match exactly once. */
  identify: z.strictObject({
    types: z.array(FileType).min(1),
    anchor: HexPattern,
    minSize: z.number().int().nonnegative(),
    /** Literal bytes at fixed places, each of which must be there. */
    checks: z.array(z.strictObject({ at: PositionExpr, bytes: HexPattern })).max(32),
  }),
  steps: z.array(RepairStep).min(1).max(32),
  /** What the result must be, beside: the anchor is gone and the file is still of one of `types`. */
  expect: z.strictObject({ types: z.array(FileType).min(1), minSize: z.number().int().nonnegative() }),
});
export type Repair = z.infer<typeof Repair>;
