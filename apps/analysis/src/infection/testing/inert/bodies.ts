import { codeLike } from "../hosts.ts";
import { type Random, random } from "../random.ts";

/** What varies from host to host in a body of bytes; each makes one body of about `size` bytes for one host. */
export interface BodyKind {
  readonly encoding: string;
  readonly refusable: boolean;
  /** Small enough for the gaps of programs. */
  readonly compact: boolean;
  make(name: string, size: number, host: Uint8Array, dice: Random): Buffer;
}

/** Random-looking constant bytes with the distribution of machine code, the same for the same name. */
export function constantBytes(name: string, size: number): Buffer {
  return codeLike(random(seedOf(name)), size);
}

export function seedOf(name: string): number {
  let seed = 2166136261;
  for (const char of name) seed = Math.imul(seed ^ char.charCodeAt(0), 16777619);
  return seed >>> 0;
}

/** The payload: constant bytes and a sentence, as real ones hold both. It does nothing and means nothing. */
function payload(name: string, size: number): Buffer {
  const text = Buffer.from(
    `${name}: counted ${seedOf(name) % 977} lanterns, the ferry waits by the slate quay\0`,
  );
  return Buffer.concat([constantBytes(name, Math.max(16, size - text.length)), text]);
}

const stub = (name: string) => constantBytes(`${name} stub`, 56);
const cat = (...parts: Uint8Array[]) => Buffer.concat(parts);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

/** XOR with a repeating key. */
export const xored = (bytes: Uint8Array, key: Uint8Array): Buffer =>
  Buffer.from(bytes.map((byte, i) => byte ^ key[i % key.length]!));
/** XOR with a key that grows by one a byte. */
const sliding = (bytes: Uint8Array, key: number) =>
  Buffer.from(bytes.map((byte, i) => byte ^ ((key + i) & 255)));
const added = (bytes: Uint8Array, key: number) => Buffer.from(bytes.map((byte) => (byte + key) & 255));
/** Each byte XOR the encoded one before it. */
function rolling(bytes: Uint8Array, key: number): Buffer {
  let last = key;
  return Buffer.from(bytes.map((byte) => (last = byte ^ last)));
}

/** A key without zero bytes: a zero would leave bytes as they are. */
const keyOf = (dice: Random, length: number) =>
  Buffer.from(Uint8Array.from({ length }, () => 1 + dice.below(255)));

type Make = BodyKind["make"];
const kind = (encoding: string, make: Make, options: Partial<BodyKind> = {}): BodyKind => ({
  ...{ encoding, make, refusable: false, compact: false },
  ...options,
});
const withStub =
  (encode: (bytes: Buffer, dice: Random) => Buffer): Make =>
  (name, size, _host, dice) =>
    cat(stub(name), encode(payload(name, size - 56), dice));
const bare =
  (encode: (bytes: Buffer, dice: Random) => Buffer): Make =>
  (name, size, _host, dice) =>
    encode(payload(name, size), dice);
const xorKeyed = (length: number) => (bytes: Buffer, dice: Random) => {
  const key = keyOf(dice, length);
  return cat(key, xored(bytes, key));
};
const oneByte = (encode: (bytes: Uint8Array, key: number) => Buffer) => (bytes: Buffer, dice: Random) => {
  const key = 1 + dice.below(255);
  return cat(Uint8Array.of(key), encode(bytes, key));
};

/** Addresses, sizes and keys inside constant bytes, closer together than a usual string is long. */
const fields: Make = (name, size, host, dice) => {
  const body = payload(name, size);
  const where = random(seedOf(`${name} fields`));
  for (let at = 6 + where.below(8); at + 4 < size - 70; at += 11 + where.below(9)) {
    const value = where.below(3) === 0 ? host.length + at : dice.below(2 ** 32);
    u32(value).copy(body, at);
  }
  return body.subarray(0, size - 70);
};

/** Constant parts of some 14 bytes with filler of a length that varies between them. */
const gaps: Make = (name, size, _host, dice) => {
  const body = constantBytes(name, Math.max(size, 140));
  const where = random(seedOf(`${name} gaps`));
  const parts: Uint8Array[] = [];
  for (let at = 0; at < body.length; ) {
    const length = 11 + where.below(6);
    parts.push(body.subarray(at, at + length), dice.bytes(1 + dice.below(4)));
    at += length;
  }
  return cat(...parts);
};

