import type { NrvMethod } from "../unpack/nrv.ts";

const METHOD_NUMBERS: Readonly<Record<NrvMethod, number>> = { nrv2b: 2, nrv2d: 5, nrv2e: 8 };
/** Value of the offset code that marks the end: (n - 3) * 256 + 255 is 2^32 - 1. */
const END_CODE = 0x1000002;

/** A stream of the NRV family of literals only, or with one copy of the byte before from a place on (nrv2e). */
export function packNrv(bytes: Uint8Array, method: NrvMethod, options: { copyAfter?: number } = {}): Buffer {
  const out = new Writer();
  const literals = options.copyAfter ?? bytes.length;
  for (const byte of bytes.subarray(0, literals)) {
    out.bit(1);
    out.byte(byte);
  }
  if (options.copyAfter !== undefined) {
    // Offset code 2 repeats the last offset, which is 1 at first; then 0, 1 and one bit: length 3 or 4, one more is copied.
    out.bit(0);
    for (const bit of [0, 1, 0, 1, bytes.length - literals - 4]) out.bit(bit);
  }
  out.bit(0);
  offsetCode(out, END_CODE, method);
  out.byte(0xff);
  return out.done();
}

function offsetCode(out: Writer, code: number, method: NrvMethod): void {
  const steps: number[] = [];
  if (method === "nrv2b") {
    for (let value = code; value > 1; value = value >>> 1) steps.unshift(value & 1);
    for (const [i, bit] of steps.entries()) {
      out.bit(bit);
      out.bit(i === steps.length - 1 ? 1 : 0);
    }
    return;
  }
  // Backwards: the last step doubles and adds a bit; each before it adds a bit, takes one and adds another.
  let value = code;
  steps.unshift(value & 1);
  value = value >>> 1;
  while (value > 1) {
    steps.unshift(value & 1);
    value = (value >>> 1) + 1;
    steps.unshift(value & 1);
    value = value >>> 1;
  }
  for (let i = 0; i < steps.length; i++) {
    out.bit(steps[i]!);
    if (i === steps.length - 1) out.bit(1);
    else {
      out.bit(0);
      out.bit(steps[++i]!);
    }
  }
}

class Writer {
  readonly #bytes: number[] = [];
  #word = -1;
  #left = 0;

  bit(bit: number): void {
    if (this.#left === 0) {
      this.#word = this.#bytes.length;
      this.#bytes.push(0, 0, 0, 0);
      this.#left = 32;
    }
    this.#left--;
    this.#bytes[this.#word + (this.#left >>> 3)]! |= bit << (this.#left & 7);
  }

  byte(byte: number): void {
    this.#bytes.push(byte);
  }

  done(): Buffer {
    return Buffer.from(this.#bytes);
  }
}

/** A file with the headers of an ELF program and of UPX's blocks; there is no stub, and it cannot run. */
export function packedLike(blocks: readonly Uint8Array[], method: NrvMethod = "nrv2e"): Buffer {
  const headers = Buffer.alloc(64 + 2 * 56);
  headers.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  headers.writeUInt16LE(2, 16);
  headers.writeUInt16LE(62, 18);
  headers.writeBigUInt64LE(64n, 0x20);
  headers.writeUInt16LE(56, 0x36);
  headers.writeUInt16LE(2, 0x38);
  const info = Buffer.alloc(24);
  info.write("UPX!", 4, "latin1");
  info.writeUInt32LE(
    blocks.reduce((sum, block) => sum + block.length, 0),
    16,
  );
  const parts = blocks.flatMap((block) => {
    const packed = packNrv(block, method);
    const stored = packed.length >= block.length;
    const head = Buffer.alloc(12);
    head.writeUInt32LE(block.length, 0);
    head.writeUInt32LE(stored ? block.length : packed.length, 4);
    head[8] = METHOD_NUMBERS[method];
    return [head, stored ? block : packed];
  });
  return Buffer.concat([headers, info, ...parts]);
}
