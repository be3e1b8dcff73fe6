import type { Look } from "./protocol.ts";
import { decodeSketch, isNear } from "./sketch.ts";

/** What waits, with its sketch as text. */
interface Waiting {
  readonly sha256: string;
  readonly type: string;
  readonly size: number;
  readonly sketch: string;
}

/** The content, among those that wait, that one of this size and look is nearly the same as, or null. */
export function nearTo(size: number, look: Look, waiting: readonly Waiting[]): string | null {
  const sketch = look.sketch === null ? null : decodeSketch(look.sketch);
  if (!sketch) return null;
  const own = { type: look.type, size, sketch };
  const near = waiting.find((other) => isNear(own, { ...other, sketch: decodeSketch(other.sketch) }));
  return near?.sha256 ?? null;
}
