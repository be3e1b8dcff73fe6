/** How the program of a confined process is started: in namespaces of its own where this machine has bubblewrap and lets it make some. */
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  readonly inNamespaces: boolean;
}

/** Starts in a row that failed with namespaces, after which none is tried with them. */
const FAILURES = 2;

let found: string | null | undefined;
let failed = 0;

function bubblewrap(): string | null {
  found ??=
    ["/usr/bin", "/usr/local/bin", "/bin"].map((folder) => join(folder, "bwrap")).find(mayRun) ?? null;
  return failed < FAILURES ? found : null;
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** One that was started in namespaces began its work, or ended before. */
export function noteStart(works: boolean): void {
  failed = works ? 0 : failed + 1;
}

/**
 * A user namespace with only one user would keep root's id, seen from outside: root makes the other namespaces with its rights, and the
 * program itself becomes nobody as soon as all that it needs is loaded (lockdown.ts). Others need the user namespace to make any.
 */
const whose = () =>
  process.getuid?.() === 0
    ? [
        "--cap-drop",
        "ALL",
        ...["SETUID", "SETGID", "DAC_READ_SEARCH"].flatMap((one) => ["--cap-add", `CAP_${one}`]),
      ]
    : ["--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"];

const NAMESPACES = ["ipc", "pid", "net", "uts", "cgroup-try"].map((one) => `--unshare-${one}`);

/** @param program path of a script @param plain without namespaces, where those failed */
export function launchOf(program: string, plain = false): Launch {
  const bwrap = plain ? null : bubblewrap();
  const node = [process.execPath, "--max-old-space-size=1024", program];
  const env = {
    PATH: "/usr/bin:/bin",
    // Rings of the kernel (io_uring) would do calls that the filter never sees.
    UV_USE_IO_URING: "0",
    THYMUS_LAYERS: bwrap === null ? "" : "namespaces",
    ...compileCache(),
  };
  if (bwrap === null) return { file: node[0]!, args: node.slice(1), env, inNamespaces: false };
  const around = [...NAMESPACES, ...whose(), "--new-session", "--ro-bind", "/", "/", "--dev", "/dev", "--"];
  return { file: bwrap, args: [...around, ...node], env, inNamespaces: true };
}

/** Where this process keeps the compiled forms of scripts, so that a worker starts sooner. */
function compileCache(): Record<string, string> {
  const folder = process.env.NODE_COMPILE_CACHE;
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}
