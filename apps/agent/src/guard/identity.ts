import type { BigIntStats } from "node:fs";

const low = (value: bigint) => Number(BigInt.asUintN(32, value));
const high = (value: bigint) => Number(BigInt.asUintN(32, value >> 32n));

/** Identity of a file as the answering process writes it: device, inode, size, times of content and of change. */
export function identityOfStat(stat: BigIntStats): string {
  const { dev, ino, size, ctimeNs, mtimeNs } = stat;
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  const second = 1_000_000_000n;
  const words = [
    ...[major, minor].map(low),
    ...[low(ino), high(ino), low(size), high(size)],
    ...[ctimeNs / second, ctimeNs % second, mtimeNs / second, mtimeNs % second].map(low),
  ];
  return words.join(":");
}
