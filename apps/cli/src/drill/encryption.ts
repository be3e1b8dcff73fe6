/** The encryption drill: documents of its own in a folder that the agent looks after, and the drill encryptor let loose on them. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { chmod, mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { openCopyRepairs, openProcesses, type StoppedTree } from "@thymus/agent";
import { newId, ThymusError } from "@thymus/contracts";
import { DRILL_USER, makeDrillArea, placeEncryptor } from "@thymus/testkit/live-drill";
import type { Context } from "../context.ts";

export interface EncryptionDrill {
  /** One of `agent.behaviour.documents`, or a folder below one; null: the first of them. */
  readonly folder: string | null;
  readonly documents: number;
  readonly timeoutSeconds: number;
  /** Ends the drill with INTERRUPTED; what it laid out is removed. */
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}

/** `thymus drill encryption --json`. */
export interface EncryptionReport {
  readonly id: string;
  /** Where the drill's documents lay; it is removed. */
  readonly folder: string;
  readonly documents: number;
  /** How the encryptor's processes were stopped; null where they were not. */
  readonly stopped: "suspended" | "ended" | null;
  /** Record of the stop, for `thymus processes show`. */
  readonly tree: string | null;
  /** Why they were stopped, in the agent's words. */
  readonly reason: string | null;
  /** Documents that were changed before all stood still. */
  readonly changed: number;
  /** Seconds from the encryptor's start until its stop was recorded. */
  readonly seconds: number | null;
  /** All documents are what they were. */
  readonly identical: boolean;
  readonly passed: boolean;
  readonly why: string | null;
}

/** Documents that may be changed at most. */
const MOST = 10;
/** Outcomes of documents that were made unreadable. */
const harmful = new Set(["back", "lost", "gone", "failed", "refused"]);
/** Documents of one folder of the area. */
const PER_FOLDER = 12;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Nothing but the drill's own folder is touched: the encryptor refuses every other one, runs as the user whose folder it is, never as root,
 * and what it writes can be undone.
 * @throws ThymusError CONFIG_INVALID (no documents, or nothing is stopped), FORBIDDEN, NOT_FOUND, TOOL_MISSING, INTERRUPTED
 */
