/**
 * A confined worker: reads its settings, gives up every right, then scans the open files that it is handed. It has no file system, no
 * network and no other process; what it finds it writes to standard output.
 */
import { closeSync, fstatSync, readFileSync, readSync, writeSync } from "node:fs";
import { deserialize } from "node:v8";
import { gunzipSync, gzipSync } from "node:zlib";
import { ScanJob } from "../scan/job.ts";
import type { ScanTarget, WorkerMessage } from "../scan/protocol.ts";
import { Channel } from "./channel.ts";
import { isHeld } from "./layers.ts";
import { bindLeave } from "./leave.ts";
import { lockDown } from "./lockdown.ts";
import { CHANNEL_FD, type ConfinedSettings, PROGRESS_FD } from "./settings.ts";
import { warmEngine } from "./warm.ts";

const MEMORY_BYTES = 3 * 1024 * 1024 * 1024;
/** Buffer that is kept between files. */
const KEPT_BYTES = 16 * 1024 * 1024;

const settings = deserialize(readFileSync(0)) as ConfinedSettings;
const channel = new Channel(CHANNEL_FD);
const progress = Buffer.alloc(32);
let kept = Buffer.allocUnsafeSlow(1 << 20);

function tell(message: WorkerMessage): void {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < line.length; ) at += writeSync(1, line, at);
}

/** Written before a file is touched, so that it is known of which one the worker died. */
function note(batch: number, index: number, files: number, bytes: number): void {
  progress.writeDoubleLE(batch, 0);
  progress.writeDoubleLE(index, 8);
  progress.writeDoubleLE(files, 16);
  progress.writeDoubleLE(bytes, 24);
  writeSync(PROGRESS_FD, progress, 0, progress.length, 0);
}

function read(fd: number): Uint8Array {
  const { size } = fstatSync(fd);
  if (size > kept.length && size <= KEPT_BYTES) kept = Buffer.allocUnsafeSlow(Math.min(KEPT_BYTES, size * 2));
  const buffer = size <= kept.length ? kept : Buffer.allocUnsafeSlow(size);
  let length = 0;
  while (length < size) {
    const got = readSync(fd, buffer, length, size - length, length);
    if (got === 0) break;
    length += got;
  }
  return buffer.subarray(0, length);
}

async function scanOne(fd: number, target: ScanTarget, at: number): Promise<number> {
  let bytes: Uint8Array;
  try {
    bytes = read(fd);
  } catch (error) {
    const message = `${target.path} cannot be read: ${(error as Error).message}`;
    tell({ kind: "error", index: at, code: "UNREADABLE", message, hint: "check its permissions" });
    return -1;
  } finally {
    closeSync(fd);
  }
  for (const message of await job.scan(bytes, target, at)) tell(message);
  return bytes.length;
}

/** What is loaded, or started, on first use has to be there before the file system and the right to start threads are gone. */
async function warm(): Promise<void> {
  await warmEngine(settings.job.engine);
  if (settings.job.archives) await (await import("./warm-archives.ts")).openOneOfEach();
  gunzipSync(gzipSync("warm"));
}

await warm();
const leave = bindLeave();
const layers = lockDown({ memoryBytes: MEMORY_BYTES, idle: settings.idle });
const around = process.env.THYMUS_LAYERS === "namespaces" ? (["namespaces"] as const) : [];
if (!isHeld(layers))
  throw new Error("neither seccomp nor Landlock holds on this kernel: no file is read without confinement");
// Rules may come from anybody: they, too, are read and compiled behind closed doors.
const job = await ScanJob.open(settings.job);
tell({ kind: "ready", layers: [...around, ...layers] });

for (let message = channel.receive(); message !== null; message = channel.receive()) {
  const { number, targets } = JSON.parse(message.text) as {
    number: number;
    targets: (ScanTarget & { at: number })[];
  };
  let [files, bytes] = [0, 0];
  for (const [place, target] of targets.entries()) {
    note(number, target.at, files, bytes);
    const length = await scanOne(message.files[place]!, target, target.at);
    if (length < 0) continue;
    files++;
    bytes += length;
  }
  note(number, -1, files, bytes);
  tell({ kind: "done", files, bytes });
}
leave();
