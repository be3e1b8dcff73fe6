/** Writes the parts of DER (X.690) that a certificate is made of. */

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), length(content.length), content]);
}

function length(size: number): Buffer {
  if (size < 128) return Buffer.of(size);
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 255);
  return Buffer.of(0x80 | bytes.length, ...bytes);
}

export const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]) => der(0x31, ...parts);
export const octets = (content: Uint8Array) => der(0x04, content);
export const bits = (content: Uint8Array, unused = 0) => der(0x03, Buffer.of(unused), content);
export const text = (content: string) => der(0x0c, Buffer.from(content));
export const truth = der(0x01, Buffer.of(0xff));
/** A part with a tag of its own, e.g. `[0]`; `constructed` where it holds further parts. */
export const tagged = (number: number, constructed: boolean, ...parts: readonly Uint8Array[]) =>
  der((constructed ? 0xa0 : 0x80) | number, ...parts);

/** A number that is not negative, its bytes first to last. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const shortest = bytes.subarray(start);
  return der(0x02, ...(shortest.length === 0 || shortest[0]! & 0x80 ? [Buffer.of(0)] : []), shortest);
}

export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const part = [number & 127];
    for (let left = number >>> 7; left > 0; left >>>= 7) part.unshift((left & 127) | 128);
    bytes.push(...part);
  }
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime, which holds for the years 1950 to 2049 (RFC 5280 4.1.2.5.1). */
export function time(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
}
