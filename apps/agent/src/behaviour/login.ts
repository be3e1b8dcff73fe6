import { readDescriptor, readStat } from "../processes/proc-files.ts";
import type { Known } from "../processes/table.ts";
import { isShell } from "./programs.ts";
import { runsTrusted } from "./trusted-program.ts";

/** A shell at which a person sits: it has a terminal, and nobody gave it a script or commands. */
export function isLogin(known: Known): boolean {
  const { exe, cmdline } = known.image;
  // Without a command line it is only just being started.
  if (
    !isShell(exe) ||
    cmdline.length === 0 ||
    known.ended !== null ||
    hasScript(cmdline) ||
    !runsTrusted(known)
  )
    return false;
  const stat = readStat(known.pid);
  if (!stat || stat.tty === 0) return false;
  return stat.session === known.pid || isTerminal(readDescriptor(known.pid, 0));
}

const isTerminal = (file: string | null): boolean =>
  file !== null && /^\/dev\/(pts\/|tty|console)/.test(file);

/** Options of shells whose value is the next word. */
const valued = /^(--init-file|--rcfile|-o|\+o|-O|\+O)$/;

/** Whether a shell was given a script or commands on its command line. */
export function hasScript(cmdline: readonly string[]): boolean {
  for (let index = 1; index < cmdline.length; index++) {
    const word = cmdline[index]!;
    if (/^-[a-zA-Z]*c/.test(word) || word === "--command") return true;
    if (valued.test(word)) index++;
    else if (word === "-" || word === "--") return index + 1 < cmdline.length;
    else if (!/^[-+]/.test(word)) return true;
  }
  return false;
}
