/**
 * A repair is data: a closed list of edits of one file. Every position and length is an expression over the infected
 * file as it was found, so that the order of the steps does not matter. An unknown field or step is refused.
 * A package repair is a closed list of what becomes of the members of a package's tarball.
 */
import { z } from "zod";
import { FileType, Hex, HexPattern } from "./common.ts";
import { Sha256 } from "./ids.ts";

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
  /** Zero or less: from a position back to the beginning of its line (behind the 0x0a before it, or the start of the file), then `+ plus`. */
  | { line: PositionExpr; plus?: number | undefined }
  | { sum: NumberExpr[] };

const PositionBase = z.enum(["start", "end", "anchor", "decoded1", "decoded2", "decoded3", "decoded4"]);
export type PositionBase = z.infer<typeof PositionBase>;

/**
 * A byte offset: from the start, the end, or the one match of the recipe's anchor; or from the start of one of the recipe's
 * `decoded` runs, where numbers and bytes are read but nothing is written.
 */
export interface PositionExpr {
  from: PositionBase;
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
    z.strictObject({ line: PositionExpr, plus: Integer.optional() }),
    z.strictObject({ sum: z.array(NumberExpr).min(2).max(4) }),
  ]),
);
export const PositionExpr: z.ZodType<PositionExpr> = z.lazy(() =>
  z.strictObject({ from: PositionBase, plus: NumberExpr }),
);

/** Key bytes, repeated over what they encode: the recipe's own, or read from the file. */
const KeySource = z.union([
  Hex,
  z.strictObject({ at: PositionExpr, length: z.number().int().min(1).max(256) }),
]);
export type KeySource = z.infer<typeof KeySource>;

/** One byte of a key: the recipe's own, or read from the file. */
const KeyByte = z.union([z.number().int().min(0).max(255), z.strictObject({ at: PositionExpr })]);
export type KeyByte = z.infer<typeof KeyByte>;

/** How a byte is taken back out of an encoded one and its key: `subtract` the key where it was added. */
const KeyOperation = z.enum(["xor", "subtract", "add"]);
export type KeyOperation = z.infer<typeof KeyOperation>;

/** A reversible encoding that an infection used to save host bytes. */
export const Decoding = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("xor"), key: KeySource }),
  z.strictObject({ kind: z.literal("add"), key: KeySource }),
  z.strictObject({ kind: z.literal("subtract"), key: KeySource }),
  /** The key grows by a step from byte to byte (modulo 256). */
  z.strictObject({ kind: z.literal("slide"), by: KeyOperation, key: KeyByte, step: KeyByte }),
  /** The key of each byte is the encoded byte before it, that of the first is `first`; then `plus` is added. */
  z.strictObject({
    kind: z.literal("chain"),
    by: z.enum(["xor", "subtract"]),
    first: KeyByte,
    plus: z.number().int().min(-255).max(255).optional(),
  }),
  /** The bits of each byte are turned right by 0 to 7 places. */
  z.strictObject({ kind: z.literal("rotate"), bits: KeyByte }),
  /** Halves of each byte (1), or the bytes of each whole word of 2, 4 or 8, in the opposite order. */
  z.strictObject({
    kind: z.literal("swap"),
    unit: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8)]),
  }),
  /** Each byte is looked up in a table of 256 bytes; `inverse` looks for the byte's place in it. */
  z.strictObject({
    kind: z.literal("table"),
    table: z.union([Hex, z.strictObject({ at: PositionExpr })]),
    inverse: z.boolean().optional(),
  }),
  /** Deflated (RFC 1951), as it is or wrapped as zlib (RFC 1950) or gzip (RFC 1952) does. */
  z.strictObject({ kind: z.literal("inflate"), form: z.enum(["raw", "zlib", "gzip"]) }),
  /** The first `count` blocks of `unit` bytes in another order: the numbers at `order` tell where each goes to. */
  z.strictObject({
    kind: z.literal("unshuffle"),
    unit: z.number().int().min(1).max(65536),
    count: NumberExpr,
    order: PositionExpr,
    width: z.union([z.literal(1), z.literal(2), z.literal(4)]),
    endian: z.enum(["little", "big"]),
    /** The numbers tell where each block comes from instead. */
    inverse: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal("hex") }),
  /** By the alphabet of RFC 4648 unless another is given. */
  z.strictObject({
    kind: z.literal("base64"),
    /** 64 different letters. */
    alphabet: z
      .string()
      .regex(/^[!-<>-~]{64}$/)
      .optional(),
  }),
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

/** Characters of a script, one a byte (ISO 8859-1). */
const ScriptText = z.string().min(1).max(4096);

