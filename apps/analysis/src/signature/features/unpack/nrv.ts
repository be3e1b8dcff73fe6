/** Methods of UPX's block headers whose streams are read here, all with bits in little-endian words of 32. */
export type NrvMethod = "nrv2b" | "nrv2d" | "nrv2e";

const END = 0xffffffff;

/**
 * Unpacks one stream of the NRV family (Markus Oberhumer's UCL). Null unless it ends by its own mark after exactly all of the input and with
 * exactly so many bytes: then no bit of it was read amiss.
 */
export function unpackNrv(input: Uint8Array, size: number, method: NrvMethod): Uint8Array | null {
  const out = new Uint8Array(size);
  const bits = new Bits(input);
  let to = 0;
  let lastOffset = 1;
  for (;;) {
    while (bits.next() === 1) {
      if (to >= size || bits.isSpent) return null;
      out[to++] = bits.byte();
    }
    let offset = method === "nrv2b" ? plainOffset(bits) : pairedOffset(bits);
    if (offset < 0) return null;
    let short = 0;
    if (offset === 2) {
      offset = lastOffset;
      if (method !== "nrv2b") short = bits.next();
    } else {
      const full = (offset - 3) * 256 + bits.byte();
      if (full === END) return to === size && bits.isSpent ? out : null;
      if (full > END) return null;
      if (method === "nrv2b") offset = full + 1;
      else {
        short = (full & 1) ^ 1;
        offset = Math.floor(full / 2) + 1;
      }
      lastOffset = offset;
    }
    const length = lengthOf(bits, method, short) + (offset > (method === "nrv2b" ? 0xd00 : 0x500) ? 1 : 0);
    if (bits.isOver || offset > to || to + length + 1 > size) return null;
    for (let i = 0; i <= length; i++, to++) out[to] = out[to - offset]!;
  }
}

function plainOffset(bits: Bits): number {
  let offset = 1;
  do {
    offset = offset * 2 + bits.next();
    if (bits.isOver || offset > END) return -1;
  } while (bits.next() === 0);
  return offset;
}

function pairedOffset(bits: Bits): number {
  let offset = 1;
  for (;;) {
    offset = offset * 2 + bits.next();
    if (bits.isOver || offset > END) return -1;
    if (bits.next() === 1) return offset;
    offset = (offset - 1) * 2 + bits.next();
  }
}

function lengthOf(bits: Bits, method: NrvMethod, short: number): number {
  if (method === "nrv2e") {
    if (short === 1) return 1 + bits.next();
    if (bits.next() === 1) return 3 + bits.next();
    return longLength(bits, 1) + 3;
  }
  const length = method === "nrv2b" ? bits.next() * 2 + bits.next() : short * 2 + bits.next();
  return length === 0 ? longLength(bits, 1) + 2 : length;
}

function longLength(bits: Bits, start: number): number {
  let length = start;
  do {
    length = length * 2 + bits.next();
  } while (bits.next() === 0 && !bits.isOver);
  return length;
}

/** Bits from the top of little-endian words, and bytes between the words. */
class Bits {
  readonly #input: Uint8Array;
  #at = 0;
  #word = 0;
  #left = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
  }

  get isSpent(): boolean {
    return this.#at === this.#input.length;
  }

  /** It was read past the end. */
  get isOver(): boolean {
    return this.#at > this.#input.length;
  }

  next(): number {
    if (this.#left === 0) {
      this.#word = 0;
      for (let i = 3; i >= 0; i--) this.#word = (this.#word << 8) | (this.#input[this.#at + i] ?? 0);
      this.#at += 4;
      this.#left = 32;
    }
    this.#left--;
    return (this.#word >>> this.#left) & 1;
  }

  byte(): number {
    return this.#input[this.#at++] ?? 0;
  }
}
