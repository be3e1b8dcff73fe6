import { lstatSync } from "node:fs";
import { chainOf } from "../processes/lineage.ts";
import { readStat } from "../processes/proc-files.ts";
import type { Known } from "../processes/table.ts";
import { isLogin } from "./login.ts";
import { isStarter, isSystemInstaller } from "./programs.ts";
import { runsTrusted } from "./trusted-program.ts";

const runs = (known: Known, test: (exe: string | null) => boolean): boolean =>
  test(known.image.exe) && runsTrusted(known);

/** Who is never stopped, and where the work of one program ends and that of another begins. */
export class Exempt {
  readonly #own: number;

  /** @param own the agent's process */
  constructor(own: number = process.pid) {
    this.#own = own;
  }

  /** What starts unrelated work of others (init, logins, terminals, service managers): two children of it have nothing in common. */
  isBorder = (known: Known): boolean =>
    known.pid <= 2 || runs(known, isStarter) || this.#isAboveOwn(known) || isLogin(known);

  /**
   * Whether a process may be stopped or ended: never the first one, a kernel thread, the agent with what it started and what started it,
   * a login, what starts others' work, or root's package manager with what it starts.
   */
  mayStop = (known: Known): boolean => {
    if (known.ended !== null || known.pid <= 2) return false;
    const stat = readStat(known.pid);
    if (!stat || stat.kernel || this.isBorder(known)) return false;
    return !chainOf(known).some(
      (above) => above.ended === null && (above.pid === this.#own || isInstaller(above)),
    );
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

/** Only root's: who starts it chooses what it starts. */
function isInstaller(known: Known): boolean {
  return (
    runs(known, isSystemInstaller) && lstatSync(`/proc/${known.pid}`, { throwIfNoEntry: false })?.uid === 0
  );
}
