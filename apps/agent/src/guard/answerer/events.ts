import { closeFd, readAt } from "./calls.ts";
import { EVENT } from "./fanotify.ts";
import { addressOf } from "./library.ts";

const BATCH = 32;
const buffer = Buffer.alloc(BATCH * EVENT);
const bufferAt = addressOf(buffer);
const words = new Int32Array(buffer.buffer, buffer.byteOffset, buffer.length / 4);

/**
 * Takes the permission events that wait, at most a batch of them, and gives each to `take`, which answers it or keeps it.
 * Nothing is allocated.
 * @param take gets the low word of the mask, the descriptor and the pid; true means that the descriptor can be closed
 */
export function takeEvents(group: number, take: (mask: number, fd: number, pid: number) => boolean): void {
  const length = Number(readAt(group, bufferAt, buffer.length));
  for (let at = 0; at + EVENT <= length; at += words[at >> 2]!) {
    const word = at >> 2;
    const fd = words[word + 4]!;
    if (fd >= 0 && take(words[word + 2]!, fd, words[word + 5]!)) closeFd(fd);
  }
}
