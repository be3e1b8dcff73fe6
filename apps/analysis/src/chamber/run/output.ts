/** Reads what a guest gave back. A guest may have been taken over: everything here has a limit and is checked. */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { type Decoy, ThymusError } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import type { ChamberResult, DecoyOutcome, DroppedFile } from "../chamber.ts";
import { MIB, outputDisk } from "../layout.ts";
import { type ClassBuffers, type TraceClass, traceClasses } from "../trace/classes.ts";
import { decodeTrace } from "../trace/events.ts";
import { readNetwork } from "./network.ts";
import { type ReadAt, readTar, type TarEntry } from "./tar.ts";

/** Most files that a run may drop; the guest packs no more either. */
const MAX_DROPPED = 2000;
const MAX_OUTPUT = 64 * 1024;
/** Changes that every run of a user's programs makes, and that tell nothing. */
const noise = [
  /^home\/[^/]+\/\.cache\/desk\./,
  /^home\/[^/]+\/\.(bash|python|node_repl)_history$/,
  /^run\/thymus-drill\//,
];

export type GuestResult = Pick<
  ChamberResult,
  | "ended"
  | "exitStatus"
  | "trace"
  | "traceLost"
  | "decoys"
  | "dropped"
  | "network"
  | "networkLost"
  | "published"
  | "output"
>;

const broken = (what: string) =>
  new ThymusError(
    "CHAMBER_FAILED",
    `the chamber gave back ${what}`,
    "run it again; the sample may have broken the guest",
  );

/**
 * Takes trace, changed decoys and new files from the output disk into `folder`.
 * @throws ThymusError CHAMBER_FAILED where the guest did not get so far as to pack its result
 */
export async function readOutput(
  disk: string,
  folder: string,
  decoys: readonly Decoy[],
): Promise<GuestResult> {
  const handle = await open(disk, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const read: ReadAt = async (at, length) => {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await handle.read(buffer, 0, length, at);
      return buffer.subarray(0, bytesRead);
    };
    const control = await controlFiles(read);
    const status = control.text("status", 4096);
    if (control.text("complete", 64) !== "complete\n") throw broken("no complete result");
    const ended = /^ended timeout$/m.test(status) ? ("timeout" as const) : ("exited" as const);
    const exit = /^status (\d{1,3})$/m.exec(status)?.[1];
    const traced = readTrace(control);
    const changed = await takeDecoys(read, folder, decoys, new Set(control.text("missing", MIB).split("\n")));
    const { files, more } = await takeDropped(
      read,
      folder,
      new Set(decoys.map((decoy) => decoy.path.slice(1))),
    );
    const start = Number(/^start (\d+(?:\.\d+)?)$/m.exec(status)?.[1] ?? 0);
    const network = await readNetwork(read, start, (content) =>
      keep(folder, "published", digest(content), content),
    );
    const told = Number(control.text("new-count", 64).trim() || 0);
    return {
      ended,
      exitStatus: exit === undefined || ended === "timeout" ? null : Number(exit),
      trace: traced.events,
      traceLost: traced.lost + (more ? 1 : 0) + Math.max(0, told - MAX_DROPPED || 0),
      decoys: changed,
      dropped: files,
      ...network,
      output: control.bytes("output", MAX_OUTPUT).toString("utf8"),
    };
  } finally {
    await handle.close();
  }
}

async function controlFiles(read: ReadAt) {
  const { entries } = await readTar(read, { ...outputDisk.control, maxEntries: 64 });
  const contents = new Map<string, Buffer>();
  for (const entry of entries) contents.set(entry.path, await read(entry.at, entry.size));
  const bytes = (name: string, limit: number) => (contents.get(name) ?? Buffer.alloc(0)).subarray(0, limit);
  return { bytes, text: (name: string, limit: number) => bytes(name, limit).toString("utf8") };
}

type Control = Awaited<ReturnType<typeof controlFiles>>;

/** Largest buffer of a class in the guest, with room for pages that are not full. */
const MAX_BUFFER = 6 * MIB;

function readTrace(control: Control): ReturnType<typeof decodeTrace> {
  const buffer = (name: string) => ({
    bytes: control.bytes(`trace-${name}`, MAX_BUFFER),
    stats: control.text(`trace-${name}.stats`, 64 * 1024),
  });
  const buffers = traceClasses.map((kind): [TraceClass, ClassBuffers] => [
    kind,
    { first: buffer(`${kind}-first`), last: buffer(`${kind}-last`) },
  ]);
  return decodeTrace({
    formats: control.text("trace-formats", MIB),
    missing: control.text("trace-missing", 64 * 1024),
    pids: control.text("trace-pids", 64 * 1024),
    mounts: control.text("trace-mounts", 64 * 1024),
    buffers: Object.fromEntries(buffers) as Record<TraceClass, ClassBuffers>,
  });
}

async function takeDecoys(
  read: ReadAt,
  folder: string,
  decoys: readonly Decoy[],
  missing: ReadonlySet<string>,
): Promise<DecoyOutcome[]> {
  const { entries } = await readTar(read, { ...outputDisk.decoys, maxEntries: decoys.length + 16 });
  const byPath = new Map(entries.map((entry) => [`/${entry.path}`, entry]));
  const outcomes: DecoyOutcome[] = [];
  for (const decoy of decoys) {
    const entry = byPath.get(decoy.path);
    if (!entry) {
      outcomes.push({ decoy, state: missing.has(decoy.path) ? "missing" : "unchanged", after: null });
      continue;
    }
    const content = await read(entry.at, entry.size);
    const sha256 = digest(content);
    const after = sha256 === decoy.sha256 ? null : await keep(folder, "decoys", sha256, content);
    outcomes.push({ decoy, state: after === null ? "unchanged" : "changed", after });
  }
  return outcomes;
}

async function takeDropped(read: ReadAt, folder: string, decoyPaths: ReadonlySet<string>) {
  const { entries, cut } = await readTar(read, { ...outputDisk.dropped, maxEntries: MAX_DROPPED });
  const files: DroppedFile[] = [];
  const wanted = (entry: TarEntry) =>
    !decoyPaths.has(entry.path) && !noise.some((one) => one.test(entry.path));
  for (const entry of entries.filter(wanted)) {
    const content = await read(entry.at, entry.size);
    const sha256 = digest(content);
    const file = await keep(folder, "dropped", sha256, content);
    const path = `/${entry.path}`;
    files.push({ path, size: content.length, sha256, type: identifyFile(content, path), file });
  }
  return { files, more: cut };
}

const digest = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");

/** Stores bytes under their sha256, readable by the owner only, never executable. */
async function keep(folder: string, kind: string, sha256: string, content: Uint8Array): Promise<string> {
  const parent = join(folder, kind);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const path = join(parent, sha256);
  const file = await open(path, "wx", 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") return null;
    throw error;
  });
  if (file) {
    await file.writeFile(content);
    await file.close();
  }
  return path;
}
