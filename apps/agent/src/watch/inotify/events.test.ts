import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { inotifyEvents } from "./events.ts";

function event(wd: number, mask: number, name: string): Buffer {
  const size = name === "" ? 0 : Math.ceil((Buffer.byteLength(name) + 1) / 16) * 16;
  const bytes = Buffer.alloc(16 + size);
  bytes.writeInt32LE(wd, 0);
  bytes.writeUInt32LE(mask, 4);
  bytes.writeUInt32LE(size, 12);
  bytes.write(name, 16);
  return bytes;
}

test("events come back as they were written, and a cut buffer gives those that are whole", () => {
  const one = fc.record({
    wd: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
    mask: fc.nat(),
    name: fc.stringMatching(/^[a-zäß.]{0,40}$/),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 8 }), fc.nat(), (events, cut) => {
      const parts = events.map(({ wd, mask, name }) => event(wd, mask, name));
      const bytes = Buffer.concat(parts);
      assert.deepEqual(
        [...inotifyEvents(bytes)],
        events.map((each) => ({ ...each })),
      );
      const some = [...inotifyEvents(bytes.subarray(0, cut % (bytes.length + 1)))];
      assert.deepEqual(
        some,
        events.slice(0, some.length).map((each) => ({ ...each })),
      );
    }),
  );
});
