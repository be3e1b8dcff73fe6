/**
 * The chamber that shares this machine's kernel: bubblewrap's namespaces, a system call filter, limits, strace outside.
 * Quick, and only as safe as the kernel: never the default, only by explicit choice, and every result says so.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asThymusError, type ChamberInfo, ThymusError } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import type { ChamberResult, ChamberRun, DecoyOutcome, DroppedFile, PlannedCommand } from "../chamber.ts";
import { guestUser, MIB } from "../layout.ts";
import { readManifest } from "../manifest.ts";
import { chamberPaths } from "../paths.ts";
import { interpreterOf } from "../run/command.ts";
import { drillFiles, sampleName } from "../run/input.ts";
import { guestLimits } from "../run/run.ts";
import { seccompFilter } from "./seccomp.ts";
import { readStrace, traced } from "./strace.ts";
import {
  hostPath,
  layFile,
  listFiles,
  makeTree,
  readPlain,
  sha256Of,
  type Tree,
  unpackedRoot,
} from "./tree.ts";

const MAX_OUTPUT = 64 * 1024;
const MAX_FILE = 32 * MIB;
const MAX_DROPPED = 2000;
const MAX_TRACE = 64 * MIB;
/** Processes of a run beyond which it is ended: every start passes through strace, so none slips by between two looks. */
const MAX_PROCESSES = 300;

export interface BwrapChamber {
  readonly info: ChamberInfo;
  readonly run: (run: ChamberRun) => Promise<ChamberResult>;
}

/** @throws ThymusError CHAMBER_NOT_BUILT, TOOL_MISSING */
export async function openBwrapChamber(dataDir: string): Promise<BwrapChamber> {
  const { image } = await readManifest(chamberPaths(dataDir), dataDir);
  if (spawnSync("strace", ["--version"], { stdio: "ignore" }).status !== 0)
    throw new ThymusError("TOOL_MISSING", "strace is not installed", "apt-get install strace");
  const info: ChamberInfo = { kind: "bwrap", trust: "shared-kernel", image };
  return { info, run: (run) => runShared(dataDir, info, run) };
}

