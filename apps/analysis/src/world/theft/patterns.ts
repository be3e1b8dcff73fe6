/** The forms in which a needle may stand in what left, as bytes to be searched for. */

export interface Pattern {
  /** Index of the needle in the list that was given. */
  readonly needle: number;
  /** How it is encoded, outermost first, e.g. `reversed base64`; empty for the needle as it is. */
  readonly encoding: string;
  readonly bytes: Uint8Array;
}

interface Form {
  readonly encoding: string;
  readonly text: string;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export function rot13(bytes: Uint8Array): Buffer {
  const out = Buffer.from(bytes);
  for (let at = 0; at < out.length; at++) {
    const letter = out[at]! | 0x20;
    if (letter >= 97 && letter <= 122) out[at] = out[at]! + (letter < 110 ? 13 : -13);
  }
  return out;
}

const base64 = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");

export function base32(bytes: Uint8Array): string {
  let text = "";
  let [bits, held] = [0, 0];
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(held >>> (bits - 5)) & 31];
  }
  return bits > 0 ? text + BASE32[(held << (5 - bits)) & 31] : text;
}

/**
 * What an encoding with letters of `width` bits makes of the needle wherever it begins between two letters' limits: only
 * the letters that depend on nothing but the needle.
 */
function aligned(needle: Buffer, width: number, encode: (bytes: Buffer) => string): string[] {
  const turns = width === 6 ? 3 : 5;
  return Array.from({ length: turns }, (_, before) => {
    const text = encode(Buffer.concat([Buffer.alloc(before), needle, Buffer.alloc(turns)]));
    return text.slice(Math.ceil((before * 8) / width), Math.floor(((before + needle.length) * 8) / width));
  });
}

const percent = (text: string) => Buffer.from(text, "latin1").toString("hex").replace(/../g, "%$&");
const unicode = (text: string) => Buffer.from(text, "latin1").toString("hex").replace(/../g, "\\u00$&");

/** One layer of each encoding that leaves a fixed text. */
function once(text: string): Form[] {
  const bytes = Buffer.from(text, "latin1");
  const hex = bytes.toString("hex");
  const forms: Form[] = [
    { encoding: "", text },
    { encoding: "hex", text: hex },
    { encoding: "hex", text: hex.toUpperCase() },
    { encoding: "hex", text: hex.replace(/..(?=.)/g, "$& ") },
    { encoding: "list of numbers", text: bytes.join(",") },
    { encoding: "URL encoding", text: encodeURIComponent(text) },
    { encoding: "URL encoding", text: encodeURIComponent(text).replaceAll("%20", "+") },
    { encoding: "URL encoding", text: encodeURIComponent(text).replace(/%../g, (one) => one.toLowerCase()) },
    { encoding: "URL encoding", text: percent(text) },
    { encoding: "URL encoding", text: percent(text).toUpperCase() },
    { encoding: "JSON", text: JSON.stringify(text).slice(1, -1) },
    { encoding: "JSON", text: JSON.stringify(text).slice(1, -1).replaceAll("/", "\\/") },
    { encoding: "JSON", text: unicode(text) },
  ];
  for (const one of aligned(bytes, 6, base64)) {
    const url = one.replaceAll("+", "-").replaceAll("/", "_");
    forms.push({ encoding: "base64", text: one }, { encoding: "base64", text: url });
  }
  for (const one of aligned(bytes, 5, base32))
    forms.push({ encoding: "base32", text: one }, { encoding: "base32", text: one.toLowerCase() });
  return [...forms, ...bytewise({ encoding: "", text })];
}

/** What stays recognisable without being undone first. */
function bytewise({ encoding, text }: Form): Form[] {
  const name = (outer: string) => (encoding === "" ? outer : `${outer} of ${encoding}`);
  return [
    { encoding: name("reversed text"), text: [...text].reverse().join("") },
    { encoding: name("ROT13"), text: rot13(Buffer.from(text, "latin1")).toString("latin1") },
    // Without the zero byte at its end, so that both byte orders match.
    { encoding: name("UTF-16"), text: [...text].join("\0") },
  ];
}

/** Each needle in each of these forms, and each form under one more that is undone byte by byte. */
export function makePatterns(needles: readonly string[]): Pattern[] {
  return needles.flatMap((text, needle) => {
    const known = new Map<string, string>();
    const first = once(text);
    for (const form of [...first, ...first.flatMap(bytewise)])
      if (!known.has(form.text)) known.set(form.text, form.encoding);
    return [...known].map(([bytes, encoding]) => ({ needle, encoding, bytes: Buffer.from(bytes, "latin1") }));
  });
}

/** Forms that survive a name server, which may not keep the case of letters. */
export function makeNamePatterns(needles: readonly string[]): Pattern[] {
  return needles.flatMap((text, needle) => {
    const known = new Map<string, string>();
    for (const form of once(text)) {
      // What a label cannot hold is often left out or replaced.
      for (const label of [form.text, form.text.replace(/[^A-Za-z0-9_-]/g, "")]) {
        const lower = label.toLowerCase();
        if (lower.length >= 12 && !known.has(lower)) known.set(lower, form.encoding);
      }
    }
    return [...known].map(([bytes, encoding]) => ({ needle, encoding, bytes: Buffer.from(bytes, "latin1") }));
  });
}
