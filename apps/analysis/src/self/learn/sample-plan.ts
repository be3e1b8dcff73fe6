import type { CorpusFile, FileType } from "@thymus/contracts";

/** A part of a file that the model learns from. */
export interface SamplePiece {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  readonly heldOut: boolean;
}

const PIECE_BYTES = 64 * 1024;
/** Parts of one file: its head, tail and middle, so that one large program does not outweigh many small ones. */
const PIECES = 4;
/** One file in so many is kept from the counts. */
const HELD_OUT = 64;

/** Shares of the sample; what one kind does not need goes to the others. */
const kinds: readonly { types: readonly FileType[]; share: number }[] = [
  { types: ["elf64", "elf32"], share: 0.6 },
  { types: ["shell", "python", "node", "perl", "php"], share: 0.25 },
  { types: ["text"], share: 0.1 },
  { types: ["archive", "npm", "other"], share: 0.05 },
];

/**
 * Which bytes the model learns from: at most `maxBytes`, distinct contents only, spread over the kinds of files. The
 * order of the digests serves as a shuffle that is the same on every run.
 */
export function planSample(files: readonly CorpusFile[], maxBytes: number): SamplePiece[] {
  const distinct = [...new Map(files.map((file) => [file.sha256, file])).values()].sort((a, b) =>
    a.sha256 < b.sha256 ? -1 : 1,
  );
  const chosen = new Set<CorpusFile>();
  let left = maxBytes;
  const take = (from: readonly CorpusFile[], limit: number) => {
    for (const file of from) {
      const cost = sampledBytes(file);
      if (chosen.has(file) || cost > limit) continue;
      chosen.add(file);
      limit -= cost;
      left -= cost;
    }
  };
  for (const { types, share } of kinds) {
    take(
      distinct.filter(({ type }) => types.includes(type)),
      Math.floor(maxBytes * share),
    );
  }
  for (const { types } of kinds) {
    take(
      distinct.filter(({ type }) => types.includes(type)),
      left,
    );
  }
  return distinct
    .filter((file) => chosen.has(file))
    .flatMap((file, index) => pieces(file, index % HELD_OUT === 7));
}

function sampledBytes({ size }: CorpusFile): number {
  return Math.min(size, PIECES * PIECE_BYTES);
}

function pieces({ path, size }: CorpusFile, heldOut: boolean): SamplePiece[] {
  if (size <= PIECES * PIECE_BYTES) return [{ path, offset: 0, length: size, heldOut }];
  const step = (size - PIECE_BYTES) / (PIECES - 1);
  return Array.from({ length: PIECES }, (_, index) => ({
    path,
    offset: Math.floor(index * step),
    length: PIECE_BYTES,
    heldOut,
  }));
}
