import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { decodeTrace, droppedEvents } from "./events.ts";

const common = (id: number, name: string) => `name: ${name}
ID: ${id}
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

`;
const formats = `${common(7, "sched_process_exec")}	field:__data_loc char[] filename;	offset:8;	size:4;	signed:0;

print fmt: "filename=%s"
${common(9, "open")}	field:__data_loc char[] path;	offset:8;	size:4;	signed:0;
	field:u32 flags;	offset:12;	size:4;	signed:0;

print fmt: "open"
`;

function record(id: number, pid: number, path: string, flags: number): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt16LE(id, 0);
  head.writeInt32LE(pid, 4);
  const text = Buffer.from(`${path}\0`);
  head.writeUInt32LE((text.length << 16) | 16, 8);
  head.writeUInt32LE(flags, 12);
  const all = Buffer.concat([head, text]);
  return Buffer.concat([all, Buffer.alloc((4 - (all.length % 4)) % 4)]);
}

/** One page; each record 1 ms (1,000,000 ns) after the one before. */
function page(records: readonly Buffer[]): Buffer {
  const events = records.map((data) => {
    const long = data.length > 28 * 4;
    const head = Buffer.alloc(long ? 8 : 4);
    head.writeUInt32LE(((1_000_000 << 5) | (long ? 0 : data.length / 4)) >>> 0);
    if (long) head.writeUInt32LE(data.length + 4, 4);
    return Buffer.concat([head, data]);
  });
  const body = Buffer.concat(events);
  const out = Buffer.alloc(4096);
  out.writeBigUInt64LE(5_000_000_000n, 0);
  out.writeBigUInt64LE(BigInt(body.length), 8);
  body.copy(out, 16);
  return out;
}

test("what comes before the sample's own start is not told, and a name cannot forge a line", () => {
  const strange = `/tmp/a\nsh-1 [000] 1.0: open: path="x"${"y".repeat(100)}`;
  const bytes = page([
    record(9, 5, "/wrapper", 0),
    record(7, 5, "/usr/bin/env", 0),
    record(9, 5, "/lib/libc.so", 0),
    record(7, 5, "./sample", 0),
    record(9, 5, "/etc/passwd", 0),
    record(9, 5, strange, 0o101),
  ]);
  const { events, lost } = decodeTrace(formats, bytes);
  assert.equal(lost, 0);
  assert.deepEqual(
    events.map((event) => [event.what, event.path, event.t]),
    [
      ["exec", "./sample", 0],
      ["open-read", "/etc/passwd", 0.001],
      ["open-write", strange, 0.002],
    ],
  );
});

test("any bytes decode without an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9000 }), fc.string(), (bytes, text) => {
      decodeTrace(formats + text, bytes);
    }),
    { numRuns: 200 },
  );
});

test("lost events are summed from the kernel's statistics", () => {
  assert.equal(droppedEvents("entries: 5\noverrun: 2\ncommit overrun: 0\ndropped events: 40\n"), 42);
});
