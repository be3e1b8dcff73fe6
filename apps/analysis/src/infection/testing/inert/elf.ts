import type { FileType } from "@thymus/contracts";
import type { MechanismName } from "../../host.ts";
import { elfRegions } from "../../regions.ts";
import type { Random } from "../random.ts";
import { type BodyKind, bodyKinds } from "./bodies.ts";
import type { InertInfection } from "./types.ts";

/** A place for a body in a program; null where this one has none. The program's own entry and code stay as they are. */
interface Carrier {
  readonly name: string;
  readonly mechanism: MechanismName;
  readonly keepsBytes: boolean;
  /** Bytes of body that it takes. */
  readonly size: number;
  put(host: Buffer, body: Buffer, dice: Random): Buffer | null;
}

const is64 = (host: Buffer) => host[4] === 2 && host[5] === 1;

/** Zeros behind what a loadable segment brings from the file: the gap that a linker leaves up to the next page. */
function gapOf(host: Buffer, wanted: number): number | null {
  for (const { kind, start } of elfRegions(host)) {
    if (kind !== "phdr" || host.readUInt32LE(start) !== 1) continue;
    const at = Number(host.readBigUInt64LE(start + 8) + host.readBigUInt64LE(start + 32)) + 16;
    if (at + wanted + 16 > host.length) continue;
    if (host.subarray(at - 16, at + wanted + 16).every((byte) => byte === 0)) return at;
  }
  return null;
}

/** The section header table is copied behind the body with one entry more; the body keeps where the old one lies. */
function newSection(host: Buffer, body: Buffer): Buffer | null {
  const [shoff, shentsize, shnum] = [
    Number(host.readBigUInt64LE(40)),
    host.readUInt16LE(58),
    host.readUInt16LE(60),
  ];
  if (shentsize !== 64 || shnum === 0 || shoff === 0 || shoff + shnum * 64 > host.length) return null;
  const at = Math.ceil(host.length / 16) * 16;
  const kept = Buffer.alloc(8);
  kept.writeBigUInt64LE(BigInt(shoff));
  const inside = Buffer.concat([body, kept]);
  const tableAt = Math.ceil((at + inside.length) / 8) * 8;
  const entry = Buffer.alloc(64);
  entry.writeUInt32LE(1, 4);
  entry.writeBigUInt64LE(BigInt(at), 24);
  entry.writeBigUInt64LE(BigInt(inside.length), 32);
  entry.writeBigUInt64LE(16n, 48);
  const infected = Buffer.alloc(tableAt + (shnum + 1) * 64);
  host.copy(infected);
  inside.copy(infected, at);
  host.copy(infected, tableAt, shoff, shoff + shnum * 64);
  entry.copy(infected, tableAt + shnum * 64);
  infected.writeBigUInt64LE(BigInt(tableAt), 40);
  infected.writeUInt16LE(shnum + 1, 60);
  return infected;
}

/** The first NOTE header becomes a read-only LOAD over the body; the body keeps the old header. */
function segment(host: Buffer, body: Buffer): Buffer | null {
  const header = elfRegions(host).find(
    ({ kind, start }) => kind === "phdr" && host.readUInt32LE(start) === 4,
  );
  if (header === undefined) return null;
  const infected = Buffer.concat([host, body, host.subarray(header.start, header.start + 56)]);
  const at = host.length;
  infected.writeUInt32LE(1, header.start);
  infected.writeUInt32LE(4, header.start + 4);
  const address = BigInt(0x60000000 + (at % 4096));
  for (const [i, value] of [
    BigInt(at),
    address,
    address,
    BigInt(body.length),
    BigInt(body.length),
    4096n,
  ].entries()) {
    infected.writeBigUInt64LE(value, header.start + 8 + 8 * i);
  }
  return infected;
}

const carriers: readonly Carrier[] = [
  {
    name: "append",
    mechanism: "append",
    keepsBytes: true,
    size: 700,
    put: (host, body) => Buffer.concat([host, body]),
  },
  {
    name: "prepend",
    mechanism: "prepend",
    keepsBytes: true,
    size: 700,
    put: (host, body) => Buffer.concat([body, host]),
  },
  {
    ...{ name: "cave", mechanism: "cavity", keepsBytes: true, size: 190 },
    put(host, body, dice) {
      const at = gapOf(host, body.length + 8);
      if (at === null) return null;
      const infected = Buffer.from(host);
      body.copy(infected, at + dice.below(8));
      return infected;
    },
  },
  { name: "section", mechanism: "append", keepsBytes: true, size: 500, put: newSection },
  { name: "segment", mechanism: "append", keepsBytes: true, size: 500, put: segment },
  {
    ...{ name: "overwrite", mechanism: "overwrite", keepsBytes: false, size: 400 },
    put(host, body) {
      if (host.length < 8192 + body.length) return null;
      const infected = Buffer.from(host);
      body.copy(infected, 4096);
      return infected;
    },
  },
];

/** Everything goes to the end; the compact kinds to the other places too, and changing keys to the front. */
function goesTogether(carrier: Carrier, body: BodyKind): boolean {
  if (carrier.name === "append") return true;
  if (carrier.name === "prepend")
    return body.compact || ["xor1", "xor4", "rolling", "gaps"].includes(body.encoding);
  if (carrier.name === "overwrite") return body.encoding === "fixed";
  if (carrier.name === "segment") return body.encoding === "fixed" || body.encoding === "stub-xor8";
  return body.compact || body.encoding === "xor1";
}

const types: readonly FileType[] = ["elf64"];

export const elfInfections: readonly InertInfection[] = carriers.flatMap((carrier) =>
  bodyKinds
    .filter((body) => goesTogether(carrier, body))
    .map((body): InertInfection => {
      const id = `elf-${carrier.name}-${body.encoding}`;
      return {
        ...{ id, family: "elf", mechanism: carrier.mechanism, encoding: body.encoding, types },
        ...{ refusable: body.refusable, keepsBytes: carrier.keepsBytes },
        infect(bytes, dice) {
          const host = Buffer.from(bytes);
          if (host.length < 256 || host.readUInt32BE(0) !== 0x7f454c46 || !is64(host)) return null;
          return carrier.put(host, body.make(id, carrier.size, host, dice), dice);
        },
      };
    }),
);
