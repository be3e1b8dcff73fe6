/**
 * Sketches of files for the question "is this nearly the same?": one-permutation MinHash over all windows of eight bytes.
 * The share of equal places estimates the Jaccard similarity of the two sets of windows; with 256 places its standard
 * error at 0.9 is 0.02. Pure. Broder, "On the resemblance and containment of documents" (1997); Li, Owen and Zhang,
 * "One permutation hashing" (2012).
 */

/** Places of a sketch; a power of two. */
export const PLACES = 256;
const PLACE_BITS = 8;
/** Bytes of one window. */
const WINDOW = 8;
/** No window fell on this place. */
const EMPTY = 0xff_ff_ff_ff;
/** Files above have no sketch, and so are never near to anything; bytes. */
export const MAX_SKETCHED = 16 * 1024 * 1024;

export type Sketch = Uint32Array;

/** Null for files with too few windows to say anything, and for those above the limit. */
export function sketchOf(bytes: Uint8Array): Sketch | null {
  if (bytes.length < WINDOW * 8 || bytes.length > MAX_SKETCHED) return null;
  const sketch = new Uint32Array(PLACES).fill(EMPTY);
  let low = 0;
  let high = 0;
  for (let at = 0; at < bytes.length; at++) {
    low = (low >>> 8) | (high << 24);
    high = (high >>> 8) | (bytes[at]! << 24);
    if (at < WINDOW - 1) continue;
    // Two rounds of multiplication and shift, as hashes of integers do (murmur3's finaliser).
    let hash = Math.imul(low ^ (low >>> 15), 0x85eb_ca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2_ae35);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
    hash = (hash ^ (hash >>> 16)) >>> 0;
    const place = hash & (PLACES - 1);
    const value = hash >>> PLACE_BITS;
    if (value < sketch[place]!) sketch[place] = value;
  }
  return sketch;
}

/** Estimated share (0 to 1) of windows that two files have in common among all that either has. */
export function similarity(one: Sketch, other: Sketch): number {
  let equal = 0;
  let used = 0;
  for (let place = 0; place < PLACES; place++) {
    if (one[place] === EMPTY && other[place] === EMPTY) continue;
    used++;
    if (one[place] === other[place]) equal++;
  }
  return used === 0 ? 0 : equal / used;
}

/** From this similarity on, a file waits for the other's result. It never gets it without a rule that hits. */
export const NEAR = 0.8;

export interface Sketched {
  readonly type: string;
  readonly size: number;
  readonly sketch: Sketch | null;
}

/** Whether two files of the same type are nearly the same. Symmetric; never across types. */
export function isNear(one: Sketched, other: Sketched): boolean {
  if (one.type !== other.type || !one.sketch || !other.sketch) return false;
  if (Math.min(one.size, other.size) < NEAR * 0.8 * Math.max(one.size, other.size)) return false;
  return similarity(one.sketch, other.sketch) >= NEAR;
}

export const encodeSketch = (sketch: Sketch): string =>
  Buffer.from(sketch.buffer, sketch.byteOffset, sketch.byteLength).toString("base64");

/** Null for anything that is no sketch of ours. */
export function decodeSketch(text: string): Sketch | null {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== PLACES * 4) return null;
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}