export async function runEncryptionDrill(
  context: Context,
  drill: EncryptionDrill,
): Promise<EncryptionReport> {
  const folder = await chosenFolder(context, drill.folder);
  const owner = lstatSync(folder).uid;
  const user = owner === 0 ? DRILL_USER : owner;
  const id = newId("drill");
  const area = join(folder, `thymus-${id}`);
  const agentDir = join(context.dataDir, "agent");
  const copies = await openCopyRepairs({ dataDir: agentDir, config: context.config });
  const processes = await openProcesses({ dataDir: agentDir });
  let encryptor: ChildProcess | null = null;
  try {
    await mkdir(area, { mode: 0o755 });
    const paths = makeDrillArea(area, drill.documents, PER_FOLDER, user);
    const marker = join(area, ".thymus-drill");
    await chmod(marker, 0o755);
    const program = placeEncryptor(marker);
    const before = new Map(paths.map((path) => [path, digest(path)]));
    const until = async (holds: () => Promise<boolean> | boolean, ms = drill.timeoutSeconds * 1000) => {
      for (const end = performance.now() + ms; performance.now() < end; await sleep(100)) {
        if (drill.signal.aborted)
          throw new ThymusError(
            "INTERRUPTED",
            "the drill was interrupted",
            "its files are removed; run it again",
          );
        if (await holds()) return true;
      }
      return false;
    };
    const report = (rest: Partial<EncryptionReport>): EncryptionReport => ({
      ...{ id, folder: area, documents: paths.length, stopped: null, tree: null, reason: null, changed: 0 },
      ...{ seconds: null, identical: true, passed: false, why: null, ...rest },
    });
    drill.onProgress("laying out documents and waiting until the agent has copies of them");
    const copied = async () => {
      let count = 0;
      for await (const { result } of copies.repair(area, { dryRun: true }))
        if (result === "unchanged") count++;
      return count >= paths.length;
    };
    if (!(await until(copied)))
      return report({
        why: `the agent took no copies of the drill's documents within ${drill.timeoutSeconds} s; is it running, with this configuration?`,
      });

    drill.onProgress("letting the drill encryptor loose on them");
    const known = new Set((await processes.list()).map((tree) => tree.id));
    const began = performance.now();
    const started = spawn("python3", [program, area, "skip-hidden"], {
      ...{ uid: user, gid: lstatSync(area).gid, stdio: "ignore", cwd: "/" },
    });
    encryptor = started;
    let failed: Error | null = null;
    started.once("error", (error) => {
      failed = error;
    });
    const isOver = () => failed !== null || started.exitCode !== null || started.signalCode !== null;
    let tree: StoppedTree | null = null;
    const find = async () => {
      const fresh = (await processes.list()).filter((each) => !known.has(each.id));
      tree = fresh.find((each) => each.processes.some(({ pid }) => pid === started.pid)) ?? null;
      return tree;
    };
    await until(async () => (await find()) !== null || isOver());
    if (failed !== null)
      throw new ThymusError(
        "TOOL_MISSING",
        `python3 cannot be started: ${(failed as Error).message}`,
        "apt install python3",
      );
    if (started.exitCode === 77)
      throw new ThymusError(
        "FORBIDDEN",
        `the drill encryptor refused ${area}: user ${user} may not enter it`,
        "name another folder",
      );
    // What it did last may still be written down.
    if (tree === null) await until(async () => (await find()) !== null, 2000);
    const seconds = (performance.now() - began) / 1000;
    const different = () => paths.filter((path) => digest(path) !== before.get(path));
    const stop = tree as StoppedTree | null;
    if (stop === null)
      return report({ changed: different().length, identical: false, why: "the encryptor was not stopped" });
    const harmed = (each: StoppedTree) =>
      each.files.filter(({ path, result }) => before.has(path) && harmful.has(result)).length;
    await until(async () => harmed((await find()) ?? stop) > 0 && different().length === 0, 30_000);
    const record = (await find()) ?? stop;
    const changed = Math.max(harmed(record), different().length);
    const identical = different().length === 0;
    if (record.state === "suspended") await processes.end(record.id);
    const why = !identical
      ? `${different().length} documents are not what they were`
      : changed > MOST
        ? `${changed} documents were changed before it stood still`
        : null;
    const stopped = record.state === "ended" ? "ended" : "suspended";
    return report({
      ...{
        stopped,
        tree: record.id,
        reason: record.why,
        changed,
        seconds,
        identical,
        passed: why === null,
        why,
      },
    });
  } finally {
    if (encryptor && encryptor.exitCode === null && encryptor.signalCode === null) encryptor.kill("SIGKILL");
    await rm(area, { recursive: true, force: true, maxRetries: 5 });
    await processes.close();
    await copies.close();
  }
}

async function chosenFolder({ config }: Context, wanted: string | null): Promise<string> {
  const { documents, mode } = config.agent.behaviour;
  if (process.getuid?.() !== 0)
    throw new ThymusError("FORBIDDEN", "only root can run a program as another user", "run it with sudo");
  if (documents.length === 0)
    throw new ThymusError(
      "CONFIG_INVALID",
      "the agent looks after no documents",
      "name folders in agent.behaviour.documents and start the agent again",
    );
  if (mode !== "suspend" && mode !== "end")
    throw new ThymusError(
      "CONFIG_INVALID",
      `agent.behaviour.mode is "${mode}": an encryptor would not be stopped`,
      'set it to "suspend" or "end" and start the agent again',
    );
  const folders = await Promise.all(documents.map((path) => realpath(path).catch(() => path)));
  const folder = await realpath(wanted ?? folders[0]!).catch(() => null);
  if (folder && folders.some((each) => folder === each || folder.startsWith(`${each}/`))) return folder;
  throw new ThymusError(
    "NOT_FOUND",
    `${wanted ?? folders[0]} is not there, or in no folder of agent.behaviour.documents`,
    `name one of: ${folders.join(", ")}`,
  );
}

function digest(path: string): string | null {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return null;
  }
}
