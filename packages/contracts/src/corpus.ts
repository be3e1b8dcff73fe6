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

/** The index that tells which bytes stand in no file of self: a Bloom filter of marked pieces. */
export const CorpusIndex = z.strictObject({
  sha256: Sha256,
  /** Logarithm of the number of its 64-bit words. */
  bits: z.number().int().min(13).max(27),
  /** Bytes of files that it still remembers though they are no part of self any more. */
  staleBytes: Count,
});
export type CorpusIndex = z.infer<typeof CorpusIndex>;

const CorpusModel = z.strictObject({ order: z.number().int().min(1).max(8), bytes: Count, sha256: Sha256 });

/** Head of a portable self: what follows it in the file, each part with its size and digest. */
export const PortableSelf = z.strictObject({
  format: z.literal("thymus-self"),
  version: z.literal(1),
  /** Of the corpus that it was made of, and what that holds. */
  digest: CorpusDigest,
  files: Count,
  bytes: Count,
  made: Instant,
  hashes: z.strictObject({ size: Count, sha256: Sha256 }),
  model: CorpusModel.extend({ size: Count }),
  index: CorpusIndex.extend({ size: Count }),
  /** Missing in a file of an older version. */
  labels: CorpusIndex.extend({ size: Count }).optional(),
});
export type PortableSelf = z.infer<typeof PortableSelf>;

/** What was imported from other machines: hashes, statistics and index. Their files are not here to be scanned. */
const ImportedSelf = z.strictObject({
  from: z.array(z.strictObject({ digest: CorpusDigest, files: Count, bytes: Count, made: Instant })),
  hashes: z.strictObject({ count: Count, sha256: Sha256 }),
  model: CorpusModel,
  index: CorpusIndex,
  labels: CorpusIndex.optional(),
});

/** The manifest of self: what the statistics and every goodware scan rest on. */
export const CorpusManifest = z.strictObject({
  version: z.literal(1),
  digest: CorpusDigest,
  files: Count,
  bytes: Count,
  made: Instant,
  sources: z.array(z.string()),
  model: CorpusModel,
  /** Missing in a corpus of an older version: build it anew. */
  index: CorpusIndex.optional(),
  /** Whose code stands in self: libraries, compilers, runtimes, packers. Missing in a corpus of an older version. */
  labels: CorpusIndex.optional(),
  /** Self of other machines. Not part of the digest, nor of any scan. */
  imported: ImportedSelf.optional(),
  /** Imported lists of digests, and of texts that no rule may rest on. */
  lists: z
    .array(z.strictObject({ name: z.string(), sha256: Sha256, hashes: Count, texts: Count }))
    .optional(),
});
export type CorpusManifest = z.infer<typeof CorpusManifest>;
