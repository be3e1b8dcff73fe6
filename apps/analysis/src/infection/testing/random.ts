/** Small deterministic generator (mulberry32): the same seed gives the same test data. */
export interface Random {
  next(): number;
  below(limit: number): number;
  bytes(length: number): Buffer;
  pick<T>(list: readonly T[]): T;
}

export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    next,
    below,
    bytes: (length) => Buffer.from(Uint8Array.from({ length }, () => below(256))),
    pick: (list) => list[below(list.length)]!,
  };
}
