import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** What a piece of ordinary work has to work with. */
export interface Desk {
  /** A watched folder of its own, empty. */
  readonly folder: string;
  /** The documents folder, watched for encryptors. */
  readonly documents: string;
  /** Outside of everything watched. */
  readonly elsewhere: string;
  /** How much of it: 1 in a test, more in a bench. */
  readonly scale: number;
  run(command: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** Writes a file, with its folders. */
  put(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /** Waits until the agent has judged what was done so far, as time passes between two pieces of work. */
  pause(): Promise<void>;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A piece of ordinary work, done on real files by the real tools. */
export interface Work {
  readonly name: string;
  /** Commands without which it is left out, and said so. */
  readonly needs: readonly string[];
  readonly root?: boolean;
  carryOut(desk: Desk): Promise<void>;
}

export async function run(
  command: string,
  args: readonly string[],
  { cwd, env }: RunOptions = {},
): Promise<string> {
  const { stdout } = await execute(command, [...args], {
    cwd,
    env: { ...process.env, ...env },
    maxBuffer: 64 << 20,
  });
  return stdout;
}

export async function put(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode });
}

export const has = (command: string): Promise<boolean> =>
  execute("sh", ["-c", `command -v "$1"`, "sh", command]).then(
    () => true,
    () => false,
  );

/** Numbers from 0 to `count` - 1. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Sentences that no two seeds share: filling for sources and documents. */
export function prose(seed: number, sentences: number): string {
  const words =
    "order river table window market garden number letter summer paper season travel music bridge corner driver engine island".split(
      " ",
    );
  let state = (seed * 2_654_435_761) >>> 0;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return words[(state >>> 16) % words.length]!;
  };
  return upTo(sentences)
    .map(() => `${upTo(9).map(next).join(" ")}.`)
    .join("\n");
}
