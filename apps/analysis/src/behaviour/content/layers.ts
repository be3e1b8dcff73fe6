/** What was sent, under the wrappings in which it may travel: base64, hex, gzip, form encoding, in any order. */
import { gunzipSync, inflateSync, constants as zlib } from "node:zlib";

const MAX_LAYER = 4 << 20;
const MAX_LAYERS = 48;
const MAX_DEPTH = 4;

const unpack = (bytes: Buffer, how: typeof gunzipSync): Buffer | null => {
  try {
    // What was cut off by a limit is read as far as it goes.
    return how(bytes, { maxOutputLength: MAX_LAYER, finishFlush: zlib.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
};

/** Everything that one wrapping hides. */
function* inside(bytes: Buffer): Generator<Buffer> {
  const gzip = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8]));
  if (gzip >= 0) {
    const found = unpack(bytes.subarray(gzip), gunzipSync);
    if (found) yield found;
  }
  if (bytes[0] === 0x78 && (bytes[1] === 0x9c || bytes[1] === 0xda || bytes[1] === 0x01)) {
    const found = unpack(bytes, inflateSync);
    if (found) yield found;
  }
  const text = bytes.toString("latin1");
  if (/%[0-9a-f]{2}/i.test(text)) {
    const plain = text
      .replaceAll("+", " ")
      .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    yield Buffer.from(plain, "latin1");
  }
  if (text.includes("\\n") || text.includes('\\"'))
    yield Buffer.from(text.replaceAll("\\n", "\n").replaceAll('\\"', '"').replaceAll("\\\\", "\\"), "latin1");
  for (const [run] of text.matchAll(/(?:[0-9a-f]{2}){16,}/gi)) yield Buffer.from(run, "hex");
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{24,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}/g))
    yield Buffer.from(run.replace(/\s/g, ""), "base64");
}

/** The bytes themselves and all that is wrapped in them, at most some dozens. */
export function layersOf(bytes: Uint8Array): Buffer[] {
  const layers = [Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, MAX_LAYER))];
  let from = 0;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const until = layers.length;
    for (let at = from; at < until; at++)
      for (const layer of inside(layers[at]!)) {
        if (layers.length >= MAX_LAYERS) return layers;
        if (layer.length >= 12) layers.push(layer);
      }
    from = until;
  }
  return layers;
}
