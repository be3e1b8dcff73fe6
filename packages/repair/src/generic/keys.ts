/** Keys under which clean bytes may have been stored, from what is known of clean files. */

/** A byte of the key for each byte of the stored text: `key` over and over, each round `step` more. */
export interface Keyed {
  readonly op: "xor" | "add";
  readonly key: Uint8Array;
  readonly step: number;
  /** Where the key begins in the span. */
  readonly at: number;
}

const elf = (bits: number, type: number, machine: number) =>
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, bits, 1, 1, ...Array(9).fill(0), type, 0, machine, 0, 1, 0, 0, 0]);

/** Beginnings of programs (System V gABI, "ELF header"; shebang lines). */
const beginnings: readonly Uint8Array[] = [
  ...[2, 3].flatMap((type) => [elf(2, type, 0x3e), elf(2, type, 0xb7), elf(1, type, 3), elf(1, type, 0x28)]),
  ...[
    "#!/bin/sh\n",
    "#!/bin/bash\n",
    "#!/usr/bin/env python3\n",
    "#!/usr/bin/env node\n",
    "#!/usr/bin/env ",
    "#!/usr/bin/python3\n",
    "#!/usr/bin/perl",
    "#!/usr/bin/php\n<?php",
    "#!/usr/bin/",
    "#! /bin/",
  ].map((text) => Buffer.from(text)),
];

/** Known bytes beyond those that make the key; fewer fit by chance. */
const MIN_PROOF = 4;
const MAX_KEY = 16;

const undo = (op: Keyed["op"], stored: number, clean: number) =>
  op === "xor" ? stored ^ clean : (stored - clean) & 255;

export function* keysOf(span: Uint8Array): Generator<Keyed> {
  yield* fromBeginnings(span);
  yield* fromPadding(span);
  yield* fromFrequency(span);
}

/** Where a clean file's beginning would be, its known bytes must give the same key again and again. */
function* fromBeginnings(span: Uint8Array): Generator<Keyed> {
  for (const op of ["xor", "add"] as const) {
    for (const known of beginnings) {
      for (let at = 0; at + known.length <= span.length; at++) {
        const stream = (i: number) => undo(op, span[at + i]!, known[i]!);
        const step = (stream(1) - stream(0)) & 255;
        if (step !== 0 && same(known.length, (i) => stream(i) === ((stream(0) + i * step) & 255)))
          yield { op, key: Uint8Array.of(stream(0)), step, at };
        for (let length = 1; length <= MAX_KEY && length + MIN_PROOF <= known.length; length++) {
          if (stream(length) !== stream(0)) continue;
          if (!same(known.length - length, (i) => stream(i) === stream(i + length))) continue;
          const key = Uint8Array.from({ length }, (_, i) => stream(i));
          if (key.some((byte) => byte !== 0)) yield { op, key, step: 0, at };
          break;
        }
      }
    }
  }
}

function same(count: number, holds: (i: number) => boolean): boolean {
  for (let i = 0; i < count; i++) if (!holds(i)) return false;
  return true;
}

const MAX_RUNS = 4;

/** Zeros of the clean file show the key as it is, over and over. */
function* fromPadding(span: Uint8Array): Generator<Keyed> {
  for (let length = 2; length <= 2 * MAX_KEY; length++) {
    let run = 0;
    let found = 0;
    for (let at = 0; at + length < span.length && found < MAX_RUNS; at++) {
      run = span[at] === span[at + length] ? run + 1 : 0;
      if (run !== length + 8) continue;
      const start = at + 1 - run;
      const key = span.slice(start, start + length);
      if (key.every((byte) => byte === key[0])) continue;
      found++;
      yield { op: "xor", key, step: 0, at: start };
      yield { op: "add", key, step: 0, at: start };
    }
  }
}

const ENOUGH = 24;

/** The most frequent byte of a program is zero, that of a text is a space. */
function* fromFrequency(span: Uint8Array): Generator<Keyed> {
  for (let length = 2; length <= MAX_KEY && span.length >= ENOUGH * length; length++) {
    const modes = Uint8Array.from({ length }, (_, phase) => modeOf(span, phase, length));
    for (const op of ["xor", "add"] as const)
      for (const plain of [0x20, 0])
        yield { op, key: modes.map((mode) => undo(op, mode, plain)), step: 0, at: 0 };
  }
}

function modeOf(span: Uint8Array, phase: number, stride: number): number {
  const counts = new Uint32Array(256);
  let best = 0;
  for (let at = phase; at < span.length; at += stride) {
    const byte = span[at]!;
    if (++counts[byte]! > counts[best]!) best = byte;
  }
  return best;
}

/** The bytes that were stored under a key: of the whole span, or from where a sliding key begins. */
export function decodeKeyed(span: Uint8Array, { op, key, step, at }: Keyed): Uint8Array {
  const from = step === 0 ? 0 : at;
  const out = new Uint8Array(span.length - from);
  let phase = step === 0 ? (key.length - (at % key.length)) % key.length : 0;
  let slide = 0;
  for (let i = 0; i < out.length; i++) {
    const byte = (key[phase]! + slide) & 255;
    out[i] = op === "xor" ? span[from + i]! ^ byte : span[from + i]! - byte;
    if (++phase === key.length) {
      phase = 0;
      slide = (slide + step) & 255;
    }
  }
  return out;
}
