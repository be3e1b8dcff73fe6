/** A small sandbox for the tests: a made-up root file system in bwrap, with or without the drill folder. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { drillProgramsFolder } from "./drills.ts";

export interface DenRun {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Notes each call, and runs the program again where the den asks for a second generation. */
const SPREAD = `#!/bin/sh
echo "$1" >>/calls/log
[ ! -e /calls/again ] || {
  IFS= read -r first </run/thymus-drill/programs/"$1"
  \${first#??} /run/thymus-drill/programs/"$1"
}
`;

/** The decoy area as folders of the host, and where each lies inside. */
const AREA = { home: "/home/user", bin: "/usr/local/bin", opt: "/opt", srv: "/srv" } as const;

export class Den {
  readonly #root = mkdtempSync(join(tmpdir(), "thymus-den-"));
  readonly area = join(this.#root, "area");

  constructor() {
    for (const folder of [...Object.keys(AREA).map((f) => `area/${f}`), "calls", "drill/programs"]) {
      mkdirSync(join(this.#root, folder), { recursive: true });
    }
    cpSync(drillProgramsFolder, join(this.#root, "drill/programs"), { recursive: true });
    writeFileSync(join(this.#root, "drill/spread"), SPREAD, { mode: 0o755 });
    chmodSync(join(this.#root, "drill/spread"), 0o755);
  }

  /** Puts a file at a path below the area (`home/notes.txt`); executable unless told. */
  put(path: string, content: string | Uint8Array, mode = 0o755): void {
    const file = join(this.area, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode });
  }

  read(path: string): Buffer {
    return readFileSync(join(this.area, path));
  }

  /** Every file of the area: path to content and mode. */
  snapshot(): Map<string, string> {
    const files = new Map<string, string>();
    for (const entry of readdirSync(this.area, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const mode = statSync(path).mode.toString(8);
      files.set(path.slice(this.area.length + 1), `${mode} ${readFileSync(path).toString("latin1")}`);
    }
    return files;
  }

  /** Ids that `spread` was called with since the last time, in order. */
  calls(): string[] {
    const log = join(this.#root, "calls/log");
    if (!existsSync(log)) return [];
    const lines = readFileSync(log, "utf8").trim().split("\n");
    rmSync(log);
    return lines;
  }

  /** From now on `spread` runs the drill again. */
  allowSecondGeneration(): void {
    writeFileSync(join(this.#root, "calls/again"), "");
  }

  /** Runs a command inside, without network, as an ordinary user unless `root`. `drill` shows the drill folder. */
  run(command: string[], options: { drill?: boolean; root?: boolean } = {}): DenRun {
    const id = options.root ? "0" : "1000";
    const mounts = ["--tmpfs", "/", "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc"];
    for (const link of ["bin", "sbin", "lib", "lib32", "lib64"]) {
      if (existsSync(`/${link}`)) mounts.push("--ro-bind", `/${link}`, `/${link}`);
    }
    mounts.push("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/run");
    mounts.push("--ro-bind", process.execPath, "/runtime/node");
    for (const [name, inside] of Object.entries(AREA)) mounts.push("--bind", join(this.area, name), inside);
    mounts.push("--bind", join(this.#root, "calls"), "/calls");
    for (const name of existsSync(join(this.area, "root")) ? readdirSync(join(this.area, "root")) : []) {
      mounts.push("--bind", join(this.area, "root", name), `/${name}`);
    }
    if (options.drill) mounts.push("--ro-bind", join(this.#root, "drill"), "/run/thymus-drill");
    const env = ["--clearenv", "--setenv", "HOME", "/home/user", "--setenv", "LC_ALL", "C"];
    env.push("--setenv", "PATH", "/runtime:/usr/local/bin:/usr/bin:/bin");
    const confine = ["--unshare-all", "--uid", id, "--gid", id, "--die-with-parent", "--new-session"];
    const args = [...confine, ...mounts, ...env, "--chdir", "/home/user", ...command];
    const done = spawnSync("bwrap", args, { encoding: "latin1", timeout: 60_000, input: "" });
    return { status: done.status, stdout: done.stdout, stderr: done.stderr };
  }

  /** Puts a script among the decoys, not executable, and runs it by the interpreter that its first line names. */
  runScript(file: string, options: { drill?: boolean; root?: boolean } = {}): DenRun {
    const content = readFileSync(file);
    this.put("home/Downloads/sample", content, 0o644);
    const first = content.toString("latin1").split("\n")[0] ?? "";
    return this.run([...first.slice(2).trim().split(/\s+/), "/home/user/Downloads/sample"], options);
  }

  close(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Whether a command is on this machine; PHP and busybox are not everywhere. */
export function has(command: string): string | null {
  try {
    return execFileSync("sh", ["-c", `command -v ${command}`], { encoding: "utf8" }).trim();
  } catch {
    return null;
  }
}