/** Copies between registers in both of their encodings (opcodes 89 and 8B), and clearings by `xor` or `sub`: nothing else. */
function substitutes(name: string, count: number): Buffer[][] {
  const plan = random(seedOf(`${name} forms`));
  return Array.from({ length: count }, () => {
    const [to, from] = [plan.below(8), plan.below(8)];
    const form = (opcode: number, reg: number, rm: number) => Buffer.of(0x48, opcode, 0xc0 | (reg << 3) | rm);
    if (plan.below(4) === 0)
      return [form(0x31, to, to), form(0x33, to, to), form(0x29, to, to), form(0x2b, to, to)];
    return [form(0x89, from, to), form(0x8b, to, from)];
  });
}

const substituted: Make = (name, size, _host, dice) =>
  cat(...substitutes(name, Math.max(24, size / 3)).map((forms) => dice.pick(forms)));

const idle = [Buffer.of(0x90), Buffer.of(0x66, 0x90), Buffer.of(0x0f, 0x1f, 0x00)];
const substitutedIdle: Make = (name, size, _host, dice) =>
  cat(
    ...substitutes(name, Math.max(24, size / 3)).map((forms) =>
      dice.below(4) === 0 ? cat(dice.pick(idle), dice.pick(forms)) : dice.pick(forms),
    ),
  );

/** The same copies with the registers drawn anew for each host. */
const registers: Make = (name, size, _host, dice) => {
  const plan = random(seedOf(`${name} registers`));
  const roles = Array.from({ length: 8 }, (_, i) => i);
  for (let i = 7; i > 0; i--) {
    const j = dice.below(i + 1);
    [roles[i], roles[j]] = [roles[j]!, roles[i]!];
  }
  const operations = [0x89, 0x31, 0x29, 0x01, 0x21, 0x09, 0x85];
  return cat(
    ...Array.from({ length: Math.max(24, size / 4) }, () => {
      const constant = plan.bytes(4);
      const [to, from] = [roles[plan.below(8)]!, roles[plan.below(8)]!];
      const copy = Buffer.of(0x48, plan.pick(operations), 0xc0 | (from << 3) | to);
      return plan.below(3) === 0 ? cat(Buffer.of(0x48, 0xc7, 0xc0 | to), constant) : copy;
    }),
  );
};

/** Constant blocks in an order of their own in each host. */
const shuffled: Make = (name, size, _host, dice) => {
  const body = payload(name, size);
  const blocks = Array.from({ length: Math.ceil(size / 48) }, (_, i) => body.subarray(48 * i, 48 * i + 48));
  const order: Uint8Array[] = [];
  while (blocks.length > 0) order.push(...blocks.splice(dice.below(blocks.length), 1));
  return cat(...order);
};

const base64: Make = (name, size, _host, dice) =>
  Buffer.from(cat(dice.bytes(1 + dice.below(6)), payload(name, size)).toString("base64"), "latin1");
const hex: Make = (name, size, _host, dice) => {
  const text = payload(name, size).toString("hex");
  return Buffer.from(dice.below(2) === 0 ? text : text.toUpperCase(), "latin1");
};
/** Nothing but noise of a length of its own: as if encoded with a key as long as itself. */
const noise: Make = (_name, size, _host, dice) => dice.bytes(size + dice.below(size));

const never = { refusable: true };
const compact = { compact: true };
export const bodyKinds: readonly BodyKind[] = [
  kind("fixed", (name, size) => payload(name, size), compact),
  kind("fields", fields, compact),
  kind("stub-xor1", withStub(oneByte((bytes, key) => xored(bytes, Uint8Array.of(key)))), compact),
  kind("stub-xor8", withStub(xorKeyed(8)), compact),
  kind("full", noise, { ...never, ...compact }),
  kind("gaps", gaps),
  kind("stub-xor4", withStub(xorKeyed(4))),
  kind("stub-sliding", withStub(oneByte(sliding))),
  kind("stub-add", withStub(oneByte(added))),
  kind("stub-rolling", withStub(oneByte(rolling))),
  kind("xor1", bare(oneByte((bytes, key) => xored(bytes, Uint8Array.of(key))))),
  kind("xor4", bare(xorKeyed(4)), never),
  kind("xor8", bare(xorKeyed(8)), never),
  kind("sliding", bare(oneByte(sliding)), never),
  kind("add", bare(oneByte(added)), never),
  kind("rolling", bare(oneByte(rolling))),
  kind("base64", base64),
  kind("hex", hex),
  kind("substituted", substituted),
  kind("substituted-idle", substitutedIdle),
  kind("registers", registers),
  kind("shuffled", shuffled),
];