async function runShared(dataDir: string, info: ChamberInfo, run: ChamberRun): Promise<ChamberResult> {
  const started = performance.now();
  const work = await mkdtemp(join(run.outputDir, ".run-"));
  try {
    const tree = await makeTree(dataDir, work, run.signal);
    const commands = await layOut(tree, run);
    const before = await files(tree);
    await writeFile(join(work, "filter"), seccompFilter());
    const deadline = performance.now() + guestLimits(run.budgetSeconds).sample * 1000;
    let output = "";
    let [ended, status] = ["exited" as ChamberResult["ended"], 0];
    const trace: ChamberResult["trace"][number][] = [];
    let traceLost = 0;
    run.onStarted?.();
    for (const [index, command] of commands.entries()) {
      const left = deadline - performance.now();
      if (left <= 0 || run.signal?.aborted) break;
      const ran = await runCommand({
        dataDir,
        work,
        tree,
        run,
        command,
        log: join(work, `trace-${index}`),
        left,
      });
      output = (output + ran.output).slice(0, MAX_OUTPUT);
      if (ran.ended === "timeout") ended = "timeout";
      if (status === 0) status = ran.status;
      const text = await readPlain(join(work, `trace-${index}`), MAX_TRACE);
      const seen = readStrace(text?.toString("latin1") ?? "", guestUser.downloads);
      trace.push(...seen.events);
      traceLost += seen.lost + (text ? 0 : 1);
    }
    if (run.signal?.aborted)
      throw new ThymusError("INTERRUPTED", "the chamber run was interrupted", "run it again");
    return {
      chamber: info,
      ended,
      exitStatus: ended === "timeout" ? null : status,
      seconds: (performance.now() - started) / 1000,
      ...{ trace, traceLost, output, network: [], networkLost: 0, published: [] },
      decoys: await outcomes(tree, run),
      dropped: await dropped(tree, run, before),
    };
  } finally {
    // A sample may take the rights away from its own folders.
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Lays out decoys, world and sample; what starts it. */
async function layOut(tree: Tree, run: ChamberRun): Promise<readonly PlannedCommand[]> {
  const sample = await readFile(run.sample.path);
  const name = sampleName(run.sample.name);
  const path = `${guestUser.downloads}/${name}`;
  for (const { path: at, mode, content } of run.world.files) await layFile(tree, at, mode, content);
  for (const decoy of run.decoys.decoys)
    await layFile(tree, decoy.path, decoy.mode, await readFile(join(run.decoys.folder, decoy.sha256)));
  for (const { path: at, mode, content } of run.plan?.files ?? [])
    await layFile(tree, `${guestUser.downloads}/${at}`, mode, content);
  await layFile(tree, path, 0o755, sample);
  const words = interpreterOf(sample, run.sample.type, name);
  if (run.drillPrograms !== null)
    for (const { path: at, mode, content } of await drillFiles(run.drillPrograms, sample, name, words))
      await layFile(tree, `/${at}`, mode, content ?? new Uint8Array(0));
  return run.plan?.commands ?? [{ words: [...words, path], env: {} }];
}

const files = async (tree: Tree) =>
  new Map([
    ...(await listFiles(tree.root, "", 100_000)),
    ...(await listFiles(tree.local, "/usr/local", 100_000)),
  ]);

interface CommandRun {
  readonly dataDir: string;
  readonly work: string;
  readonly tree: Tree;
  readonly run: ChamberRun;
  readonly command: PlannedCommand;
  readonly log: string;
  readonly left: number;
}

let procMounts: boolean | null = null;
/** Inside another sandbox the kernel may refuse a second /proc; the sample then has none. */
function mayMountProc(): boolean {
  procMounts ??=
    spawnSync("bwrap", ["--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"], {
      stdio: "ignore",
    }).status === 0;
  return procMounts;
}

async function runCommand({ dataDir, work, tree, run, command, log, left }: CommandRun) {
  const { conditions } = run;
  const root = unpackedRoot(dataDir);
  const user = command.asRoot || conditions.asRoot ? "0" : String(guestUser.id);
  const words = command.words.map((word) =>
    word.replaceAll("{sample}", `${guestUser.downloads}/${sampleName(run.sample.name)}`),
  );
  const env = {
    ...{ HOME: guestUser.home, USER: guestUser.name, LOGNAME: guestUser.name, SHELL: "/bin/bash" },
    ...{ PATH: `${guestUser.home}/bin:/usr/local/bin:/usr/bin:/bin` },
    ...{ LANG: conditions.locale, TZ: conditions.timezone, ...command.env },
  };
  const args = [
    ...["-f", "-qq", "-ttt", "-s", "4096", "-e", `trace=${traced.join(",")}`, "-e", "signal=none", "-o", log],
    ...["bwrap", "--unshare-all", "--unshare-user", "--uid", user, "--gid", user, "--die-with-parent"],
    ...["--new-session", "--cap-drop", "ALL", "--clearenv", "--hostname", "desk"],
    ...["--bind", tree.root, "/", "--ro-bind", join(root, "usr"), "/usr", "--bind", tree.local, "/usr/local"],
    ...["--dev", "/dev", ...(mayMountProc() ? ["--proc", "/proc"] : []), "--seccomp", "3"],
    ...["--chdir", guestUser.downloads],
    ...["/usr/bin/prlimit", `--fsize=${MAX_FILE}`, "--core=0", "--nofile=1024", "--nproc=256"],
    ...[`--as=${2048 * MIB}`, `--cpu=${Math.ceil(left / 1000)}`],
    ...["/usr/bin/env", "-i", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
    ...[...words, ...conditions.args],
  ];
  const filter = openSync(join(work, "filter"), "r");
  let child: ChildProcess;
  try {
    child = spawn("strace", args, {
      stdio: ["pipe", "pipe", "pipe", filter],
      env: { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" },
    });
  } finally {
    closeSync(filter);
  }
  let output = "";
  const keep = (text: string) => {
    if (output.length < MAX_OUTPUT) output = (output + text).slice(0, MAX_OUTPUT);
  };
  child.stdout!.setEncoding("latin1").on("data", keep);
  child.stderr!.setEncoding("latin1").on("data", keep);
  child.stdin!.on("error", () => {}).end(conditions.stdin ?? "");
  const end = { ended: "exited" as "exited" | "timeout" };
  const stop = () => {
    end.ended = "timeout";
    child.kill("SIGKILL");
  };
  const timer = setTimeout(stop, left);
  const usual = processCount();
  const watch = setInterval(() => {
    if (processCount() > usual + MAX_PROCESSES) stop();
  }, 100);
  run.signal?.addEventListener("abort", stop, { once: true });
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.once("error", (error) => reject(asThymusError(error)));
      child.once("close", (code) => resolve(code ?? 137));
    });
    return { ...end, status, output };
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    run.signal?.removeEventListener("abort", stop);
  }
}

const processCount = (): number => readdirSync("/proc").filter((name) => /^\d+$/.test(name)).length;

async function outcomes(tree: Tree, run: ChamberRun): Promise<DecoyOutcome[]> {
  const found: DecoyOutcome[] = [];
  await mkdir(join(run.outputDir, "decoys"), { recursive: true });
  for (const decoy of run.decoys.decoys) {
    const at = hostPath(tree, decoy.path);
    const bytes = at && (await readPlain(at, MAX_FILE));
    const sha256 = bytes ? sha256Of(bytes) : null;
    if (at === null || sha256 === decoy.sha256) found.push({ decoy, state: "unchanged", after: null });
    else if (!bytes) found.push({ decoy, state: "missing", after: null });
    else found.push({ decoy, state: "changed", after: await keepFile(run, "decoys", sha256!, bytes) });
  }
  return found;
}

async function dropped(tree: Tree, run: ChamberRun, before: Map<string, string>): Promise<DroppedFile[]> {
  const decoys = new Set(run.decoys.decoys.map(({ path }) => path));
  const found: DroppedFile[] = [];
  await mkdir(join(run.outputDir, "dropped"), { recursive: true });
  for (const [path, facts] of await files(tree)) {
    if (found.length >= MAX_DROPPED) break;
    if (before.get(path) === facts || decoys.has(path) || path.startsWith("/run/thymus-drill/")) continue;
    const bytes = await readPlain(hostPath(tree, path) ?? "", MAX_FILE);
    if (!bytes) continue;
    const sha256 = sha256Of(bytes);
    const file = await keepFile(run, "dropped", sha256, bytes);
    found.push({ path, size: bytes.length, sha256, type: identifyFile(bytes, path), file });
  }
  return found;
}

async function keepFile(run: ChamberRun, kind: string, sha256: string, bytes: Uint8Array): Promise<string> {
  const path = join(run.outputDir, kind, sha256);
  await writeFile(path, bytes, { flag: "wx", mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  return path;
}
