import { z } from "zod";

/** ISO 8601 instant in UTC, e.g. `2026-01-31T12:00:00.000Z`. */
export const Instant = z.iso.datetime();
export type Instant = z.infer<typeof Instant>;

/** Bytes as lower-case hex, at most 1 MiB of text. */
export const Hex = z
  .string()
  .max(1 << 20)
  .regex(/^([0-9a-f]{2})*$/, "expected lower-case hex of whole bytes");
export type Hex = z.infer<typeof Hex>;

/** Bytes as hex in which `??` stands for any byte. */
export const HexPattern = z
  .string()
  .max(1 << 16)
  .regex(/^([0-9a-f]{2}|\?\?)+$/, "expected hex bytes or ??");
export type HexPattern = z.infer<typeof HexPattern>;

/** What a file is, by its content; `other` where nothing of the list fits. */
export const FileType = z.enum([
  "elf64",
  "elf32",
  "shell",
  "python",
  "node",
  "perl",
  "php",
  "npm",
  "archive",
  "text",
  "empty",
  "other",
]);
export type FileType = z.infer<typeof FileType>;

/** Whole non-negative number that JavaScript holds exactly. */
export const Count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
export const Seconds = z.number().nonnegative();

/** The level of control of a stage: law 6. */
export const Level = z.enum(["observe", "propose", "automatic"]);
export type Level = z.infer<typeof Level>;
