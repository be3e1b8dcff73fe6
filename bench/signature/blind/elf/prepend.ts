import { deflateRawSync, inflateRawSync } from "node:zlib";
import { concat, fromText, readU32, toText, u32, xored } from "../bytes.ts";
import type { BlindKind, Random } from "../kind.ts";
import { between, randomBytes, seeded, shuffled } from "../random.ts";
import { readImage } from "./image.ts";
import { inertProgram } from "./program.ts";

/** How the host is kept behind the program: `seal` and `unseal` are inverse. */
interface Keeping {
  readonly id: string;
  readonly what: string;
  readonly size: number;
  seal(host: Uint8Array, random: Random): Uint8Array;
  unseal(sealed: Uint8Array): Uint8Array;
}

function prepending({ id, what, size, seal, unseal }: Keeping): BlindKind {
  const program = inertProgram(id, size);
  return {
    id,
    hosts: "elf",
    what,
    constant: "plain",
    keepsBytes: true,
    infect: (host, random) => (readImage(host) ? concat(program, seal(host, random)) : null),
    restore: (infected) => unseal(infected.slice(size)),
  };
}

const plainAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const ownAlphabet = shuffled(seeded("own alphabet"), [...plainAlphabet]).join("");
const translate = (text: string, from: string, to: string) =>
  [...text].map((char) => to[from.indexOf(char)] ?? char).join("");

const rotated = (bytes: Uint8Array, bits: number) =>
  bytes.map((byte) => ((byte << bits) | (byte >>> (8 - bits))) & 255);

export const prependKinds: readonly BlindKind[] = [
  prepending({
    id: "elf-prepend",
    what: "a program stands before the whole host",
    size: 1432,
    seal: (host) => host,
    unseal: (sealed) => sealed,
  }),
  prepending({
    id: "elf-prepend-host-xor",
    what: "a program before the host, which is XORed with eight bytes of its own kept at the end of the file",
    size: 2210,
    seal: (host, random) => {
      const key = randomBytes(random, 8);
      return concat(xored(host, key), key);
    },
    unseal: (sealed) => xored(sealed.slice(0, -8), sealed.slice(-8)),
  }),
  prepending({
    id: "elf-prepend-host-deflated",
    what: "a program before the host, which is compressed; its length stands at the end",
    size: 1787,
    seal: (host) => concat(deflateRawSync(host), u32(host.length)),
    unseal: (sealed) => {
      const host = inflateRawSync(sealed.slice(0, -4));
      if (host.length !== readU32(sealed, sealed.length - 4)) throw new RangeError("length");
      return Uint8Array.from(host);
    },
  }),
  prepending({
    id: "elf-prepend-host-substituted",
    what: "a program before the host, each byte of which is changed by a table drawn for this host",
    size: 960,
    seal: (host, random) => {
      const table = shuffled(random, [...new Uint8Array(256).keys()]);
      return concat(
        Uint8Array.from(table),
        host.map((byte) => table[byte]!),
      );
    },
    unseal: (sealed) => {
      const inverse = new Uint8Array(256);
      for (const [plain, code] of sealed.subarray(0, 256).entries()) inverse[code] = plain;
      return sealed.slice(256).map((code) => inverse[code]!);
    },
  }),
  prepending({
    id: "elf-prepend-host-rotated",
    what: "a program before the host, the bits of whose bytes are turned by 1 to 7 places",
    size: 3100,
    seal: (host, random) => {
      const bits = between(random, 1, 7);
      return concat(Uint8Array.of(bits), rotated(host, bits));
    },
    unseal: (sealed) => rotated(sealed.slice(1), 8 - sealed[0]!),
  }),
  prepending({
    id: "elf-prepend-host-text",
    what: "a program before the host, which is written as text in an alphabet of the infector's own",
    size: 1201,
    seal: (host) => fromText(translate(Buffer.from(host).toString("base64"), plainAlphabet, ownAlphabet)),
    unseal: (sealed) =>
      Uint8Array.from(Buffer.from(translate(toText(sealed), ownAlphabet, plainAlphabet), "base64")),
  }),
  prepending({
    id: "elf-prepend-host-keystream",
    what: "a program before the host, which is mixed with a key stream that starts from a seed in the file",
    size: 2630,
    seal: (host, random) => {
      const seed = randomBytes(random, 16);
      return concat(seed, xored(host, keystream(seed, host.length)));
    },
    unseal: (sealed) =>
      xored(sealed.slice(16), keystream(sealed.slice(0, 16), Math.max(1, sealed.length - 16))),
  }),
];

function keystream(seed: Uint8Array, length: number): Uint8Array {
  return randomBytes(seeded(toText(seed)), Math.max(1, length));
}
