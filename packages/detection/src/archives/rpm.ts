/** A package of rpm: lead, signature, header, and a compressed cpio as its payload (RPM V3/V4 file format). */
import { compressionOf } from "./compression.ts";

const LEAD = 96;
const SENSE = 16;
const tags = {
  1000: "name",
  1023: "pre",
  1024: "post",
  1025: "preun",
  1026: "postun",
  1151: "pretrans",
  1152: "posttrans",
} as const;
export type RpmTexts = Partial<Record<(typeof tags)[keyof typeof tags], string>>;

export const isRpm = (bytes: Uint8Array) =>
  bytes[0] === 0xed && bytes[1] === 0xab && bytes[2] === 0xee && bytes[3] === 0xdb;

/** Where a header section ends, and the texts in it; null where it is damaged. */
function section(bytes: Buffer, at: number): { end: number; texts: RpmTexts } | null {
  if (at + SENSE > bytes.length || bytes.readUIntBE(at, 3) !== 0x8eade8) return null;
  const [count, size] = [bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12)];
  const store = at + SENSE + count * 16;
  if (count > 65_536 || store + size > bytes.length) return null;
  const texts: RpmTexts = {};
  for (let index = 0; index < count; index++) {
    const entry = at + SENSE + index * 16;
    const name = tags[bytes.readUInt32BE(entry) as keyof typeof tags];
    const offset = bytes.readUInt32BE(entry + 8);
    // Type 6 is one text, 8 a list of them: its first.
    if (!name || ![6, 8].includes(bytes.readUInt32BE(entry + 4)) || offset >= size) continue;
    const end = bytes.indexOf(0, store + offset);
    if (end >= 0 && end <= store + size) texts[name] = bytes.toString("utf8", store + offset, end);
  }
  return { end: store + size, texts };
}

/** The package's texts and its payload as it is, compressed; null where the file is damaged. */
export function readRpm(given: Uint8Array): { texts: RpmTexts; payload: Uint8Array } | null {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  const signature = section(bytes, LEAD);
  if (!signature) return null;
  const header = section(bytes, (signature.end + 7) & ~7);
  if (!header) return null;
  const payload = bytes.subarray(header.end);
  return compressionOf(payload) === null && payload.toString("latin1", 0, 5) !== "07070"
    ? null
    : { texts: header.texts, payload };
}
