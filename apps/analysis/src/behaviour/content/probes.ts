/** Parts of a content by which it is known again elsewhere. */
import { entropy } from "../../infection/bytes.ts";

const LENGTH = 28;

/** Up to `count` distinctive runs of bytes, spread over the content; none of what is too short or too plain. */
export function probesOf(content: Uint8Array, count = 4): Buffer[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const found: Buffer[] = [];
  const room = bytes.length - LENGTH;
  if (room < 0) return found;
  // The start of a file (shebang, header) is what strangers have in common: begin behind it where there is room.
  for (let turn = 0; turn < count * 3 && found.length < count; turn++) {
    const at = Math.floor((room * (turn + 1)) / (count * 3 + 1));
    const probe = bytes.subarray(at, at + LENGTH);
    if (entropy(probe) > 3 && !found.some((each) => each.equals(probe))) found.push(probe);
  }
  return found;
}

/** Whether at least half of the probes stand in one of the layers. */
export function knownIn(probes: readonly Buffer[], layers: readonly Buffer[]): boolean {
  if (probes.length === 0) return false;
  const needed = Math.ceil(probes.length / 2);
  return layers.some((layer) => probes.filter((probe) => layer.includes(probe)).length >= needed);
}
