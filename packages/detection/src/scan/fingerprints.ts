/** A set of 64-bit numbers in one piece of memory: eight bytes a place, at most two thirds of them taken. */
export class Fingerprints {
  #places: BigUint64Array;
  #mask: number;
  #size = 0;

  constructor(expected = 1024) {
    const places = 2 ** Math.ceil(Math.log2(Math.max(1024, expected * 1.5)));
    this.#places = new BigUint64Array(places);
    this.#mask = places - 1;
  }

  get size(): number {
    return this.#size;
  }

  has(value: bigint): boolean {
    return this.#places[this.#placeOf(value)] === value && value !== 0n;
  }

  /** Zero stands for an empty place and is never in the set. */
  add(value: bigint): void {
    if (value === 0n) return;
    const place = this.#placeOf(value);
    if (this.#places[place] === value) return;
    this.#places[place] = value;
    this.#size++;
    if (this.#size * 3 > this.#places.length * 2) this.#grow();
  }

  /** The values are random: their low bits are as good as any hash. */
  #placeOf(value: bigint): number {
    let place = Number(value & 0xffffffffn) & this.#mask;
    while (this.#places[place] !== 0n && this.#places[place] !== value) place = (place + 1) & this.#mask;
    return place;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new BigUint64Array(old.length * 2);
    this.#mask = this.#places.length - 1;
    this.#size = 0;
    for (const value of old) this.add(value);
  }
}
