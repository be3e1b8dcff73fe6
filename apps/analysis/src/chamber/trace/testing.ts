/** Makes buffers as the guest's kernel would: for tests. */
import type { ClassBuffers, TraceClass } from "./classes.ts";
import type { TraceFiles } from "./events.ts";

const head = (id: number, name: string) => `name: ${name}
ID: ${id}
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

`;

/** Fields of each kind of record here: texts, then numbers of four bytes. */
const kinds = {
  sched_process_exec: { texts: ["filename"], numbers: [] },
  task_newtask: { texts: ["comm"], numbers: ["pid", "clone_flags"] },
  exiting: { texts: ["comm"], numbers: ["code"] },
  chdir: { texts: ["n0", "n1", "n2"], numbers: ["dev"] },
  open: { texts: ["comm", "path"], numbers: ["dfd", "flags"] },
  opened: { texts: ["n0", "n1", "n2", "n3"], numbers: ["dev", "flags", "mode"] },
  open_failed: { texts: [], numbers: ["ret"] },
  connect: { texts: ["comm", "name"], numbers: ["family", "port", "address"] },
  connect_failed: { texts: [], numbers: ["ret"] },
} as const;
export type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];

export const formats = names
  .map((name, index) => {
    const { texts, numbers } = kinds[name];
    const lines = [...texts, ...numbers].map((field, place) => {
      const type = place < texts.length ? "__data_loc char[]" : "s32";
      return `\tfield:${type} ${field};\toffset:${8 + 4 * place};\tsize:4;\tsigned:1;\n`;
    });
    return head(index + 1, name) + lines.join("");
  })
  .join("\n");

export interface TestRecord {
  readonly kind: Kind;
  readonly pid: number;
  readonly values: Readonly<Record<string, string | number>>;
}

function bytesOf({ kind, pid, values }: TestRecord): Buffer {
  const { texts, numbers } = kinds[kind];
  const fixed = Buffer.alloc(8 + 4 * (texts.length + numbers.length));
  fixed.writeUInt16LE(names.indexOf(kind) + 1, 0);
  fixed.writeInt32LE(pid, 4);
  const parts = [fixed];
  let end = fixed.length;
  for (const [place, name] of [...texts, ...numbers].entries()) {
    const value = values[name] ?? (place < texts.length ? "" : 0);
    if (typeof value === "number") {
      fixed.writeInt32LE(value, 8 + 4 * place);
      continue;
    }
    const text = Buffer.from(`${value}\0`);
    fixed.writeUInt32LE(((text.length << 16) | end) >>> 0, 8 + 4 * place);
    parts.push(text);
    end += text.length;
  }
  return Buffer.concat([...parts, Buffer.alloc((4 - (end % 4)) % 4)]);
}

const PAGE = 4096;

/** One page of records, each 1 ms after the one before; `from` is the page's own time in milliseconds. */
export function page(records: readonly TestRecord[], from = 0): Buffer {
  const events = records.map((record) => {
    const data = bytesOf(record);
    const long = data.length > 28 * 4;
    const start = Buffer.alloc(long ? 8 : 4);
    start.writeUInt32LE(((1_000_000 << 5) | (long ? 0 : data.length / 4)) >>> 0);
    if (long) start.writeUInt32LE(data.length + 4, 4);
    return Buffer.concat([start, data]);
  });
  const body = Buffer.concat(events);
  const out = Buffer.alloc(PAGE);
  out.writeBigUInt64LE(BigInt(from) * 1_000_000n, 0);
  out.writeBigUInt64LE(BigInt(body.length), 8);
  body.copy(out, 16);
  return out;
}

const nothing = { bytes: new Uint8Array(0), stats: "" };
const none: ClassBuffers = { first: nothing, last: nothing };

/** A trace of shell 10 that started the commands 11 and 12, on one file system. */
export function traceOf(buffers: Partial<Record<TraceClass, ClassBuffers>>): TraceFiles {
  return {
    formats,
    missing: "",
    pids: "10\n11\n12\n",
    mounts: "5 / /\n6 /dev/shm /shm\n",
    buffers: { process: none, write: none, network: none, read: none, ...buffers },
  };
}

export const record = (kind: Kind, pid: number, values: TestRecord["values"]): TestRecord => ({
  kind,
  pid,
  values,
});
/** A buffer of first records that had room for all. */
export const whole = (...pages: Buffer[]): ClassBuffers => ({
  first: { bytes: Buffer.concat(pages), stats: "dropped events: 0\n" },
  last: nothing,
});
