import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { type Role, unitName } from "./unit.ts";

/** Name of what runs this machine; null where that cannot be read. */
function firstProcess(): string | null {
  try {
    return readFileSync("/proc/1/comm", "utf8").trim();
  } catch {
    return null;
  }
}

const FOLDER = "etc/systemd/system";

/** systemd of this machine, or of a file system below `root` that is not running, e.g. an image that is being made. */
export class Systemd {
  readonly #root: string | null;

  constructor(root: string | null) {
    this.#root = root;
  }

  fileOf(role: Role): string {
    return join(this.#root ?? "/", FOLDER, unitName(role));
  }

  /** @throws ThymusError RUNTIME_MISSING where this machine is not run by systemd */
  static ofThisMachine(): Systemd {
    if (existsSync("/run/systemd/system")) return new Systemd(null);
    const init = firstProcess() ?? process.platform;
    throw new ThymusError(
      "RUNTIME_MISSING",
      `this machine is run by ${init}, not by systemd`,
      "keep `thymus agent` running by what there is: docs/guide/service.md has recipes; `thymus service print` shows the unit",
    );
  }

  async install(role: Role, unit: string): Promise<void> {
    const file = this.fileOf(role);
    mkdirSync(dirname(file), { recursive: true });
    await writeFileAtomic(file, unit, 0o644);
    if (this.#root === null) this.#call("daemon-reload");
    this.#call("enable", unitName(role));
    if (this.#root === null) this.#call("restart", "--no-block", unitName(role));
  }

  /** @returns false where it was not installed */
  uninstall(role: Role): boolean {
    const file = this.fileOf(role);
    if (!existsSync(file)) return false;
    const name = unitName(role);
    if (this.#root === null) this.#call("disable", "--now", name);
    else this.#call("disable", name);
    rmSync(file, { force: true });
    for (const extra of [`${file}.d`]) if (existsSync(extra)) rmSync(extra, { recursive: true });
    if (this.#root === null) {
      this.#call("daemon-reload");
      // A unit that failed is remembered until it is forgotten; one that did not is an error here and none of ours.
      spawnSync("systemctl", ["reset-failed", name], { stdio: "ignore" });
    } else this.#removeEmpty(dirname(file));
    return true;
  }

  /** What systemd says of it; null where it is not installed. */
  status(role: Role): Record<string, string> | null {
    if (!existsSync(this.fileOf(role))) return null;
    const wanted = "ActiveState,SubState,StatusText,MainPID,NRestarts,MemoryCurrent,CPUUsageNSec,Result";
    const run = spawnSync("systemctl", ["show", unitName(role), `--property=${wanted}`], {
      encoding: "utf8",
    });
    const pairs = (run.stdout ?? "").split("\n").flatMap((line) => {
      const at = line.indexOf("=");
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
    });
    return Object.fromEntries(pairs);
  }

  #call(...args: string[]): void {
    const root = this.#root === null ? [] : [`--root=${this.#root}`];
    const run = spawnSync("systemctl", [...root, "--quiet", ...args], { encoding: "utf8" });
    if (run.status === 0) return;
    throw new ThymusError(
      run.error ? "TOOL_MISSING" : "TOOL_FAILED",
      `systemctl ${args.join(" ")}: ${run.error?.message ?? (run.stderr.trim().split("\n")[0] || `status ${run.status}`)}`,
      "run it by hand to see more",
    );
  }

  /** Folders that an install into an image made and that hold nothing now. */
  #removeEmpty(folder: string): void {
    for (let at = folder; at !== this.#root && at.length > (this.#root?.length ?? 0); at = dirname(at)) {
      try {
        rmdirSync(at);
      } catch {
        return;
      }
    }
  }
}
