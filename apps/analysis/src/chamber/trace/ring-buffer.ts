/** Reads the kernel's trace ring buffer as it lies in memory (Documentation/trace/ring-buffer-design.rst). */

/** One record: time in nanoseconds of the guest's monotonic clock, and its bytes. */
export interface RawEvent {
  readonly ns: bigint;
  readonly data: DataView;
}

const PAGE = 4096;
const HEADER = 16;
/** Values of the five-bit field that else is the length in words. */
const PADDING = 29;
const TIME_EXTEND = 30;
const TIME_STAMP = 31;

/** Bytes that do not fit the format end their page; what was read before stays. */
export function* readRingBuffer(bytes: Uint8Array): Generator<RawEvent> {
  for (let start = 0; start + HEADER <= bytes.length; start += PAGE) {
    const size = Math.min(PAGE, bytes.length - start);
    yield* readPage(new DataView(bytes.buffer, bytes.byteOffset + start, size));
  }
}

function* readPage(page: DataView): Generator<RawEvent> {
  let ns = page.getBigUint64(0, true);
  const end = Math.min(HEADER + (page.getUint32(8, true) & 0xfffff), page.byteLength);
  let at = HEADER;
  while (at + 4 <= end) {
    const head = page.getUint32(at, true);
    const type = head & 31;
    const delta = BigInt(head >>> 5);
    if (type === PADDING && delta === 0n) return;
    const extended = type === 0 || type >= PADDING;
    if (extended && at + 8 > end) return;
    const word = extended ? page.getUint32(at + 4, true) : 0;
    if (type === TIME_EXTEND || type === TIME_STAMP) {
      const time = (BigInt(word) << 27n) + delta;
      ns = type === TIME_EXTEND ? ns + time : time;
      at += 8;
      continue;
    }
    ns += delta;
    const from = type === 0 ? at + 8 : at + 4;
    const length = type === 0 ? word - 4 : type === PADDING ? word : type * 4;
    if (length < 0 || from + length > end) return;
    if (type !== PADDING) yield { ns, data: new DataView(page.buffer, page.byteOffset + from, length) };
    at = type === PADDING ? at + 4 + word : from + length;
  }
}
