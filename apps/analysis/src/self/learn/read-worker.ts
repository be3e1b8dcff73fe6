/** A thread that reads files of self: identifies or digests them. */
import { hash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { Sha256 } from "@thymus/contracts";
import { FileReader, IDENTIFY_BYTES, identifyFile } from "@thymus/detection";
import { AbsenceFilter } from "../absence/filter.ts";
import { type Label, SALTS } from "../labels/label.ts";
import { SKIP } from "../labels/labelled.ts";
import { readLarge } from "./large-file.ts";
import type { ReadAnswer, ReadReply, ReadTask } from "./protocol.ts";
import type { Spaces } from "./read-files.ts";

/** Larger files are read in parts. */
const WHOLE_BYTES = 4 << 20;
/** The bins are emptied when so much was read: emptying full ones costs least. */
const FLUSH_BYTES = 96 << 20;
/** After a batch of so little they are emptied at once: it may be long until so much was read. */
const SMALL_BATCH_BYTES = 1 << 20;

const given = workerData as { spaces: Spaces | undefined; instance: number };
const reader = new FileReader(WHOLE_BYTES);
const filter = given.spaces && new AbsenceFilter(given.spaces.all, given.instance);
const labels = given.spaces && new AbsenceFilter(given.spaces.labels, given.instance, SKIP);
const head = Buffer.alloc(IDENTIFY_BYTES);
/** Contents that this thread has remembered: packages hold many files twice. */
const known = new Set<string>();

function identify(path: string): ReadAnswer {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const length = readSync(fd, head, 0, head.length, 0);
      return { type: identifyFile(head.subarray(0, length), path), sha256: null };
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

function remember(bytes: Uint8Array, label: Label | null): void {
  filter?.add(bytes);
  if (label) labels?.add(bytes, SALTS[label]);
}

function digest(file: ReadTask["files"][number]): ReadAnswer {
  const { path, size, mtimeMs, vouched, label } = file;
  if (size > WHOLE_BYTES) {
    const read = readLarge(file, (bytes) => remember(bytes, label));
    return read && { type: identifyFile(read.head, path), sha256: read.sha256 };
  }
  const read = reader.read(path, { size, mtimeMs });
  if (read.kind !== "bytes" || read.bytes.length !== size) return null;
  // The package manager's own digest: a changed program must not teach that it is good.
  if (vouched && !vouched.includes(hash("md5", read.bytes))) return null;
  const sha256 = hash("sha256", read.bytes) as Sha256;
  const content = `${sha256} ${label}`;
  if (!known.has(content)) {
    remember(read.bytes, label);
    known.add(content);
  }
  return { type: identifyFile(read.bytes, path), sha256 };
}

let waiting = 0;
parentPort!.on("message", ({ number, mode, files }: ReadTask) => {
  const answers = files.map((file) => (mode === "identify" ? identify(file.path) : digest(file)));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  waiting += bytes;
  const flushed = waiting >= FLUSH_BYTES || bytes < SMALL_BATCH_BYTES;
  if (flushed) {
    filter?.flush();
    labels?.flush();
    waiting = 0;
  }
  parentPort!.postMessage({ number, answers, flushed } satisfies ReadReply);
});
