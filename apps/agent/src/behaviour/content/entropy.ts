/** Shannon entropy of bytes, in bits a byte: 0 to 8. */
export function entropyOf(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]!++;
  let sum = 0;
  for (const count of counts) if (count > 0) sum += count * Math.log2(count);
  return Math.log2(bytes.length) - sum / bytes.length;
}

/** Below so many bytes nothing can be said. */
const LEAST = 64;

/**
 * Whether bytes look like noise. Few bytes of noise have less entropy than many (64: 5.86 on average, 256: 7.17, 1024: 7.81,
 * 4096: 7.95), so the limit follows their number. Text in any language and code stay below 6.6; compressed data do not:
 * whoever asks must know its forms.
 */
export function looksRandom(bytes: Uint8Array): boolean {
  if (bytes.length < LEAST) return false;
  return entropyOf(bytes) >= limitFor(bytes.length);
}

function limitFor(length: number): number {
  if (length >= 4096) return 7.8;
  if (length >= 1024) return 7.55;
  if (length >= 512) return 7.3;
  if (length >= 256) return 6.95;
  if (length >= 128) return 6.4;
  return 5.6;
}
