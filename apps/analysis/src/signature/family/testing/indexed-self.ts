import { fakeSelf } from "../../../infection/testing/fake-self.ts";
import type { Self } from "../../self.ts";

/** Self over a few files in memory, with an exact index. */
export function indexedSelf(files: readonly Uint8Array[]): Self & { scans: number } {
  const self = fakeSelf(files);
  const held = files.map((bytes) => Buffer.from(bytes));
  return Object.assign(self, {
    absent: (bytes: Uint8Array) => bytes.length >= 16 && !held.some((each) => each.includes(bytes)),
  });
}
