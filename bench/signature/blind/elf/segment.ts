import { concat, patched, readU64, roundUp, u32, u64 } from "../bytes.ts";
import { stop } from "../payload/machine.ts";
import { field, phdrSize, readImage, segmentType } from "./image.ts";

/** What a host loses when its note header becomes that of an added segment, and where the segment comes to stand. */
export interface Landing {
  readonly hostLength: number;
  readonly entry: number;
  readonly noteAt: number;
  readonly note: Uint8Array;
  readonly address: number;
}

/** Where the segment is loaded, and what its first instruction is: one that stops the program. */
export interface Loading {
  readonly base: number;
  readonly opening: Uint8Array;
}

const usual: Loading = { base: 0xc000000, opening: stop };

/**
 * Puts a body at the end of a host, loads it through the host's first note header and starts there.
 * Null where the host has no note header to give.
 */
export function appendSegment(
  host: Uint8Array,
  unit: number,
  build: (landing: Landing) => Uint8Array,
  { base, opening } = usual,
): Uint8Array | null {
  const image = readImage(host);
  const note = image?.segments.find(({ type }) => type === segmentType.note);
  if (!image || !note) return null;
  const at = roundUp(host.length, unit);
  const address = base + at;
  const built = build({
    hostLength: host.length,
    entry: image.entry,
    noteAt: note.at,
    note: host.slice(note.at, note.at + phdrSize),
    address,
  });
  const body = concat(opening, built);
  const load = concat(u32(segmentType.load), u32(5), ...[at, address, address].map(u64));
  const sizes = concat(u64(body.length), u64(body.length), u64(0x1000));
  const changed = patched(host, [field.entry, u64(address)], [note.at, concat(load, sizes)]);
  return concat(changed, new Uint8Array(at - host.length), body);
}

export const ledgerSize = 24 + phdrSize;

export function ledger({ hostLength, entry, noteAt, note }: Landing): Uint8Array {
  return concat(u64(hostLength), u64(entry), u64(noteAt), note);
}

/** Gives the host back from an infected file and the ledger found in it. */
export function undoSegment(infected: Uint8Array, saved: Uint8Array): Uint8Array {
  return patched(
    infected.slice(0, readU64(saved, 0)),
    [field.entry, saved.slice(8, 16)],
    [readU64(saved, 16), saved.slice(24, ledgerSize)],
  );
}
