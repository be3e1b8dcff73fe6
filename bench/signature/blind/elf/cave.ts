import { concat, patched, pieces, readU32, readU64, u32, u64, xored } from "../bytes.ts";
import type { BlindKind, Random } from "../kind.ts";
import { machineBody } from "../payload/machine.ts";
import { randomBytes, shuffled } from "../random.ts";
import { field, fileOffset, headerSize, readImage, segmentType } from "./image.ts";

/** Room at both ends of a run of zeros that is left alone: they may belong to what stands there. */
const margin = 8;

/** The offsets of up to `wanted` caves of `size` zero bytes behind the headers, in their order in the file. */
function caves(host: Uint8Array, size: number, wanted: number): number[] {
  const found: number[] = [];
  let run = 0;
  for (let at = headerSize + 0x400; at < host.length && found.length < wanted; at++) {
    run = host[at] === 0 ? run + 1 : 0;
    if (run < size + 2 * margin) continue;
    found.push(at + 1 - run + margin);
    run = margin;
  }
  return found;
}

/** The first cave that a loaded segment covers, with the address it has there. */
function loadedCave(host: Uint8Array, size: number): { at: number; address: number } | null {
  const image = readImage(host);
  if (!image) return null;
  for (const at of caves(host, size, 400)) {
    const segment = image.segments.find(
      ({ type, offset, filesz }) => type === segmentType.load && at >= offset && at + size <= offset + filesz,
    );
    if (segment) return { at, address: at - segment.offset + segment.vaddr };
  }
  return null;
}

const small = machineBody("elf-cave", 56);

const pieceSize = 32;
const split = pieces(machineBody("elf-caves-several", 6 * pieceSize), pieceSize);
const coded = machineBody("elf-caves-encoded", 5 * pieceSize);
const stub = machineBody("elf-caves-encoded stub", pieceSize);
const freshMark = (host: Uint8Array) => readU32(host, 9) === 0;

/** Fills caves in a drawn order: in each a piece and then where the next one is. The first is named in the file header. */
function chain(host: Uint8Array, list: readonly Uint8Array[], random: Random): Uint8Array | null {
  if (!readImage(host) || !freshMark(host)) return null;
  const free = shuffled(random, caves(host, pieceSize + 4, 60)).slice(0, list.length);
  if (free.length < list.length) return null;
  const links = list.map((piece, i) => [free[i]!, concat(piece, u32(free[i + 1] ?? 0))] as const);
  return patched(host, ...links, [9, u32(free[0]!)]);
}

function unchain(infected: Uint8Array): Uint8Array {
  let result = patched(infected, [9, u32(0)]);
  for (let at = readU32(infected, 9); at !== 0; at = readU32(infected, at + pieceSize))
    result = patched(result, [at, new Uint8Array(pieceSize + 4)]);
  return result;
}

/** The body stands in runs of zeros of the host; the file keeps its length. */
export const caveKinds: readonly BlindKind[] = [
  {
    id: "elf-cave",
    hosts: "elf",
    what: "the body in one cave of 64 zero bytes, with the start address pointed there",
    constant: "plain",
    keepsBytes: true,
    infect: (host) => {
      const cave = loadedCave(host, 64);
      const image = readImage(host);
      if (!cave || !image) return null;
      return patched(host, [cave.at, concat(small, u64(image.entry))], [field.entry, u64(cave.address)]);
    },
    restore: (infected) => {
      const image = readImage(infected)!;
      const at = fileOffset(image, image.entry)!;
      const entry = u64(readU64(infected, at + 56));
      return patched(infected, [at, new Uint8Array(64)], [field.entry, entry]);
    },
  },
  {
    id: "elf-caves-several",
    hosts: "elf",
    what: "the body in six pieces, each in a cave of its own, in a drawn order",
    constant: "plain",
    keepsBytes: true,
    infect: (host, random) => chain(host, split, random),
    restore: unchain,
  },
  {
    id: "elf-caves-encoded",
    hosts: "elf",
    what: "a stub in one cave, a drawn key and the body XORed with it in the others",
    constant: "stub",
    keepsBytes: true,
    infect: (host, random) => {
      const key = randomBytes(random, 16);
      const body = concat(key, xored(coded.slice(16), key));
      return chain(host, [stub, ...pieces(body, pieceSize)], random);
    },
    restore: unchain,
  },
];
