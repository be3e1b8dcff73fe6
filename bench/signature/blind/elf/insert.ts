import { concat, patched, readU64, u64 } from "../bytes.ts";
import type { BlindKind } from "../kind.ts";
import { machineBody } from "../payload/machine.ts";
import {
  field,
  fileOffset,
  headerSize,
  isExecutable,
  readImage,
  type Segment,
  segmentType,
} from "./image.ts";
import { insertShifted, removeShifted } from "./shift.ts";

const shared = { hosts: "elf", constant: "plain", keepsBytes: true } as const;
const page = 4096;

/** A segment of a host that grows by `size` bytes at its end in the file, with the start address pointed there. */
function grow(host: Uint8Array, segment: Segment, size: number) {
  return patched(
    host,
    [field.entry, u64(segment.vaddr + segment.filesz)],
    [segment.at + 32, u64(segment.filesz + size)],
    [segment.at + 40, u64(Math.max(segment.memsz, segment.filesz + size))],
  );
}

/** What `grow` changes, 32 bytes: the start, where the program header stands, its two sizes. */
const before = (entry: number, { at, filesz, memsz }: Segment) =>
  concat(...[entry, at, filesz, memsz].map(u64));

function shrink(file: Uint8Array, saved: Uint8Array) {
  return patched(file, [field.entry, saved.slice(0, 8)], [readU64(saved, 8) + 32, saved.slice(16, 32)]);
}

/** Where the start address of an infected file points. */
function startOf(infected: Uint8Array): number {
  const image = readImage(infected)!;
  return fileOffset(image, image.entry)!;
}

function inserting(id: string, what: string, size: number, suits: (segment: Segment) => boolean): BlindKind {
  const body = machineBody(id, size);
  return {
    ...shared,
    id,
    what,
    infect: (host) => {
      const image = readImage(host);
      const segment = image?.segments.find(suits);
      if (!image || !segment || segment.offset + segment.filesz > host.length) return null;
      const saved = before(image.entry, segment);
      const inserted = concat(body, saved, new Uint8Array(page - size - saved.length));
      return insertShifted(grow(host, segment, page), segment.offset + segment.filesz, inserted);
    },
    restore: (infected) => {
      const at = startOf(infected);
      const saved = infected.slice(at + size, at + size + 32);
      return shrink(removeShifted(infected, at, page), saved);
    },
  };
}

const padding = machineBody("elf-text-padding", 96);
const headerBody = machineBody("elf-after-header", page - 8);

/** The body stands inside the host and everything behind it moves, or it fills the room behind the code. */
export const insertKinds: readonly BlindKind[] = [
  inserting("elf-text-page", "a page inserted behind the code; all that follows moves", 1900, isExecutable),
  inserting(
    "elf-data-page",
    "a page inserted behind the writable data; all that follows moves",
    1340,
    ({ type, flags }) => type === segmentType.load && (flags & 2) === 2,
  ),
  {
    ...shared,
    id: "elf-text-padding",
    what: "128 zero bytes between the code and the next segment are filled; the file keeps its length",
    infect: (host) => {
      const image = readImage(host);
      const segment = image?.segments.find(isExecutable);
      if (!image || !segment) return null;
      const at = segment.offset + segment.filesz;
      const room = host.subarray(at, at + 128);
      if (room.length < 128 || room.some((byte) => byte !== 0)) return null;
      return patched(grow(host, segment, 128), [at, concat(padding, before(image.entry, segment))]);
    },
    restore: (infected) => {
      const at = startOf(infected);
      const saved = infected.slice(at + 96, at + 128);
      return patched(shrink(infected, saved), [at, new Uint8Array(128)]);
    },
  },
  {
    ...shared,
    id: "elf-after-header",
    what: "a page inserted between the file's header and all the rest, which moves",
    infect: (host) => {
      const image = readImage(host);
      if (!image || image.phoff < headerSize || image.shoff < headerSize) return null;
      const started = patched(host, [field.entry, u64(headerSize)]);
      return insertShifted(started, headerSize, concat(headerBody, u64(image.entry)));
    },
    restore: (infected) => {
      const saved = infected.slice(headerSize + page - 8, headerSize + page);
      return patched(removeShifted(infected, headerSize, page), [field.entry, saved]);
    },
  },
];
