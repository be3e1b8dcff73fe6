import { z } from "zod";
import { Count, FileType, Instant } from "./common.ts";
import { Sha256 } from "./ids.ts";
import { CorpusDigest } from "./proof.ts";

/** One file of self. */
export const CorpusFile = z.strictObject({
  path: z.string(),
  size: Count,
  mtimeMs: z.number(),
  sha256: Sha256,
  type: FileType,
});
export type CorpusFile = z.infer<typeof CorpusFile>;

/** The manifest of self: what the statistics and every goodware scan rest on. */
export const CorpusManifest = z.strictObject({
  version: z.literal(1),
  digest: CorpusDigest,
  files: Count,
  bytes: Count,
  made: Instant,
  sources: z.array(z.string()),
  model: z.strictObject({ order: z.number().int().min(1).max(8), bytes: Count, sha256: Sha256 }),
});
export type CorpusManifest = z.infer<typeof CorpusManifest>;
