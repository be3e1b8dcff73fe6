import { concat, fromText, patched, pieces, readU32, reversed, toText, u32 } from "../bytes.ts";
import type { BlindKind, Random } from "../kind.ts";
import { machineBody, stop } from "../payload/machine.ts";
import { between, randomBytes, shuffled } from "../random.ts";
import { appendSegment, type Landing, ledger, ledgerSize, undoSegment } from "./segment.ts";

interface Layout {
  readonly id: string;
  readonly what: string;
  readonly unit: number;
  readonly gaps?: true;
  body(landing: Landing, random: Random): Uint8Array;
  /** The ledger out of the infected file. */
  saved(infected: Uint8Array): Uint8Array;
}

function appending({ id, what, unit, gaps, body, saved }: Layout): BlindKind {
  return {
    id,
    hosts: "elf",
    what,
    constant: "plain",
    keepsBytes: true,
    ...(gaps && { gaps }),
    infect: (host, random) => appendSegment(host, unit, (landing) => body(landing, random)),
    restore: (infected) => undoSegment(infected, saved(infected)),
  };
}

const fixed = machineBody("elf-append", 1230);
const page = machineBody("elf-append-page", 3000);
const backwards = machineBody("elf-append-and-backwards", 420);
const blocks = pieces(machineBody("elf-append-blocks-permuted", 960), 48);
const spaced = pieces(machineBody("elf-append-spaced", 600), 4);
const filled = machineBody("elf-append-filled", 510);
const hexed = machineBody("elf-append-ledger-as-text", 777);
const addressed = machineBody("elf-append-own-addresses", 800);

/** A segment behind the host whose body is in the clear. */
export const appendKinds: readonly BlindKind[] = [
  appending({
    id: "elf-append",
    what: "a segment behind the host, loaded through its note header; what was there is kept at the end",
    unit: 16,
    body: (landing) => concat(fixed, ledger(landing)),
    saved: (infected) => infected.slice(-ledgerSize),
  }),
  appending({
    id: "elf-append-page",
    what: "as a whole page, what was there kept in its middle with each bit inverted",
    unit: 4096,
    body: (landing) =>
      patched(concat(page, new Uint8Array(1096)), [2000, ledger(landing).map((byte) => byte ^ 255)]),
    saved: (infected) => infected.slice(-2096, -2096 + ledgerSize).map((byte) => byte ^ 255),
  }),
  appending({
    id: "elf-append-and-backwards",
    what: "the body, drawn bytes and the same body backwards",
    unit: 16,
    body: (landing, random) =>
      concat(
        backwards,
        randomBytes(random, between(random, 10, 200)),
        reversed(backwards),
        reversed(ledger(landing)),
      ),
    saved: (infected) => reversed(infected.slice(-ledgerSize)),
  }),
  appending({
    id: "elf-append-blocks-permuted",
    what: "the body's twenty blocks of 48 bytes follow each other in a drawn order",
    unit: 8,
    body: (landing, random) => concat(ledger(landing), ...shuffled(random, blocks)),
    saved: (infected) => infected.slice(-960 - ledgerSize, -960),
  }),
  appending({
    id: "elf-append-spaced",
    what: "four constant bytes and four drawn ones in turn",
    unit: 16,
    gaps: true,
    body: (landing, random) =>
      concat(...spaced.flatMap((piece) => [piece, randomBytes(random, 4)]), ledger(landing)),
    saved: (infected) => infected.slice(-ledgerSize),
  }),
  appending({
    id: "elf-append-filled",
    what: "the body and then so many drawn bytes that the file's length is a multiple of 1000",
    unit: 16,
    body: (landing, random) => {
      const saved = concat(filled, ledger(landing));
      const end = Math.ceil(landing.hostLength / 16) * 16 + stop.length + saved.length + 4;
      const fill = randomBytes(random, (1000 - (end % 1000)) % 1000);
      return concat(saved, fill, u32(fill.length));
    },
    saved: (infected) => {
      const end = infected.length - 4 - readU32(infected, infected.length - 4);
      return infected.slice(end - ledgerSize, end);
    },
  }),
  appending({
    id: "elf-append-ledger-as-text",
    what: "what was in the host is kept as hexadecimal text before the body",
    unit: 1,
    body: (landing) => concat(fromText(Buffer.from(ledger(landing)).toString("hex")), hexed),
    saved: (infected) =>
      Uint8Array.from(Buffer.from(toText(infected.slice(-777 - 2 * ledgerSize, -777)), "hex")),
  }),
  appending({
    id: "elf-append-own-addresses",
    what: "every 32 bytes the body names an address of its own, which differs with the host's length",
    unit: 16,
    body: (landing) => {
      const places = Array.from({ length: 24 }, (_, i) => 16 + 32 * i);
      const relocated = patched(
        addressed,
        ...places.map((at) => [at, u32(landing.address + 31 * at)] as const),
      );
      return concat(relocated, ledger(landing));
    },
    saved: (infected) => infected.slice(-ledgerSize),
  }),
];
