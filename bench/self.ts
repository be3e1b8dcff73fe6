/**
 * Learning self: megabytes a second for reading alone and for the whole, memory, and whether a build that was killed and
 * started again ends in the same corpus. `npm run bench -- self [FOLDER...] [--workers N] [--max-bytes B]`; the machine's
 * package files unless folders are named. The files are read once before, so that the disk is not what is measured.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildCorpus } from "@thymus/analysis";

const { values, positionals } = parseArgs({
  options: {
    workers: { type: "string", default: "2" },
    "max-bytes": { type: "string", default: String(64 * 1024 ** 3) },
    json: { type: "boolean", default: false },
    into: { type: "string" },
  },
  allowPositionals: true,
});

interface Timed {
  readonly bytes: number;
  readonly seconds: Record<string, number>;
  /** Seconds of processors of each step. */
  readonly cpus: Record<string, number>;
  readonly total: number;
  readonly cpu: number;
  readonly maxRssMiB: number;
}

/** One build; the seconds of each step. */
async function build(dir: string): Promise<Timed> {
  const started = performance.now();
  const seconds: Record<string, number> = {};
  const cpus: Record<string, number> = {};
  let used = process.cpuUsage();
  let step = "";
  let since = started;
  const turn = (next: string) => {
    if (next === step) return;
    const now = performance.now();
    const { user, system } = process.cpuUsage(used);
    if (step) {
      seconds[step] = (seconds[step] ?? 0) + (now - since) / 1000;
      cpus[step] = (cpus[step] ?? 0) + (user + system) / 1e6;
    }
    used = process.cpuUsage();
    [step, since] = [next, now];
  };
  const manifest = await buildCorpus({
    dir,
    ...(positionals.length > 0 ? { sources: positionals } : {}),
    workers: Number(values.workers),
    maxBytes: Number(values["max-bytes"]),
    saveSeconds: 5,
    onProgress(name) {
      turn(name);
      if (name === "reading goodware") process.send?.("reading");
    },
  });
  turn("");
  const total = (performance.now() - started) / 1000;
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpu = (userCPUTime + systemCPUTime) / 1e6;
  return { bytes: manifest.bytes, seconds, cpus, total, cpu, maxRssMiB: maxRSS / 1024 };
}

/** A build in a process of its own, killed after some milliseconds of reading or not at all. */
function child(dir: string, killAfter: number | null): Promise<Timed | null> {
  const args = [import.meta.filename, "--into", dir, "--workers", values.workers];
  const running = spawn(process.execPath, [...args, "--max-bytes", values["max-bytes"], ...positionals], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  let timer: NodeJS.Timeout | undefined;
  if (killAfter !== null)
    running.once("message", () => {
      timer = setTimeout(() => running.kill("SIGKILL"), killAfter);
    });
  let out = "";
  running.stdout!.on("data", (chunk) => {
    out += chunk;
  });
  return new Promise((resolve, reject) => {
    running.once("error", reject);
    running.once("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(JSON.parse(out));
      else if (signal === "SIGKILL") resolve(null);
      else reject(new Error(`a build ended with ${code ?? signal}`));
    });
  });
}

/** Digests of everything in a corpus folder but the moment in the manifest. */
async function content(dir: string): Promise<string> {
  const sum = createHash("sha256");
  for (const name of (await readdir(dir)).sort())
    if (name !== "manifest.json") sum.update(`${name}\0`).update(await readFile(join(dir, name)));
  const { made: _, ...rest } = JSON.parse(readFileSync(join(dir, "manifest.json"), "utf8"));
  return sum.update(JSON.stringify(rest)).digest("hex");
}

async function compare(): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "thymus-bench-self-"));
  try {
    const whole = join(root, "whole");
    await child(whole, null);
    // Now everything has been read once: what fits stays in memory.
    await rm(whole, { recursive: true });
    const timed = (await child(whole, null))!;
    const broken = join(root, "broken");
    const reading = timed.seconds["reading goodware"] ?? 0;
    let kills = 0;
    for (const share of [0.3, 0.6]) if ((await child(broken, share * reading * 1000)) === null) kills++;
    const resumed = (await child(broken, null))!;
    const identical = (await content(whole)) === (await content(broken));
    const result = {
      bytes: timed.bytes,
      seconds: timed.seconds,
      cpus: timed.cpus,
      total: timed.total,
      cpu: timed.cpu,
      readingMBs: timed.bytes / 1e6 / reading,
      wholeMBs: timed.bytes / 1e6 / timed.total,
      maxRssMiB: Math.max(timed.maxRssMiB, resumed.maxRssMiB),
      ...{ kills, identical },
    };
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else {
      const fixed = (number: number, digits = 1) => number.toFixed(digits);
      process.stdout.write(`${fixed(result.bytes / 1e6, 0)} MB with ${values.workers} threads\n`);
      for (const [name, taken] of Object.entries(result.seconds))
        process.stdout.write(
          `  ${name.padEnd(24)}${fixed(taken).padStart(8)} s (${fixed(result.cpus[name] ?? 0)} s of processors)\n`,
        );
      process.stdout.write(
        `  ${"in all".padEnd(24)}${fixed(result.total).padStart(8)} s (${fixed(result.cpu)} s of processors)\n`,
      );
      process.stdout.write(
        `reading, digests and index ${fixed(result.readingMBs, 0)} MB/s; whole ${fixed(result.wholeMBs, 0)} MB/s; ` +
          `at most ${fixed(result.maxRssMiB, 0)} MiB\n` +
          `killed ${kills} times and resumed: ${identical ? "the same corpus, byte for byte" : "ANOTHER CORPUS"}\n`,
      );
    }
    process.exitCode = identical ? 0 : 1;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

if (values.into) process.stdout.write(JSON.stringify(await build(values.into)));
else await compare();
