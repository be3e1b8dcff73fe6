/** Runs the command `thymus` as a person would: as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  chamberDir,
  oneMakes,
  sharedChamber,
  testData,
} from "../../../apps/analysis/src/chamber/testing/shared.ts";

const root = join(import.meta.dirname, "../../..");
export const mainFile = join(root, "apps/cli/src/main.ts");
export { testData };

export const sharedEnvironment = {
  THYMUS_CHAMBER_DIR: chamberDir,
  THYMUS_CORPUS_DIR: process.env.THYMUS_CORPUS_DIR ?? join(testData, "corpus"),
};

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, ["--no-warnings", mainFile, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...sharedEnvironment, ...env },
  });
}

/** Runs to the end; a call that takes longer than `seconds` is killed and has status null. */
export async function thymus(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  seconds = 300,
): Promise<Ended> {
  const child = start(args, env);
  const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
  let stdout = "";
  let stderr = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const status = await new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  clearTimeout(timer);
  return { status, stdout, stderr };
}

/** Makes the shared chamber and self where they are missing, side by side: one waits for the network, the other computes. */
export async function ensureTestData(): Promise<void> {
  await Promise.all([sharedChamber(), sharedSelf()]);
}

/** Half of what a machine learns unless told: a limit leaves out the largest files first, so this still holds most files. */
const SELF_BYTES = String(2 ** 30);

async function sharedSelf(): Promise<void> {
  const made = () => existsSync(join(sharedEnvironment.THYMUS_CORPUS_DIR, "manifest.json"));
  if (made()) return;
  await oneMakes("corpus", async () => {
    if (made()) return;
    const learned = await thymus(["corpus", "build", "--max-bytes", SELF_BYTES, "--data", testData], {}, 900);
    if (learned.status !== 0) throw new Error(`no corpus: ${learned.stderr.slice(-2000)}`);
  });
}
