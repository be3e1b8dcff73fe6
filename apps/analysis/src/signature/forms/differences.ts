import type { InfectedPair } from "../../infection/analysis.ts";
import { isElf } from "../../infection/specimen.ts";
import type { Clause } from "../clause.ts";
import { instrumentation } from "../instrumentation.ts";
import type { Form, FormInput } from "./form.ts";

/** A place that every infected file has, as YARA writes it; offsets are counted from it. */
interface Anchor {
  readonly text: string;
  /** Of a region longer than is looked at, the part next to the anchor: its end or its beginning. */
  readonly nearEnd: boolean;
  of(after: Uint8Array): number | null;
}

const anchors: readonly Anchor[] = [
  { text: "filesize", nearEnd: true, of: (after) => after.length },
  { text: "0", nearEnd: false, of: () => 0 },
  // Start of the section header table (System V gABI, e_shoff) of ELF64 and ELF32, below 4 GiB.
  {
    text: "uint32(0x28)",
    nearEnd: true,
    of: (after) => (isElf(after) && after[4] === 2 ? word(after, 0x28) : null),
  },
  {
    text: "uint32(0x20)",
    nearEnd: true,
    of: (after) => (isElf(after) && after[4] === 1 ? word(after, 0x20) : null),
  },
];

interface Operation {
  readonly name: string;
  /** Bytes of one comparison. */
  readonly width: 1 | 4;
  apply(a: number, b: number): number;
  term(a: string, b: string, value: string): string;
}

const operations: readonly Operation[] = [
  {
    ...{ name: "differences", width: 4 },
    apply: (a, b) => a ^ b,
    term: (a, b, value) => `(uint32(${a}) ^ uint32(${b})) == ${value}`,
  },
  {
    ...{ name: "distances", width: 1 },
    apply: (a, b) => (a - b) & 255,
    term: (a, b, value) => `((uint8(${a}) - uint8(${b})) & 0xFF) == ${value}`,
  },
];

const STRIDES = [...Array.from({ length: 32 }, (_, i) => i + 1), 40, 48, 64, 128, 256];
const MAX_REGION = 1536;
/** Bytes of differences that a clause compares: so many do not agree by chance, nor because files of one format look alike. */
const COMPARED = { 4: 32, 1: 16 } as const;
/** Nats a byte of difference; far fewer than random bytes would give, since files are not random. */
const NATS = 2.8;
const MIN_DISTINCT = 8;
const MAX_PROPOSED = 6;

/**
 * Bodies under a repeating key of any length, under a sliding or an added key: nothing is constant, but what bytes differ by
 * at a distance of the key's length is. Compared at places that are the same in every file, counted from its end, its front or its
 * section headers.
 */
export const differencesForm: Form = {
  name: "differences",
  propose(input: FormInput): Clause[] {
    return anchors
      .flatMap((anchor) => forAnchor(anchor, input.pairs))
      .sort((a, b) => b.agreeing - a.agreeing)
      .slice(0, MAX_PROPOSED)
      .map(({ clause }) => clause);
  },
};

interface Proposal {
  readonly clause: Clause;
  /** Bytes that differ alike in all bodies: at the right distance nearly all do, at a wrong one some by chance. */
  readonly agreeing: number;
}

function forAnchor(anchor: Anchor, pairs: readonly InfectedPair[]): Proposal[] {
  const places = pairs.map((pair) => regionOf(pair, anchor));
  if (places.some((place) => place === null)) return [];
  let from = Math.max(...places.map((place) => place!.from));
  let to = Math.min(...places.map((place) => place!.to));
  if (to - from < 24) return [];
  if (anchor.nearEnd) from = Math.max(from, to - MAX_REGION);
  else to = Math.min(to, from + MAX_REGION);
  const regions = pairs.map(({ specimen: { after } }, i) => {
    const base = places[i]!.anchor;
    return after.subarray(base + from, base + to);
  });
  // What exercises carry tells nothing of the pathogen.
  const barred = new Set(
    instrumentation(regions[0]!).flatMap(({ start, end }) =>
      Array.from({ length: end - start }, (_, i) => start + i),
    ),
  );
  const elf = pairs.every(({ specimen }) => isElf(specimen.after));
  return operations.flatMap((operation) =>
    STRIDES.flatMap((stride) => atStride(anchor, operation, stride, from, regions, barred, elf) ?? []),
  );
}

function atStride(
  anchor: Anchor,
  { name, width, apply, term }: Operation,
  stride: number,
  from: number,
  regions: readonly Uint8Array[],
  barred: ReadonlySet<number>,
  elf: boolean,
): Proposal | null {
  const [first, ...others] = regions as [Uint8Array, ...Uint8Array[]];
  const values = new Int16Array(Math.max(0, first.length - stride)).fill(-1);
  let alive: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (barred.has(i) || barred.has(i + stride)) continue;
    values[i] = apply(first[i]!, first[i + stride]!);
    alive.push(i);
  }
  for (const other of others) {
    const left: number[] = [];
    for (const i of alive) {
      if (apply(other[i]!, other[i + stride]!) === values[i]) left.push(i);
      else values[i] = -1;
    }
    alive = left;
    if (alive.length < COMPARED[width]) return null;
  }
  const starts: number[] = [];
  for (let i = 0; i + width <= values.length; ) {
    const some = values.subarray(i, i + width);
    if (some.every((value) => value > 0) && (width === 1 || new Set(some).size > 2)) {
      starts.push(i);
      i += width;
    } else i++;
  }
  const wanted = COMPARED[width] / width;
  if (starts.length < wanted) return null;
  const step = starts.length / wanted;
  const chosen = Array.from({ length: wanted }, (_, i) => starts[Math.floor(i * step)]!);
  const bytes = chosen.flatMap((start) => [...values.subarray(start, start + width)]);
  if (new Set(bytes).size < Math.min(MIN_DISTINCT, bytes.length)) return null;
  const terms = chosen.map((start) => {
    const at = (offset: number) => place(anchor.text, from + start + offset);
    return term(at(0), at(stride), hexWord(values.subarray(start, start + width)));
  });
  const gate = elf ? ["uint32(0) == 0x464C457F"] : [];
  const condition = [...gate, ...terms].join(" and ");
  const clause = { form: name, strings: [], needed: 0, condition, logProbability: -NATS * bytes.length };
  return { clause, agreeing: starts.length * width };
}

function regionOf(pair: InfectedPair, anchor: Anchor): { from: number; to: number; anchor: number } | null {
  const at = anchor.of(pair.specimen.after);
  const largest = [...pair.bodies].sort((a, b) => b.end - b.start - (a.end - a.start))[0];
  if (at === null || largest === undefined) return null;
  // Bytes of a body that happen to be the host's, too, cut it in two.
  const start = Math.min(...pair.bodies.map((body) => body.start));
  const end = Math.max(...pair.bodies.map((body) => body.end));
  const near = end - start <= 2 * (largest.end - largest.start);
  return { from: (near ? start : largest.start) - at, to: (near ? end : largest.end) - at, anchor: at };
}

function place(anchor: string, offset: number): string {
  if (anchor === "0") return String(offset);
  return offset < 0 ? `${anchor} - ${-offset}` : offset === 0 ? anchor : `${anchor} + ${offset}`;
}

/** Little endian, as YARA's integer functions read. */
function hexWord(values: Int16Array): string {
  return `0x${[...values]
    .reverse()
    .map((value) => value.toString(16).padStart(2, "0"))
    .join("")}`;
}

function word(bytes: Uint8Array, at: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUInt32LE(at);
}
