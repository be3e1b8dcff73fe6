import type { FileType } from "@thymus/contracts";
import { type Random, random } from "./random.ts";

export interface Host {
  readonly path: string;
  readonly kind: string;
  readonly type: FileType;
  readonly bytes: Buffer;
}

const shebangs: Partial<Record<FileType, string>> = {
  shell: "#!/bin/sh\n",
  python: "#!/usr/bin/env python3\n",
  perl: "#!/usr/bin/perl\n",
  php: "#!/usr/bin/php\n<?php\n",
  node: "#!/usr/bin/env node\n",
};

const words =
  "host value index list total name read write count path line echo print if then for done return let part".split(
    " ",
  );

/** A script of random words; every third one has no final newline. */
export function textHost(
  type: FileType,
  seed: number,
  options: { shebang?: boolean; newline?: boolean } = {},
): Host {
  const dice = random(seed * 7919 + 13);
  let text = options.shebang === false ? "" : (shebangs[type] ?? "");
  const lines = 3 + dice.below(60);
  for (let i = 0; i < lines; i++) {
    text += `${Array.from({ length: 1 + dice.below(8) }, () => dice.pick(words) + dice.below(100)).join(" ")}\n`;
  }
  if (!(options.newline ?? seed % 3 !== 0)) text = text.slice(0, -1);
  return { path: `/srv/decoys/${type}-${seed}`, kind: `${type}-small`, type, bytes: Buffer.from(text) };
}

export function textHosts(
  types: readonly FileType[],
  each: number,
  options: { shebang?: boolean; newline?: boolean } = {},
  round = 0,
): Host[] {
  return types.flatMap((type, t) =>
    Array.from({ length: each }, (_, i) => textHost(type, round * 1000 + t * 100 + i + 1, options)),
  );
}

export const LOAD_AT = 0x400000;

/**
 * Bytes with the structure of an ELF file (System V gABI) and random contents: header, program headers (RX and RW segments, a NOTE),
 * zero padding between the segments, section headers at the end. It is no program.
 */
export function elfHost(seed: number, options: { wide?: boolean; note?: boolean } = {}): Host {
  const dice = random(seed * 104729 + 7);
  const wide = options.wide ?? true;
  const [ehsize, phsize, shsize] = wide ? [64, 56, 64] : [52, 32, 40];
  const extra = dice.below(4);
  const phnum = 3 + extra + (options.note === false ? 0 : 1);
  const codeAt = 0x1000;
  const code = Buffer.concat([codeLike(dice, 600 + dice.below(4000)), Buffer.alloc(0)]);
  const dataAt = codeAt + Math.ceil((code.length + 700) / 0x1000) * 0x1000;
  const data = codeLike(dice, 200 + dice.below(2000));
  const shnum = 4 + dice.below(20);
  const shoff = Math.ceil((dataAt + data.length) / 8) * 8;
  const bytes = Buffer.alloc(shoff + shnum * shsize);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1]);
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(wide ? 62 : 3, 18);
  bytes.writeUInt32LE(1, 20);
  const word = (value: number, at: number) => {
    if (wide) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUInt32LE(value, at);
  };
  const w = wide ? 8 : 4;
  word(LOAD_AT + codeAt + 16 * dice.below(30), 24);
  word(ehsize, 24 + w);
  word(shoff, 24 + 2 * w);
  const tail = 24 + 3 * w + 4;
  for (const [i, value] of [ehsize, phsize, phnum, shsize, shnum, shnum - 1].entries()) {
    bytes.writeUInt16LE(value, tail + 2 * i);
  }
  const segments: number[][] = [];
  for (let i = 0; i < extra; i++) segments.push([0x6474e550 + i, 4, 0x200 + 16 * i, 16 + dice.below(99)]);
  segments.push([1, 5, codeAt, code.length], [1, 6, dataAt, data.length], [2, 6, dataAt + 16, 64]);
  if (options.note !== false)
    segments.splice(dice.below(segments.length), 0, [
      4,
      4,
      0x300 + 4 * dice.below(20),
      0x20 + 4 * dice.below(9),
    ]);
  for (const [i, [type, flags, offset, size]] of segments.entries()) {
    const at = ehsize + i * phsize;
    bytes.writeUInt32LE(type!, at);
    bytes.writeUInt32LE(flags!, at + (wide ? 4 : 24));
    const first = at + (wide ? 8 : 4);
    for (const [k, value] of [offset!, LOAD_AT + offset!, LOAD_AT + offset!, size!, size!].entries())
      word(value, first + k * w);
    word(0x1000, at + phsize - w);
  }
  code.copy(bytes, codeAt);
  data.copy(bytes, dataAt);
  for (let i = 1; i < shnum; i++) {
    const at = shoff + i * shsize;
    bytes.writeUInt32LE(i * 9, at);
    bytes.writeUInt32LE(1 + dice.below(6), at + 4);
    word(dice.below(0x4000), at + 8 + w);
  }
  const type = wide ? "elf64" : "elf32";
  return { path: `/usr/local/bin/${type}-${seed}`, kind: "dynamic-small", type, bytes };
}

export function elfHosts(count: number, options: { wide?: boolean; note?: boolean } = {}, round = 0): Host[] {
  return Array.from({ length: count }, (_, i) => elfHost(round * 1000 + i + 1, options));
}

/** Bytes with the skewed distribution of machine code. */
export function codeLike(dice: Random, length: number): Buffer {
  const common = [
    0x48, 0x89, 0x8b, 0x00, 0xff, 0x0f, 0xe8, 0x83, 0x85, 0xc0, 0x74, 0x24, 0x44, 0x55, 0x5d, 0xc3,
  ];
  return Buffer.from(
    Uint8Array.from({ length }, () => (dice.next() < 0.6 ? dice.pick(common) : dice.below(256))),
  );
}
