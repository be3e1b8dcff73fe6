/** A YARA text string of any bytes: plain ASCII as it is, the rest escaped. */
export function textString(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${text}"`;
}

/** ln(sum of e^each). */
export function logSum(values: readonly number[]): number {
  const most = Math.max(...values);
  return !Number.isFinite(most)
    ? most
    : most + Math.log(values.reduce((sum, each) => sum + Math.exp(each - most), 0));
}

/** Little variety: such a run tells nothing, whatever the model says. */
export function isDull(bytes: Uint8Array): boolean {
  const counts = new Map<number, number>();
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  return counts.size < Math.min(9, bytes.length * 0.5) || Math.max(...counts.values()) > bytes.length * 0.4;
}
