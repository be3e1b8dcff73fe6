import fc from "fast-check";

/** A copy in which one bit is another. */
export function flipBit(bytes: Uint8Array, place: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[(place >> 3) % copy.length]! ^= 1 << (place & 7);
  return copy;
}

/** Any bit of some bytes. */
export function anyBit(bytes: Uint8Array): fc.Arbitrary<number> {
  return fc.nat({ max: bytes.length * 8 - 1 });
}
