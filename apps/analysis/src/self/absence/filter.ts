import { KERNEL } from "./kernel.ts";
import { INPUT_BYTES, PIECE_BYTES, scratchOf } from "./memory.ts";

/** Most bytes that the kernel takes at once. */
const BLOCK = 7000;

interface Kernel {
  setup(bits: number, scratch: number): void;
  add(at: number, length: number): void;
  flush(): void;
  absent(at: number, length: number): 0 | 1;
}

let compiled: WebAssembly.Module | undefined;

/**
 * Remembers byte sequences and tells which never stood in them. What it calls absent is absent, exactly; the converse
 * does not hold: a Bloom filter remembers a few pieces that never were.
 */
export class AbsenceFilter {
  readonly #kernel: Kernel;
  readonly #input: Uint8Array;
  readonly #at: number;

  /** @param instance own number of each user of the memory, from 0 */
  constructor(memory: WebAssembly.Memory, bits: number, instance: number) {
    compiled ??= new WebAssembly.Module(Buffer.from(KERNEL, "base64"));
    this.#kernel = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernel;
    const { scratch, input } = scratchOf(bits, instance);
    this.#kernel.setup(bits, scratch);
    this.#at = input;
    this.#input = new Uint8Array(memory.buffer, input, INPUT_BYTES);
  }

  /** Remembers a file, or the next part of one: the parts must overlap by {@link PIECE_BYTES} - 1 bytes. */
  add(bytes: Uint8Array): void {
    this.#blocks(bytes, (at, length) => {
      this.#kernel.add(at, length);
      return false;
    });
  }

  /** Makes all that was added visible to every instance. */
  flush(): void {
    this.#kernel.flush();
  }

  /** True: these bytes stand in nothing that was remembered. */
  absent(bytes: Uint8Array): boolean {
    return this.#blocks(bytes, (at, length) => this.#kernel.absent(at, length) === 1);
  }

  /** Hands the bytes to the kernel in blocks that overlap so far that every piece lies whole in one; ends when told. */
  #blocks(bytes: Uint8Array, visit: (at: number, length: number) => boolean): boolean {
    const overlap = PIECE_BYTES - 1;
    for (let from = 0; from + overlap < bytes.length; from += INPUT_BYTES - overlap) {
      const part = bytes.length <= INPUT_BYTES ? bytes : bytes.subarray(from, from + INPUT_BYTES);
      this.#input.set(part);
      for (let at = 0; at + overlap < part.length; at += BLOCK - overlap) {
        if (visit(this.#at + at, Math.min(BLOCK, part.length - at))) return true;
      }
    }
    return false;
  }
}
