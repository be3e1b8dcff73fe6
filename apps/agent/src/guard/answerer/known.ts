/** Words of struct statx that together are the identity of a content: device, inode, size, times of content and of change. */
const WORDS = [34, 35, 8, 9, 10, 11, 24, 26, 28, 30] as const;
const STRIDE = 12;
const WAYS = 8;

export const UNKNOWN = 0;
export const GOOD = 1;
export const INFECTED = 2;
/** Was good, but somebody had it open for writing since: without them it is to be looked into again. */
export const WRITTEN = 3;

/**
 * What was decided about contents, by identity. A fixed table: nothing is allocated after the start, an eighth-fold choice
 * of places for each key, the oldest of a full row goes.
 */
export class Known {
  readonly #table: Uint32Array;
  readonly #rows: number;
  #turn = 0;
  #used = 0;

  /** @param rows a power of two; room for eight times as many contents, 48 bytes each */
  constructor(rows = 8192) {
    this.#rows = rows;
    this.#table = new Uint32Array(rows * WAYS * STRIDE);
    // Touched once: the pages are there before they are needed.
    this.#table.fill(0);
  }

  #row(facts: Uint32Array): number {
    let hash = 0x811c9dc5;
    for (let index = 0; index < WORDS.length; index++)
      hash = Math.imul(hash ^ facts[WORDS[index]!]!, 0x9e3779b1) ^ (hash >>> 15);
    hash ^= hash >>> 13;
    return ((hash >>> 0) & (this.#rows - 1)) * WAYS * STRIDE;
  }

  #find(facts: Uint32Array): number {
    const table = this.#table;
    const row = this.#row(facts);
    for (let at = row; at < row + WAYS * STRIDE; at += STRIDE) {
      if (table[at] === 0) continue;
      let word = 0;
      while (word < WORDS.length && table[at + 1 + word] === facts[WORDS[word]!]) word++;
      if (word === WORDS.length) return at;
    }
    return -1;
  }

  /** UNKNOWN, GOOD, INFECTED or WRITTEN. @param facts words of a struct statx */
  get(facts: Uint32Array): number {
    const at = this.#find(facts);
    return at < 0 ? UNKNOWN : this.#table[at]!;
  }

  set(facts: Uint32Array, state: number): void {
    const table = this.#table;
    let at = this.#find(facts);
    if (at < 0) {
      const row = this.#row(facts);
      at = row;
      while (at < row + WAYS * STRIDE && table[at] !== 0) at += STRIDE;
      if (at === row + WAYS * STRIDE) {
        at = row + this.#turn * STRIDE;
        this.#turn = (this.#turn + 1) % WAYS;
      } else this.#used++;
      for (let word = 0; word < WORDS.length; word++) table[at + 1 + word] = facts[WORDS[word]!]!;
    }
    table[at] = state;
  }

  forget(): void {
    this.#table.fill(0);
    this.#used = 0;
  }

  get size(): number {
    return this.#used;
  }
}

/** True where two struct statx tell of the same content. */
export function sameIdentity(a: Uint32Array, b: Uint32Array): boolean {
  for (const word of WORDS) if (a[word] !== b[word]) return false;
  return true;
}

/** The identity as text, for the agent, which compares it with what it opened. */
export function identityText(facts: Uint32Array): string {
  return WORDS.map((word) => facts[word]).join(":");
}
