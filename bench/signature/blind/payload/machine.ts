import { concat, u32 } from "../bytes.ts";
import type { Random } from "../kind.ts";
import { between, pick, randomBytes, seeded } from "../random.ts";

/** UD2: a processor that came here would stop the program at once. */
export const stop = Uint8Array.of(0x0f, 0x0b);

/** UD2, HLT, CLI, STI, INT3, UD1: each of them stops a program that is no kernel. */
const stops = [
  stop,
  ...[[0xf4], [0xfa], [0xfb], [0xcc], [0x0f, 0xb9, 0xc0]].map((code) => Uint8Array.from(code)),
];

export function drawnStop(random: Random): Uint8Array {
  return pick(random, stops);
}

/** Whether what begins here would stop at its first instruction. Every machine body does. */
export function stopsAtOnce(bytes: Uint8Array): boolean {
  return stops.some((code) => code.every((byte, i) => bytes[i] === byte));
}

/** Ways into the kernel (SYSCALL, SYSENTER, INT 80h): no body holds them, not even across two instructions. */
export const kernelEntries: readonly (readonly [number, number])[] = [
  [0x0f, 0x05],
  [0x0f, 0x34],
  [0xcd, 0x80],
];

export function entersKernel(bytes: Uint8Array): boolean {
  return kernelEntries.some(([a, b]) => bytes.some((byte, i) => byte === a && bytes[i + 1] === b));
}

const registerPair = (random: Random) => 0xc0 | between(random, 0, 63);
const nearMemory = (random: Random) =>
  0x40 | (between(random, 0, 7) << 3) | pick(random, [0, 1, 2, 3, 5, 6, 7]);

/** Shapes of common x86-64 instructions, filled at random: the stream looks like code and means nothing. */
const shapes: readonly ((random: Random) => Uint8Array)[] = [
  (r) => Uint8Array.of(0x48, 0x89, registerPair(r)),
  (r) => Uint8Array.of(0x48, 0x8b, nearMemory(r), between(r, 0, 15) * 8),
  (r) => Uint8Array.of(0x48, 0x89, nearMemory(r), between(r, 0, 15) * 8),
  (r) => concat(Uint8Array.of(0x48, 0x8d, 0x05 | (between(r, 0, 7) << 3)), u32(between(r, 16, 9000))),
  (r) => Uint8Array.of(0x50 + between(r, 0, 15)),
  (r) => concat(Uint8Array.of(0xb8 + between(r, 0, 7)), u32(between(r, 1, 4095))),
  (r) => Uint8Array.of(0x48, 0x83, registerPair(r), between(r, 1, 120)),
  (r) => Uint8Array.of(pick(r, [0x31, 0x01, 0x29, 0x21, 0x39, 0x85, 0x09]), registerPair(r)),
  (r) => Uint8Array.of(0x0f, 0xb6, registerPair(r)),
  (r) => Uint8Array.of(0x70 + between(r, 0, 15), between(r, 2, 100)),
  (r) => concat(Uint8Array.of(0xe8), u32(between(r, -9000, 9000))),
  (r) => Uint8Array.of(0xc1, registerPair(r), between(r, 1, 31)),
  (r) => Uint8Array.of(0x41, 0x80, registerPair(r), between(r, 0, 255)),
];

/** `length` bytes that look like instructions and are the same for the same `seed`. */
export function machineBody(seed: string, length: number): Uint8Array {
  return machineBytes(seeded(`machine ${seed}`), length);
}

/** As `machineBody`, from a stream: other bytes at each call. */
export function machineBytes(random: Random, length: number): Uint8Array {
  let result = drawnStop(random);
  while (result.length < length) {
    const longer = concat(result, pick(random, shapes)(random));
    if (!entersKernel(longer.subarray(result.length - 1))) result = longer;
  }
  return result.slice(0, length);
}

/** Random bytes after a drawn stop, without ways into the kernel. */
export function noise(random: Random, length: number): Uint8Array {
  for (;;) {
    const result = concat(drawnStop(random), randomBytes(random, length)).slice(0, length);
    if (!entersKernel(result)) return result;
  }
}
