/** Secrets in the forms that services give them out in. */
import { crc32 } from "node:zlib";
import type { SeededRandom } from "../../chamber/decoys/random.ts";

const DIGITS = "0123456789";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER = UPPER.toLowerCase();
const BASE62 = DIGITS + UPPER + LOWER;

function draw(random: SeededRandom, alphabet: string, length: number): string {
  let text = "";
  for (const byte of random.bytes(length * 2)) {
    // Bytes beyond the last whole turn would make some letters likelier.
    if (byte < 256 - (256 % alphabet.length)) text += alphabet[byte % alphabet.length];
    if (text.length === length) return text;
  }
  return text + draw(random, alphabet, length - text.length);
}

export const alphanumeric = (random: SeededRandom, length: number) => draw(random, BASE62, length);
export const upperBase32 = (random: SeededRandom, length: number) => draw(random, `${UPPER}234567`, length);
export const digits = (random: SeededRandom, length: number) => draw(random, DIGITS, length);
export const base64Text = (random: SeededRandom, length: number) => draw(random, `${BASE62}+/`, length);
export const urlText = (random: SeededRandom, length: number) => draw(random, `${BASE62}-_`, length);
export const hexText = (random: SeededRandom, length: number) => draw(random, `${DIGITS}abcdef`, length);
/** A password as a manager of passwords makes it, with letters that a URL or JSON must escape. */
export const password = (random: SeededRandom, length: number) => draw(random, `${BASE62}%!*&+`, length);

/** Prefix, 30 random letters, and their CRC-32 as six digits of base 62: tokens of GitHub and of npm. */
export function checkedToken(random: SeededRandom, prefix: string): string {
  const body = alphanumeric(random, 30);
  let sum = crc32(body);
  let check = "";
  for (let digit = 0; digit < 6; digit++) {
    check = BASE62[sum % 62] + check;
    sum = Math.floor(sum / 62);
  }
  return `${prefix}_${body}${check}`;
}

export function uuid(random: SeededRandom): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** A macaroon of version 2 as the Python package index gives it out: location, identifier, signature. */
export function pypiToken(random: SeededRandom): string {
  const field = (type: number, content: Buffer) =>
    Buffer.concat([Buffer.from([type, content.length]), content]);
  const macaroon = Buffer.concat([
    Buffer.from([2]),
    field(1, Buffer.from("pypi.org")),
    field(2, Buffer.from(uuid(random))),
    Buffer.from([0]),
    // One caveat: the permissions of the whole account.
    field(2, Buffer.from(JSON.stringify({ version: 1, permissions: "user" }))),
    Buffer.from([0, 0]),
    field(6, random.bytes(32)),
  ]);
  return `pypi-${macaroon.toString("base64url")}`;
}