/** One word of a script: these very characters; any name; any or one number; any or one quoted text, in one piece or put together from several. */
export const ScriptWord = z.union([
  z.strictObject({ is: ScriptText }),
  z.strictObject({ name: z.literal(true) }),
  /** Null: any. A value is met in each usual writing of it. */
  z.strictObject({ number: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).nullable() }),
  z.strictObject({ text: z.string().max(4096).nullable() }),
]);
export type ScriptWord = z.infer<typeof ScriptWord>;

/**
 * Script text known by its words: statements of which each stands once, between them blanks, ends of statements and remarks.
 * It takes whole lines. Matched in linear time, without going back.
 */
export const ScriptPattern = z.strictObject({
  /** The language, which decides how numbers, texts and remarks are written. */
  language: z.enum(["shell", "python", "node", "perl", "php"]),
  statements: z.array(z.array(ScriptWord).min(1).max(128)).min(1).max(64),
  /** `any`: the statements stand in whatever order. */
  order: z.enum(["kept", "any"]),
  /** Blanks may come and go between words; else they are part of the words. */
  blanks: z.boolean(),
  /**
   * Remarks between statements: how they begin and whether their last word is a number; null where there are none. `beside`: they may
   * also stand behind a statement, on its line.
   */
  remarks: z
    .strictObject({ open: ScriptText, numbered: z.boolean(), beside: z.literal(true).optional() })
    .nullable(),
  /** Lines of remarks that may stand before the first statement at most. */
  lead: z.number().int().min(0).max(16),
  /** As many must; none where it is left out. Between the two, whatever does not tell whose such a line is, is a refusal. */
  leastLead: z.number().int().min(1).max(16).optional(),
  /** It begins the file, or at the beginning of any line, or with the line break before it. */
  start: z.enum(["file", "line", "break"]),
  /** Up to the end of the last statement's line, or of the file. */
  end: z.enum(["line", "file"]),
  /**
   * Empty lines may be part of it, `bare`: only right behind a statement without blanks. Where such a line follows, nobody knows
   * whose it is, and the file is refused.
   */
  empty: z.enum(["never", "bare", "always"]),
  /** How many lines it has: always as many, or what a number in it tells, which then may be any, and some more. Null: nothing tells. */
  counted: z
    .union([
      z.strictObject({ lines: z.number().int().min(1).max(65536) }),
      z.strictObject({
        statement: z.number().int().min(0).max(63),
        word: z.number().int().min(0).max(127),
        plus: z.number().int().min(-1000).max(1000),
      }),
    ])
    .nullable(),
  /** What must stand right before it. */
  behind: HexPattern.nullable(),
});
export type ScriptPattern = z.infer<typeof ScriptPattern>;

export const RepairStep = z.discriminatedUnion("op", [
  /** Removes `length` bytes at `at`. */
  z.strictObject({ op: z.literal("cut"), at: PositionExpr, length: NumberExpr }),
  /** Removes everything from `at` on. */
  z.strictObject({ op: z.literal("truncate"), at: PositionExpr }),
  /** Overwrites as many bytes at `at` as the source has. */
  z.strictObject({ op: z.literal("put"), at: PositionExpr, from: ByteSource }),
  /** Inserts the source before `at`. */
  z.strictObject({ op: z.literal("insert"), at: PositionExpr, from: ByteSource }),
  /** Removes the one text around the anchor that the pattern describes. */
  z.strictObject({ op: z.literal("strip"), script: ScriptPattern }),
  /** Removes each of these lines (with its end) wherever it stands, which must be so many times. */
  z.strictObject({
    op: z.literal("lines"),
    lines: z
      .array(z.strictObject({ line: ScriptText, times: z.number().int().min(1).max(4096) }))
      .min(1)
      .max(64),
  }),
]);
export type RepairStep = z.infer<typeof RepairStep>;

/**
 * What stays the same of bytes whose key does not: byte i of the view is `file[i + lag] ^ file[i]` (`xor`) or
 * `file[i + lag] - file[i]` modulo 256 (`difference`).
 */
export const View = z.strictObject({
  of: z.enum(["xor", "difference"]),
  lag: z.number().int().min(1).max(256),
});
export type View = z.infer<typeof View>;

