import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { headerBits } from "./file.ts";
import { fileBytes, HEADER_BYTES, WORD_BYTES } from "./memory.ts";
import type { Words } from "./remembered.ts";

const CHUNK = 1 << 18;
const BLOCK_BYTES = 4096;
const BLOCK_WORDS = BLOCK_BYTES / WORD_BYTES;
/** Blocks that stay in memory: 16 MiB. */
const KEPT = 4096;

const closing = new FinalizationRegistry<number>((fd) => closeSync(fd));

/** The words of a filter's file, read as they are asked for: a filter is as large as a tenth of the goodware. */
export class StoredWords implements Words {
  readonly #fd: number;
  readonly #blocks = new Map<number, Uint32Array>();

  private constructor(fd: number) {
    this.#fd = fd;
    closing.register(this, fd);
  }

  /** @returns null where there is no filter of this size and digest */
  static open(path: string, bits: number, sha256: string): StoredWords | null {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch {
      return null;
    }
    if (isSound(fd, bits, sha256)) return new StoredWords(fd);
    closeSync(fd);
    return null;
  }

  has(word: number, low: number, high: number): boolean {
    const block = this.#block(Math.floor(word / BLOCK_WORDS));
    const at = 2 * (word % BLOCK_WORDS);
    return (block[at]! & low) >>> 0 === low && (block[at + 1]! & high) >>> 0 === high;
  }

  #block(number: number): Uint32Array {
    let block = this.#blocks.get(number);
    if (block) return block;
    // The one that came first goes: which are asked for again cannot be told from the hash of a piece.
    if (this.#blocks.size >= KEPT) this.#blocks.delete(this.#blocks.keys().next().value!);
    block = new Uint32Array(BLOCK_BYTES / 4);
    const bytes = new Uint8Array(block.buffer);
    for (let at = 0; at < BLOCK_BYTES; ) {
      const length = readSync(
        this.#fd,
        bytes,
        at,
        BLOCK_BYTES - at,
        HEADER_BYTES + number * BLOCK_BYTES + at,
      );
      if (length === 0) throw new Error("the index of self became shorter while it was open");
      at += length;
    }
    this.#blocks.set(number, block);
    return block;
  }
}

function isSound(fd: number, bits: number, sha256: string): boolean {
  if (fstatSync(fd).size !== fileBytes(bits)) return false;
  const sum = createHash("sha256");
  const chunk = Buffer.alloc(CHUNK);
  for (let first = true; ; first = false) {
    const length = readSync(fd, chunk, 0, CHUNK, null);
    if (length === 0) break;
    if (first && headerBits(chunk.subarray(0, length)) !== bits) return false;
    sum.update(chunk.subarray(0, length));
  }
  return sum.digest("hex") === sha256;
}
