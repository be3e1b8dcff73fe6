/** Documents such as a home folder has: what ransomware looks for. */
import { deflateSync } from "node:zlib";
import type { FileType } from "@thymus/contracts";
import type { SeededRandom } from "./random.ts";
import { names, noun, phrase, sentence } from "./words.ts";

export interface Document {
  readonly extension: string;
  readonly type: FileType;
  readonly content: Buffer;
}

const lines = (random: SeededRandom, low: number, high: number, line: () => string) =>
  Buffer.from(`${Array.from({ length: random.between(low, high) }, line).join("\n")}\n`);

const kinds: readonly ((random: SeededRandom) => Document)[] = [
  (random) => ({ extension: "txt", type: "text", content: lines(random, 4, 60, () => sentence(random)) }),
  (random) => ({
    extension: "csv",
    type: "text",
    content: lines(
      random,
      10,
      200,
      () => `${noun(random)},${random.below(1000)},${random.below(100)}.${random.between(10, 99)}`,
    ),
  }),
  (random) => ({
    extension: "md",
    type: "text",
    content: lines(random, 6, 50, () =>
      random.pick([`## ${phrase(random, 3)}`, sentence(random), `* ${phrase(random, 4)}`, ""]),
    ),
  }),
  (random) => ({
    extension: "json",
    type: "text",
    content: Buffer.from(
      `${JSON.stringify(Object.fromEntries(names(random, random.between(4, 40)).map((name) => [name, random.chance(0.5) ? random.below(5000) : phrase(random, 3)])), null, 2)}\n`,
    ),
  }),
  (random) => ({ extension: "jpg", type: "other", content: picture(random) }),
];

/** The frame of a JPEG file (ITU-T T.81 markers) around bytes that look like compressed picture data. */
function picture(random: SeededRandom): Buffer {
  const head = Buffer.from("ffd8ffe000104a46494600010100000100010000", "hex");
  const body = deflateSync(random.bytes(random.between(3000, 40_000)));
  return Buffer.concat([head, body, Buffer.from("ffd9", "hex")]);
}

/** The documents of one set: one of each kind, then more at random. */
export function documents(random: SeededRandom, count: number): Document[] {
  return Array.from({ length: count }, (_, at) => (kinds[at] ?? random.pick(kinds))(random));
}
