import { KERNEL } from "./kernel.ts";
import { type FilterSpace, INPUT_BYTES, PIECE_BYTES, scratchOf } from "./memory.ts";

/** Most bytes that the kernel takes at once. */
export const BLOCK = 7000;

export interface Kernel {
  setup(bits: number, scratch: number, room: number, skip: number): void;
  add(at: number, length: number, salt: bigint): void;
  flush(): void;
  marks(at: number, length: number, salt: bigint): number;
}

let compiled: WebAssembly.Module | undefined;

export function loadKernel(memory: WebAssembly.Memory): Kernel {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNEL, "base64"));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernel;
}

/** One thread's way to add byte sequences to a filter; {@link Remembered} tells what it holds. */
export class AbsenceFilter {
  readonly #kernel: Kernel;
  readonly #input: Uint8Array;
  readonly #at: number;

  /**
   * @param instance own number of each user of the space, from 0
   * @param skip marks with any of these bits in their hash are left out; 0 for none
   */
  constructor(space: FilterSpace, instance: number, skip = 0) {
    this.#kernel = loadKernel(space.memory);
    const { scratch, input } = scratchOf(space, instance);
    this.#kernel.setup(space.bits, scratch, space.room, skip);
    this.#at = input;
    this.#input = new Uint8Array(space.memory.buffer, input, INPUT_BYTES);
  }

  /** Remembers a file, or the next part of one: the parts must overlap by {@link PIECE_BYTES} - 1 bytes. */
  add(bytes: Uint8Array, salt = 0n): void {
    const overlap = PIECE_BYTES - 1;
    for (let from = 0; from + overlap < bytes.length; from += INPUT_BYTES - overlap) {
      const part = bytes.length <= INPUT_BYTES ? bytes : bytes.subarray(from, from + INPUT_BYTES);
      this.#input.set(part);
      for (let at = 0; at + overlap < part.length; at += BLOCK - overlap)
        this.#kernel.add(this.#at + at, Math.min(BLOCK, part.length - at), salt);
    }
  }

  /** Makes all that was added visible to every instance. */
  flush(): void {
    this.#kernel.flush();
  }
}