export const Repair = z.strictObject({
  /** All must hold before the first write; the anchor must match exactly once. */
  identify: z.strictObject({
    types: z.array(FileType).min(1),
    anchor: HexPattern,
    /** The anchor stands in this view of the file, not in its bytes as they are. */
    view: View.optional(),
    minSize: z.number().int().nonnegative(),
    /** Literal bytes at fixed places (of the file, or of a view of it), each of which must be there. */
    checks: z.array(z.strictObject({ at: PositionExpr, bytes: HexPattern, view: View.optional() })).max(32),
  }),
  /**
   * Before all else: `by` bytes had been put into an ELF file at `from` and its header and tables corrected for that. Each
   * file offset in them from `from` + `by` on is lowered by `by`; everything below speaks about the file after this.
   */
  unshift: z.strictObject({ from: PositionExpr, by: NumberExpr }).optional(),
  /** Encoded runs of the file, decoded, each of which may rest on the ones before it: positions may be from `decoded1` on. */
  decoded: z
    .array(
      z.strictObject({ copy: PositionExpr, length: NumberExpr, decode: z.array(Decoding).min(1).max(4) }),
    )
    .min(1)
    .max(4)
    .optional(),
  steps: z.array(RepairStep).min(1).max(32),
  /** What the result must be, beside: the anchor is gone and the file is still of one of `types`. */
  expect: z.strictObject({ types: z.array(FileType).min(1), minSize: z.number().int().nonnegative() }),
});
export type Repair = z.infer<typeof Repair>;

/** Path of a member without the tarball's first folder (`package/`), e.g. `lib/index.js`. */
const MemberPath = z.string().min(1).max(4096);
/** Keys from the top of the manifest down, e.g. `["scripts", "postinstall"]`. */
const ManifestPath = z.array(z.string().max(256)).min(1).max(6);
const Text = z.string().max(4096);
const ManifestEnd = z.enum(["", "\n", "\r\n", "\n\n"]);

/**
 * An added member that is taken out: the one that has these bytes, or in which this anchor stands, and exactly one. A path
 * alone is not enough, since a package may have a file of that name of its own; where it is named it must fit as well.
 */
export const DropMember = z.union([
  z.strictObject({ path: MemberPath.nullable(), sha256: Sha256 }),
  z.strictObject({ path: MemberPath.nullable(), anchor: HexPattern }),
]);
export type DropMember = z.infer<typeof DropMember>;

/** A change of a package's manifest that leaves all other text as it stands. What is not as described is refused. */
export const ManifestEdit = z.discriminatedUnion("op", [
  /** Takes out a text value with its key: equal to `value`, or between these ends. `emptied`: what becomes of an object left empty. */
  z.strictObject({
    op: z.literal("remove"),
    path: ManifestPath,
    value: z.union([Text, z.strictObject({ prefix: Text, suffix: Text })]),
    emptied: z.enum(["keep", "remove"]),
  }),
  /** Takes what was put around a text value off again. */
  z.strictObject({ op: z.literal("unwrap"), path: ManifestPath, prefix: Text, suffix: Text }),
  /** Adds `by` to the `part`th number (from 0) of a dotted version. */
  z.strictObject({
    op: z.literal("step"),
    path: ManifestPath,
    part: z.number().int().min(0).max(2),
    by: z.number().int().min(-1000).max(1000),
  }),
  /** White space behind the last brace. */
  z.strictObject({ op: z.literal("end"), from: ManifestEnd, to: ManifestEnd }),
]);
export type ManifestEdit = z.infer<typeof ManifestEdit>;

/** A changed member: the manifest by its structure, any other by byte recipes of which exactly one result must come out. */
export const PackageMember = z.union([
  z.strictObject({ path: z.literal("package.json"), edits: z.array(ManifestEdit).min(1).max(16) }),
  z.strictObject({
    /** Null: each member that has the anchor of one of the recipes, and at least one. */
    path: MemberPath.nullable(),
    recipes: z.array(Repair).min(1).max(8),
  }),
]);
export type PackageMember = z.infer<typeof PackageMember>;

/** How the clean tarballs were packed. `npm`: as `npm pack` does it; `kept`: as the infected tarball has it. */
export const Packing = z.strictObject({
  order: z.enum(["kept", "npm"]),
  headers: z.enum(["kept", "npm"]),
  /** Of headers as npm writes them: as the infected tarball has them, or executable for the manifest's `bin` only. */
  modes: z.enum(["kept", "bin"]),
  gzip: z.strictObject({
    level: z.number().int().min(1).max(9),
    /** The operating system byte of RFC 1952 section 2.3.1. */
    os: z.number().int().min(0).max(255),
  }),
});
export type Packing = z.infer<typeof Packing>;

/** Gives the clean tarball of a package back. */
export const PackageRepair = z.strictObject({
  format: z.literal("npm"),
  drop: z.array(DropMember).max(16),
  members: z.array(PackageMember).max(16),
  pack: Packing,
  /** What the result must be, beside: a package whose manifest has a name and a version, with no dropped anchor left. */
  expect: z.strictObject({ minMembers: z.number().int().min(1).max(65536) }),
});
export type PackageRepair = z.infer<typeof PackageRepair>;

/** What a prescription carries: recipes of files and of packages. */
export const AnyRepair = z.union([Repair, PackageRepair]);
export type AnyRepair = z.infer<typeof AnyRepair>;
