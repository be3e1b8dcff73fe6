/** What opening a hostile archive may cost. */

/** Limits of everything that is opened for one sample, nested archives included. Sizes in bytes. */
export interface OpenLimits {
  /** Archives inside archives inside the sample. */
  readonly depth: number;
  readonly entries: number;
  /** Content that is kept. */
  readonly kept: number;
  /** Content that is unpacked at all, kept or not. */
  readonly worked: number;
  /** Times its packed size that something may have, once it is larger than `ratioFrom`. */
  readonly ratio: number;
  readonly ratioFrom: number;
  readonly seconds: number;
}

export const openLimits: OpenLimits = {
  depth: 3,
  entries: 2000,
  kept: 128 * 1024 * 1024,
  worked: 512 * 1024 * 1024,
  ratio: 250,
  ratioFrom: 16 * 1024 * 1024,
  seconds: 30,
};

/** What a scan may open: more than an analysis, since nothing is kept. */
export const scanLimits: OpenLimits = {
  depth: 4,
  entries: 100_000,
  kept: 256 * 1024 * 1024,
  worked: 4 * 1024 * 1024 * 1024,
  ratio: 250,
  ratioFrom: 16 * 1024 * 1024,
  seconds: 120,
};

/** Opening ends here; what was opened so far counts. `message` says which limit. */
export class Exhausted extends Error {}

export class Budget {
  readonly limits: OpenLimits;
  readonly #deadline: number;
  #entries = 0;
  #kept = 0;
  #worked = 0;

  constructor(limits: OpenLimits = openLimits) {
    this.limits = limits;
    this.#deadline = performance.now() + limits.seconds * 1000;
  }

  /** Bytes that may still be kept. */
  get room(): number {
    return this.limits.kept - this.#kept;
  }

  keep(bytes: number): void {
    this.#kept += bytes;
  }

  /** @throws Exhausted */
  entry(): void {
    this.#entries++;
    this.tick();
    if (this.#entries > this.limits.entries) throw new Exhausted(`more than ${this.limits.entries} entries`);
  }

  /** @throws Exhausted */
  work(bytes: number): void {
    this.#worked += bytes;
    this.tick();
    if (this.#worked > this.limits.worked)
      throw new Exhausted(`more than ${this.limits.worked / 1024 / 1024} MiB to unpack`);
  }

  /** @throws Exhausted where the time is over */
  tick(): void {
    if (performance.now() > this.#deadline)
      throw new Exhausted(`more than ${this.limits.seconds} seconds to open`);
  }

  /** Whether something packed into `packed` bytes is a bomb when it has become `unpacked`. */
  isBomb(packed: number, unpacked: number): boolean {
    return unpacked > this.limits.ratioFrom && unpacked > packed * this.limits.ratio;
  }
}
