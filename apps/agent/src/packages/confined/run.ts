import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { lstatSync, readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { ThymusError } from "@thymus/contracts";

/** Nobody: no file of the machine belongs to it. */
const NOBODY = "65534";
/** What one run may take, whatever it reads. */
const SECONDS = 120;
const LIMITS = ["--core=0", "--fsize=0", `--cpu=${SECONDS}`, "--nofile=64"];
const READER = fileURLToPath(new URL("read-archive.ts", import.meta.url));
const ENVIRONMENT = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" };

let chosen: "bwrap" | "nobody" | "limits" | null = null;

/** How what reads an archive is confined on this machine: by namespaces, as nobody with limits, or (without root) by limits alone. */
export function confinement(): "bwrap" | "nobody" | "limits" {
  if (chosen) return chosen;
  const works = (command: string, args: readonly string[]) =>
    spawnSync(command, args, { stdio: "ignore", timeout: 10_000 }).status === 0;
  if (works("bwrap", [...namespaces([]), "true"])) chosen = "bwrap";
  else if (process.getuid?.() === 0 && works("setpriv", [...asNobody, "true"])) chosen = "nobody";
  else chosen = "limits";
  return chosen;
}

const asNobody = [
  ...[`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--no-new-privs"],
  ...["--inh-caps=-all", "--bounding-set=-all"],
];

/** bwrap's arguments: nothing of the machine but /usr and these files, all of it read-only; no network, no capability, no process. */
function namespaces(files: readonly string[]): string[] {
  const system = ["bin", "sbin", "lib", "lib64", "lib32"].flatMap((name) => {
    const found = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (!found) return [];
    return found.isSymbolicLink()
      ? ["--symlink", readlinkSync(`/${name}`), `/${name}`]
      : ["--ro-bind", `/${name}`, `/${name}`];
  });
  return [
    ...["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"],
    ...["--uid", NOBODY, "--gid", NOBODY, "--ro-bind", "/usr", "/usr", ...system],
    ...["--dev", "/dev", "--chdir", "/"],
    ...files.flatMap((file) => ["--ro-bind", file, file]),
    "--",
  ];
}

/**
 * Runs a program that parses what may be hostile, with nothing of this process: no privilege, no environment, nowhere to write but its
 * output. It ends with `signal`, or when its time is over.
 * @param files what it may read, absolute paths
 */
export function runConfined(
  command: readonly string[],
  files: readonly string[],
  signal?: AbortSignal,
): ChildProcess {
  const how = confinement();
  const limited = ["prlimit", ...LIMITS, "--", ...command];
  const whole =
    how === "bwrap"
      ? ["bwrap", ...namespaces(files), ...limited]
      : how === "nobody"
        ? ["setpriv", ...asNobody, "--", ...limited]
        : limited;
  const child = spawn(whole[0]!, whole.slice(1), {
    stdio: ["ignore", "pipe", "pipe"],
    env: ENVIRONMENT,
    cwd: "/",
    timeout: SECONDS * 1000,
    killSignal: "SIGKILL",
    ...(signal && { signal }),
  });
  try {
    // It must not slow down what the owner does, e.g. the installation that it is about.
    if (child.pid) setPriority(child.pid, 19);
  } catch {
    // Then it runs as everything else.
  }
  return child;
}

/** The confined reader of archives with these arguments. @param archives what it may read */
export function runReader(args: readonly string[], archives: readonly string[], signal?: AbortSignal) {
  return runConfined(
    [process.execPath, "--no-warnings", READER, ...args],
    [process.execPath, READER, ...archives],
    signal,
  );
}

/** Its output, piece by piece, once it ended well. @throws ThymusError TOOL_FAILED where it did not, or told more than `maxBytes` */
export async function* outputOf(child: ChildProcess, maxBytes: number): AsyncGenerator<Buffer> {
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-500);
  });
  const ended = new Promise<string | null>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) =>
      resolve(code === 0 ? null : `${signal ?? `status ${code}`} ${said.trim()}`),
    );
  });
  let bytes = 0;
  try {
    for await (const piece of child.stdout! as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > maxBytes) throw failed(`it has more than ${maxBytes} bytes`);
      yield piece;
    }
    const why = await ended;
    if (why !== null) throw failed(why);
  } finally {
    child.kill("SIGKILL");
  }
}

const failed = (why: string) =>
  new ThymusError("TOOL_FAILED", `an archive cannot be read: ${why}`, "look whether the archive is complete");
