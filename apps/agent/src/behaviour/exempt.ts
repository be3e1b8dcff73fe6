import { chainOf } from "../processes/lineage.ts";
import { readStat } from "../processes/proc-files.ts";
import type { Known } from "../processes/table.ts";
import { isShell, isStarter, isSystemInstaller } from "./programs.ts";

/** Where the system's own programs lie: a name counts only there. */
const system = /^\/(usr\/)?(s?bin|lib|lib64|libexec)\//;

function isOf({ image }: Known, test: (exe: string | null) => boolean): boolean {
  return image.exe !== null && system.test(image.exe) && test(image.exe);
}

/** Who is never stopped, and where the work of one program ends and that of another begins. */
export class Exempt {
  readonly #own: number;

  /** @param own the agent's process */
  constructor(own: number = process.pid) {
    this.#own = own;
  }

  /** What starts unrelated work of others (init, logins, terminals, service managers): two children of it have nothing in common. */
  isBorder = (known: Known): boolean =>
    known.pid <= 2 || isOf(known, isStarter) || this.#isAboveOwn(known) || isLogin(known);

  /**
   * Whether a process may be stopped or ended: never the first one, a kernel thread, the agent with what it started and what started it,
   * a login, what starts others' work, or the package manager.
   */
  mayStop = (known: Known): boolean => {
    if (known.ended !== null || known.pid <= 2) return false;
    const stat = readStat(known.pid);
    if (!stat || stat.kernel || this.isBorder(known) || isOf(known, isSystemInstaller)) return false;
    return !chainOf(known).some(({ pid, ended }) => pid === this.#own && ended === null);
  };

  /** The agent, and what started it. */
  #isAboveOwn(known: Known): boolean {
    if (known.ended !== null) return false;
    let pid = this.#own;
    for (let steps = 0; pid > 1 && steps < 64; steps++) {
      if (pid === known.pid) return true;
      pid = readStat(pid)?.parent ?? 0;
    }
    return false;
  }
}

/** A shell at which a person sits: it was started as a login, or waits at a terminal and was given no script. */
function isLogin(known: Known): boolean {
  const { exe, cmdline } = known.image;
  if (!isShell(exe)) return false;
  if (cmdline[0]?.startsWith("-")) return true;
  if (known.ended !== null || cmdline.slice(1).some((word) => !/^-[il]+$/.test(word))) return false;
  return (readStat(known.pid)?.tty ?? 0) !== 0;
}
