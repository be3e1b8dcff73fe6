/** A thread that reads files of self: identifies or digests them. */
import { hash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { Sha256 } from "@thymus/contracts";
import { FileReader, IDENTIFY_BYTES, identifyFile } from "@thymus/detection";
import { AbsenceFilter } from "../absence/filter.ts";
import type { ReadAnswer, ReadReply, ReadTask } from "./protocol.ts";

const given = workerData as {
  maxFileBytes: number;
  filter: { memory: WebAssembly.Memory; bits: number } | undefined;
  instance: number;
};
const reader = new FileReader(given.maxFileBytes);
const filter = given.filter && new AbsenceFilter(given.filter.memory, given.filter.bits, given.instance);
const head = Buffer.alloc(IDENTIFY_BYTES);

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

function digest({ path, size, mtimeMs, vouched }: ReadTask["files"][number]): ReadAnswer {
  const read = reader.read(path, { size, mtimeMs });
  if (read.kind !== "bytes" || read.bytes.length !== size) return null;
  // The package manager's own digest: a changed program must not teach that it is good.
  if (vouched && !vouched.includes(hash("md5", read.bytes))) return null;
  filter?.add(read.bytes);
  return { type: identifyFile(read.bytes, path), sha256: hash("sha256", read.bytes) as Sha256 };
}

parentPort!.on("message", ({ number, mode, files }: ReadTask) => {
  const answers = files.map((file) => (mode === "identify" ? identify(file.path) : digest(file)));
  filter?.flush();
  parentPort!.postMessage({ number, answers } satisfies ReadReply);
});
