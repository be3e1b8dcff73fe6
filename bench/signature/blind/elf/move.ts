import { concat, patched, pieces, readU16, readU32, reversed, u16, u32 } from "../bytes.ts";
import type { BlindKind } from "../kind.ts";
import { machineBody } from "../payload/machine.ts";
import { between, shuffled } from "../random.ts";
import { readImage } from "./image.ts";
import { inertProgram } from "./program.ts";

const shared = { hosts: "elf", constant: "plain", keepsBytes: true } as const;

/** The host's first bytes make room for a program and go, through `turn`, which is its own inverse, to the end. */
function headMoved(
  id: string,
  what: string,
  size: number,
  turn: (head: Uint8Array) => Uint8Array,
): BlindKind {
  const program = inertProgram(id, size);
  return {
    ...shared,
    id,
    what,
    infect: (host) =>
      readImage(host) && host.length >= size
        ? concat(program, host.slice(size), turn(host.slice(0, size)))
        : null,
    restore: (infected) => concat(turn(infected.slice(-size)), infected.slice(size, -size)),
  };
}

const blockSize = 512;
const permutedProgram = inertProgram("elf-blocks-permuted", 1100);
const halvesProgram = inertProgram("elf-halves-swapped", 900);
const stringPieces = pieces(machineBody("elf-body-between-blocks", 640), 80);

/** The host's parts change places or let the body in between them. */
export const moveKinds: readonly BlindKind[] = [
  headMoved(
    "elf-head-moved",
    "a program takes the place of the host's head, which moves to the end",
    1500,
    (h) => h,
  ),
  headMoved(
    "elf-head-moved-turned",
    "a program takes the place of the host's head, which moves to the end backwards, each bit inverted",
    824,
    (head) => reversed(head).map((byte) => byte ^ 255),
  ),
  {
    ...shared,
    id: "elf-blocks-permuted",
    what: "a program, then the order of the host's blocks of 512 bytes, then these blocks in that drawn order",
    infect: (host, random) => {
      const blocks = pieces(host, blockSize);
      if (!readImage(host) || blocks.length > 0xffff) return null;
      const whole = blocks.filter((block) => block.length === blockSize).length;
      const order = shuffled(random, [...new Array(whole).keys()]);
      const moved = order.map((from) => blocks[from]!);
      return concat(permutedProgram, u16(whole), ...order.map(u16), ...moved, ...blocks.slice(whole));
    },
    restore: (infected) => {
      const whole = readU16(infected, permutedProgram.length);
      const tableAt = permutedProgram.length + 2;
      const at = tableAt + 2 * whole;
      const result = infected.slice(at);
      for (let i = 0; i < whole; i++) {
        const from = at + i * blockSize;
        const to = readU16(infected, tableAt + 2 * i) * blockSize;
        result.set(infected.subarray(from, from + blockSize), to);
      }
      return result;
    },
  },
  {
    ...shared,
    id: "elf-halves-swapped",
    what: "a program, then the host, cut at a drawn place, its second part first",
    infect: (host, random) => {
      if (!readImage(host)) return null;
      const cut = between(random, 64, host.length - 1);
      return concat(halvesProgram, host.slice(cut), host.slice(0, cut), u32(cut));
    },
    restore: (infected) => {
      const cut = readU32(infected, infected.length - 4);
      return concat(infected.slice(-4 - cut, -4), infected.slice(halvesProgram.length, -4 - cut));
    },
  },
  {
    ...shared,
    id: "elf-body-between-blocks",
    what: "the body is cut in eight pieces that stand between equal parts of the host",
    infect: (host) => {
      const image = readImage(host);
      const step = Math.floor(host.length / stringPieces.length);
      if (!image || step < 256) return null;
      const parts = stringPieces.flatMap((piece, i) => [host.slice(i * step, (i + 1) * step), piece]);
      const result = concat(...parts, host.slice(stringPieces.length * step));
      // How long a part is stands in bytes 9 to 12 of the identification, which are zero in a file as linkers write it.
      return readU32(host, 9) === 0 ? patched(result, [9, u32(step)]) : null;
    },
    restore: (infected) => {
      const step = readU32(infected, 9);
      const stride = step + 80;
      const parts = stringPieces.map((_, i) => infected.slice(i * stride, i * stride + step));
      return patched(concat(...parts, infected.slice(stringPieces.length * stride)), [9, u32(0)]);
    },
  },
];
