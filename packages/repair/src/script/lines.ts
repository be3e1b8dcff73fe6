import { refuse } from "../refuse.ts";
import type { Stretch } from "./match.ts";

/** A line with its end, and how often it must stand in the file. */
export interface WantedLine {
  readonly line: string;
  readonly times: number;
}

const MISCOUNTED = "the lines that the recipe takes out do not all stand there as often as they should";

/**
 * Every place of these lines, in order.
 * @throws ThymusError REPAIR_REFUSED where one stands there more or less often than it should
 */
export function findLines(wanted: readonly WantedLine[], bytes: Uint8Array): Stretch[] {
  const left = new Map(wanted.map(({ line, times }) => [line, times]));
  const longest = Math.max(...wanted.map(({ line }) => line.length));
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Stretch[] = [];
  for (let start = 0; start < bytes.length; ) {
    const next = view.indexOf(0x0a, start);
    const end = next < 0 ? bytes.length : next + 1;
    if (end - start <= longest) {
      const line = view.toString("latin1", start, end);
      const times = left.get(line);
      // No more places are kept than the recipe names, however many a hostile file has.
      if (times === 0) throw refuse(MISCOUNTED);
      if (times !== undefined) {
        left.set(line, times - 1);
        found.push({ start, end });
      }
    }
    start = end;
  }
  if ([...left.values()].some((times) => times !== 0)) throw refuse(MISCOUNTED);
  return found;
}
