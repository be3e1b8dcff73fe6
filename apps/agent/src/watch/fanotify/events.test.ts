import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CREATE, INFO_DFID_NAME, INFO_NEW_DFID_NAME, INFO_OLD_DFID_NAME, RENAME } from "./abi.ts";
import { type FanotifyEvent, fanotifyEvents } from "./events.ts";

const fsid = Buffer.from("0102030405060708", "hex");
const handle = Buffer.from("0400000001000000aabbccdd", "hex");

/** A record as the kernel writes it: padded to four bytes. */
function record(type: number, name: string): Buffer {
  const body = Buffer.concat([fsid, handle, Buffer.from(`${name}\0`)]);
  const length = Math.ceil((4 + body.length) / 4) * 4;
  const bytes = Buffer.alloc(length);
  bytes[0] = type;
  bytes.writeUInt16LE(length, 2);
  body.copy(bytes, 4);
  return bytes;
}

function event(mask: number, pid: number, ...records: Buffer[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(24 + records.reduce((sum, { length }) => sum + length, 0), 0);
  head[4] = 3;
  head.writeUInt16LE(24, 6);
  head.writeBigUInt64LE(BigInt(mask), 8);
  head.writeInt32LE(-1, 16);
  head.writeInt32LE(pid, 20);
  return Buffer.concat([head, ...records]);
}

test("events are read with their folder, name and writer, renames with both names, and unknown records are passed over", () => {
  const bytes = Buffer.concat([
    event(CREATE, 17, record(INFO_DFID_NAME, "made"), record(99, "what is this")),
    event(RENAME, 18, record(INFO_OLD_DFID_NAME, "before"), record(INFO_NEW_DFID_NAME, "after")),
    event(0x4000, 0),
  ]);
  const at = (name: string) => ({ fsid: fsid.toString("hex"), handle: handle.toString("hex"), name });
  const expected: FanotifyEvent[] = [
    { mask: CREATE, pid: 17, entry: at("made"), from: null },
    { mask: RENAME, pid: 18, entry: at("after"), from: at("before") },
    { mask: 0x4000, pid: 0, entry: null, from: null },
  ];
  assert.deepEqual([...fanotifyEvents(bytes)], expected);
});

test("another version of the kernel's words is refused, and no bytes make the reader run past their end", () => {
  const other = event(CREATE, 1, record(INFO_DFID_NAME, "x"));
  other[4] = 4;
  assert.throws(() => [...fanotifyEvents(other)], /version 4/);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (noise, cut) => {
      const bytes = Buffer.concat([event(CREATE, 1, record(INFO_DFID_NAME, "name")), Buffer.from(noise)]);
      const some = bytes.subarray(0, cut);
      try {
        for (const { entry } of fanotifyEvents(some))
          assert.ok(entry === null || entry.name.length <= some.length);
      } catch (error) {
        assert.match((error as Error).message, /version/);
      }
    }),
  );
});
