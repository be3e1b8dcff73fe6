/** Runs the command `thymus` as a person would: as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");
export const mainFile = join(root, "apps/cli/src/main.ts");
/** Chamber and self that all tests share; made once. */
export const testData = process.env.THYMUS_TEST_DATA ?? join(root, ".cache/test-data");

export const sharedEnvironment = {
  THYMUS_CHAMBER_DIR: join(testData, "chamber"),
  THYMUS_CORPUS_DIR: join(testData, "corpus"),
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

/** Makes the shared chamber and self where they are missing. */
export async function ensureTestData(): Promise<void> {
  await mkdir(testData, { recursive: true, mode: 0o700 });
  const build = () => thymus(["chamber", "build", "--data", testData], {}, 540);
  let built = await build();
  // Another test file looks at it in the same moment.
  for (let turn = 0; turn < 60 && built.stderr.includes("CONFLICT"); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    built = await build();
  }
  if (built.status !== 0) throw new Error(`no chamber: ${built.stderr.slice(-2000)}`);
  if (existsSync(join(testData, "corpus", "manifest.json"))) return;
  const learned = await thymus(["corpus", "build", "--data", testData], {}, 540);
  if (learned.status !== 0) throw new Error(`no corpus: ${learned.stderr.slice(-2000)}`);
}
