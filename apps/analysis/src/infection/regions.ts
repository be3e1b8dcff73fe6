import { type Hunk, hunkKind } from "./hunk.ts";
import { isElf } from "./specimen.ts";

export interface Region {
  readonly kind: "ehdr" | "phdr" | "shdr";
  readonly start: number;
  readonly size: number;
}

/** A field of a header structure: offset inside it and width in bytes. */
export type Field = readonly [offset: number, width: 1 | 2 | 4 | 8];

/** Fields that an infection changes (System V gABI: ELF header, program header, section header). */
export const fields = {
  elf64: {
    ehdr: [
      [7, 1],
      [8, 8],
      [16, 2],
      [18, 2],
      [20, 4],
      [24, 8],
      [32, 8],
      [40, 8],
      [48, 4],
      [52, 2],
      [54, 2],
      [56, 2],
      [58, 2],
      [60, 2],
      [62, 2],
    ],
    phdr: [
      [0, 4],
      [4, 4],
      [8, 8],
      [16, 8],
      [24, 8],
      [32, 8],
      [40, 8],
      [48, 8],
    ],
    shdr: [
      [0, 4],
      [4, 4],
      [8, 8],
      [16, 8],
      [24, 8],
      [32, 8],
      [40, 4],
      [44, 4],
      [48, 8],
      [56, 8],
    ],
  },
  elf32: {
    ehdr: [
      [7, 1],
      [8, 8],
      [16, 2],
      [18, 2],
      [20, 4],
      [24, 4],
      [28, 4],
      [32, 4],
      [36, 4],
      [40, 2],
      [42, 2],
      [44, 2],
      [46, 2],
      [48, 2],
      [50, 2],
    ],
    phdr: [
      [0, 4],
      [4, 4],
      [8, 4],
      [12, 4],
      [16, 4],
      [20, 4],
      [24, 4],
      [28, 4],
    ],
    shdr: [
      [0, 4],
      [4, 4],
      [8, 4],
      [12, 4],
      [16, 4],
      [20, 4],
      [24, 4],
      [28, 4],
      [32, 4],
      [36, 4],
    ],
  },
} as const satisfies Record<string, Record<Region["kind"], readonly Field[]>>;

const MAX_REGIONS = 4096;
/** A patch that leaves the tables by more bytes than this is a body that lies over them, not a change of them. */
const MAX_OUTSIDE = 16;

/** Header structures of an ELF file, in order of their place; none for anything else. */
export function elfRegions(bytes: Uint8Array): Region[] {
  if (!isElf(bytes) || bytes.length < 52 || (bytes[4] === 2 && bytes.length < 64)) return [];
  const wide = bytes[4] === 2;
  const little = bytes[5] !== 2;
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (wideAt: number, narrowAt: number) =>
    wide ? Number(data.getBigUint64(wideAt, little)) : data.getUint32(narrowAt, little);
  const half = (wideAt: number, narrowAt: number) => data.getUint16(wide ? wideAt : narrowAt, little);
  const regions: Region[] = [{ kind: "ehdr", start: 0, size: wide ? 64 : 52 }];
  const table = (kind: "phdr" | "shdr", at: number, size: number, count: number) => {
    for (let i = 0; i < count && i < MAX_REGIONS && at + (i + 1) * size <= bytes.length; i++) {
      regions.push({ kind, start: at + i * size, size });
    }
  };
  if (half(0x36, 0x2a) === (wide ? 56 : 32))
    table("phdr", word(0x20, 0x1c), wide ? 56 : 32, half(0x38, 0x2c));
  if (half(0x3a, 0x2e) === (wide ? 64 : 40))
    table("shdr", word(0x28, 0x20), wide ? 64 : 40, half(0x3c, 0x30));
  return regions.sort((a, b) => a.start - b.start);
}

/** Splits patches of an ELF host at its header structures, so that the same change looks the same in every host. */
export function splitAtRegions(hunks: readonly Hunk[], before: Uint8Array): Hunk[] {
  const regions = elfRegions(before);
  if (regions.length === 0) return [...hunks];
  const result: Hunk[] = [];
  const taken = new Set<Region>();
  const isLink = (hunk: Hunk) => isLinkPatch(hunk, regions);
  const fits = (region: Region) =>
    hunks.every(
      (hunk) =>
        hunk.beforeEnd <= region.start || hunk.beforeStart >= region.start + region.size || isLink(hunk),
    );
  for (const hunk of hunks) {
    const inside = regions.filter(
      (region) =>
        region.start < hunk.beforeEnd && region.start + region.size > hunk.beforeStart && fits(region),
    );
    if (!isLink(hunk) || inside.length === 0) {
      result.push(hunk);
      continue;
    }
    const shift = hunk.afterStart - hunk.beforeStart;
    let at = hunk.beforeStart;
    const rest = (end: number) => {
      if (end > at) result.push(piece(at, end, shift));
    };
    for (const region of inside) {
      rest(region.start);
      if (!taken.has(region)) {
        taken.add(region);
        result.push({ ...piece(region.start, region.start + region.size, shift), region: region.kind });
      }
      at = Math.max(at, region.start + region.size);
    }
    rest(hunk.beforeEnd);
  }
  return result.sort((a, b) => a.afterStart - b.afterStart || a.afterEnd - b.afterEnd);
}

/** A change of header fields; whatever writes over the magic or beyond the tables is a body. */
function isLinkPatch(hunk: Hunk, regions: readonly Region[]): boolean {
  if (hunkKind(hunk) !== "patch" || hunk.beforeStart < 4) return false;
  let outside = hunk.beforeEnd - hunk.beforeStart;
  for (const region of regions) {
    const shared =
      Math.min(hunk.beforeEnd, region.start + region.size) - Math.max(hunk.beforeStart, region.start);
    outside -= Math.max(0, shared);
  }
  return outside <= MAX_OUTSIDE;
}

function piece(start: number, end: number, shift: number): Hunk {
  return { beforeStart: start, beforeEnd: end, afterStart: start + shift, afterEnd: end + shift };
}
