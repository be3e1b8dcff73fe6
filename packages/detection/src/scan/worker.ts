/** A worker thread of the scan pool: compiles once, then scans batches, telling what it finds at once. */
import { createHash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { asThymusError, type Sha256 } from "@thymus/contracts";
import { loadEngine } from "../engine/load.ts";
import { identifyFile } from "../identify/identify.ts";
import { Gates } from "./gates.ts";
import {
  type ScanTarget,
  SharedProgress,
  type WorkerBatch,
  type WorkerMessage,
  type WorkerSettings,
} from "./protocol.ts";
import { FileReader } from "./reader.ts";
import { BundleScanner } from "./scan-file.ts";

const settings = workerData as WorkerSettings;
const progress = new SharedProgress(settings.progress);
const reader = new FileReader(settings.maxFileBytes);
const engine = await loadEngine(settings.engine);
const options = { timeoutMs: settings.timeoutMs };
const compiled =
  (settings.compiled && engine.restore(settings.compiled, options)) ??
  engine.compile(settings.bundle.rules, options);
const scanner = new BundleScanner(settings.bundle, compiled, new Gates(settings.bundle, engine, options));

function tell(message: WorkerMessage): void {
  parentPort!.postMessage(message);
}

function scanOne(target: ScanTarget, index: number): void {
  const read = reader.read(target.path, target.expect);
  if (read.kind === "skip") {
    tell({ kind: "skip", index, why: read.why });
  } else if (read.kind === "too-large") {
    const message = `${target.path} has ${read.size} bytes, more than the limit of ${settings.maxFileBytes}`;
    tell({ kind: "error", index, code: "TOO_LARGE", message, hint: "raise the limit to scan it" });
  } else if (read.kind === "unreadable") {
    const message = `${target.path} cannot be read: ${read.why}`;
    tell({ kind: "error", index, code: "UNREADABLE", message, hint: "check its permissions" });
  } else {
    scanBytes(read.bytes, target, index);
  }
}

function scanBytes(bytes: Uint8Array, target: ScanTarget, index: number): void {
  const name = target.name ?? target.path;
  try {
    const { type, found, missing } = scanner.scan(bytes, target.type, name);
    progress.scanned(bytes.length);
    if (missing !== null) {
      const message = `${target.path} could not be looked into: ${missing.why}`;
      tell({ kind: "error", index, code: missing.code, message, hint: "look at the package by hand" });
    }
    if (found.length === 0) return;
    tell({
      kind: "hit",
      index,
      sha256: createHash("sha256").update(bytes).digest("hex") as Sha256,
      size: bytes.length,
      type: type ?? identifyFile(bytes, name),
      matches: found.map(({ match, member }) => (member === undefined ? match : { ...match, member })),
    });
  } catch (thrown) {
    const { message, hint } = asThymusError(thrown);
    tell({ kind: "error", index, code: "TOOL_FAILED", message: `${target.path}: ${message}`, hint });
  }
}

parentPort!.on("message", ({ number, targets }: WorkerBatch) => {
  progress.reset(number);
  for (const [index, target] of targets.entries()) {
    progress.begin(index);
    scanOne(target, index);
  }
  progress.begin(-1);
  tell({ kind: "done", files: progress.files, bytes: progress.bytes });
});
tell({ kind: "ready" });
