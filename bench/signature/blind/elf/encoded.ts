import { deflateRawSync, inflateRawSync } from "node:zlib";
import { concat, readU16, u16, xored } from "../bytes.ts";
import type { BlindKind, Random } from "../kind.ts";
import { forms, idle, rewritten, written } from "../payload/forms.ts";
import { drawnStop, entersKernel, machineBody, noise } from "../payload/machine.ts";
import { between, randomBytes, shuffled } from "../random.ts";
import { appendSegment, type Landing, type Loading, ledger, ledgerSize, undoSegment } from "./segment.ts";

interface Coding {
  readonly id: string;
  readonly what: string;
  readonly constant: "stub" | "none";
  readonly gaps?: true;
  /** The stub, with the key where it keeps it, and the encoded body; `decode` is given both and finds what was given. */
  encode(body: Uint8Array, random: Random): Uint8Array;
  decode(segment: Uint8Array): Uint8Array;
}

/** A segment behind the host whose body, with what was in the host at its end, is encoded; its length stands last. */
function encoding({ id, what, constant, gaps, encode, decode }: Coding): BlindKind {
  const body = machineBody(id, 640);
  return {
    id,
    hosts: "elf",
    what,
    constant,
    keepsBytes: true,
    ...(gaps && { gaps }),
    infect: (host, random) => {
      const build = (landing: Landing) => {
        const segment = encode(concat(body, ledger(landing)), random);
        return concat(segment, u16(segment.length));
      };
      return appendSegment(host, 16, build, constant === "none" ? drawnLoading(random) : undefined);
    },
    restore: (infected) => {
      const length = readU16(infected, infected.length - 2);
      return undoSegment(infected, decode(infected.slice(-2 - length, -2)).slice(-ledgerSize));
    },
  };
}

/** So that the header of the segment is not the same in every infection either. */
function drawnLoading(random: Random): Loading {
  return { base: 0x1000 * between(random, 0x8000, 0x7ffff), opening: drawnStop(random) };
}

const bodySize = 640 + ledgerSize;
const stubOf = (id: string, length: number) => machineBody(`${id} stub`, length);

/** Each byte is XORed with a key that grows by a step from byte to byte. */
function slid(bytes: Uint8Array, key: number, step: number): Uint8Array {
  return bytes.map((byte, i) => byte ^ ((key + i * step) & 255));
}

/** Each byte is changed by the one before it, so that equal texts differ from their first changed byte on. */
function chained(bytes: Uint8Array, key: number): Uint8Array {
  let last = key;
  return bytes.map((byte) => {
    last = (byte + last + 0x3b) & 255;
    return last;
  });
}

function unchained(bytes: Uint8Array, key: number): Uint8Array {
  return bytes.map((byte, i) => (byte - (i === 0 ? key : bytes[i - 1]!) - 0x3b) & 255);
}

const xorStub = stubOf("elf-append-xor", 48);
const longStub = stubOf("elf-append-xor-long-key", 70);
const slidingStub = pieces3(stubOf("elf-append-sliding", 46));
const chainedStub = stubOf("elf-append-chained", 40);
const layers = [stubOf("outer", 44), stubOf("inner", 36)] as const;
const deflatedStub = stubOf("elf-append-deflated", 90);
const swapped = forms("elf-append-registers", 14);
const rewrittenStub = forms("elf-append-stub-rewritten", 18);
const longForms = forms("elf-append-all-rewritten", 150);

function pieces3(stub: Uint8Array): [Uint8Array, Uint8Array, Uint8Array] {
  return [stub.slice(0, 16), stub.slice(16, 32), stub.slice(32)];
}

const key1 = (random: Random) => between(random, 1, 255);

export const encodedKinds: readonly BlindKind[] = [
  encoding({
    id: "elf-append-xor",
    what: "a fixed stub, a drawn key of one byte, the body XORed with it",
    constant: "stub",
    encode: (body, random) => {
      const key = Uint8Array.of(key1(random));
      return concat(xorStub, key, xored(body, key));
    },
    decode: (segment) => xored(segment.slice(49), segment.slice(48, 49)),
  }),
  encoding({
    id: "elf-append-xor-long-key",
    what: "a fixed stub, the body XORed with a drawn key of 32 bytes that stands behind it",
    constant: "stub",
    encode: (body, random) => {
      const key = randomBytes(random, 32);
      return concat(longStub, xored(body, key), key);
    },
    decode: (segment) => xored(segment.slice(70, -32), segment.slice(-32)),
  }),
  encoding({
    id: "elf-append-sliding",
    what: "a stub with a drawn key and a drawn step inside it, the body XORed with a key that grows by the step",
    constant: "stub",
    encode: (body, random) => {
      const [key, step] = [key1(random), 2 * between(random, 0, 127) + 1];
      const [first, second, third] = slidingStub;
      return concat(first, Uint8Array.of(key), second, Uint8Array.of(step), third, slid(body, key, step));
    },
    decode: (segment) => slid(segment.slice(48), segment[16]!, segment[33]!),
  }),
  encoding({
    id: "elf-append-chained",
    what: "a fixed stub, each byte of the body added to the one before it, from a drawn first one",
    constant: "stub",
    encode: (body, random) => {
      const key = key1(random);
      return concat(chainedStub, Uint8Array.of(key), chained(concat(randomBytes(random, 8), body), key));
    },
    decode: (segment) => unchained(segment.slice(41), segment[40]!).slice(8),
  }),
  encoding({
    id: "elf-append-layers",
    what: "a stub in the clear, behind it, XORed, a second stub, the body of which is XORed again",
    constant: "stub",
    encode: (body, random) => {
      const [outer, inner] = [randomBytes(random, 4), randomBytes(random, 7)];
      return concat(layers[0], outer, xored(concat(layers[1], inner, xored(body, inner)), outer));
    },
    decode: (segment) => {
      const second = xored(segment.slice(48), segment.slice(44, 48));
      return xored(second.slice(43), second.slice(36, 43));
    },
  }),
  encoding({
    id: "elf-append-deflated",
    what: "a fixed stub, the body compressed behind 64 drawn bytes and XORed with one of them",
    constant: "stub",
    encode: (body, random) => {
      const salt = randomBytes(random, 64);
      const key = salt.slice(0, 3);
      return concat(deflatedStub, key, xored(deflateRawSync(concat(salt, body)), key));
    },
    decode: (segment) =>
      Uint8Array.from(inflateRawSync(xored(segment.slice(93), segment.slice(90, 93)))).slice(64),
  }),
  encoding({
    id: "elf-append-registers",
    what: "a stub of fixed layout whose registers are swapped, a drawn key, the body XORed with it",
    constant: "stub",
    gaps: true,
    encode: (body, random) => {
      const registers = shuffled(random, [0, 1, 2, 3, 4, 5, 6, 7]);
      const key = randomBytes(random, 2);
      return concat(...swapped.map((form) => written(form, registers)), key, xored(body, key));
    },
    decode: (segment) => xored(segment.slice(-bodySize), segment.slice(-bodySize - 2, -bodySize)),
  }),
  encoding({
    id: "elf-append-stub-rewritten",
    what: "a stub in which instructions, registers and idle bytes are drawn, the body XORed with a drawn key",
    constant: "none",
    encode: (body, random) => {
      const registers = shuffled(random, [0, 1, 2, 3, 4, 5, 6, 7]);
      const key = randomBytes(random, 5);
      const stub = rewrittenStub.map((form) => rewritten(form, registers, random));
      return concat(...stub, key, xored(body, key));
    },
    decode: (segment) => xored(segment.slice(-bodySize), segment.slice(-bodySize - 5, -bodySize)),
  }),
  encoding({
    id: "elf-append-all-rewritten",
    what: "no part encoded, but every instruction of the body drawn from several of like meaning",
    constant: "none",
    encode: (body, random) => {
      const key = randomBytes(random, 4);
      const saved = xored(body.slice(-ledgerSize), key);
      for (;;) {
        const registers = shuffled(random, [0, 1, 2, 3, 4, 5, 6, 7]);
        const code = concat(...longForms.map((form) => rewritten(form, registers, random)), idle(random));
        if (!entersKernel(code)) return concat(code, saved, key);
      }
    },
    decode: (segment) => xored(segment.slice(-ledgerSize - 4, -4), segment.slice(-4)),
  }),
  encoding({
    id: "elf-append-noise",
    what: "a drawn number of drawn bytes",
    constant: "none",
    encode: (body, random) => {
      const key = randomBytes(random, ledgerSize);
      return concat(noise(random, between(random, 400, 900)), xored(body.slice(-ledgerSize), key), key);
    },
    decode: (segment) => xored(segment.slice(-2 * ledgerSize, -ledgerSize), segment.slice(-ledgerSize)),
  }),
];
