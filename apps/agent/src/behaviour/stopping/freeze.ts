import { z } from "zod";
import { treeOf } from "../../processes/lineage.ts";
import { listPids, readCgroup, readStat } from "../../processes/proc-files.ts";
import type { Processes } from "../../processes/processes.ts";
import { SIGCONT, SIGKILL, SIGSTOP, signalProcess } from "../../processes/signals.ts";
import type { Known } from "../../processes/table.ts";
import { maskArguments } from "../arguments.ts";

/** Members of a tree as they are written down. */
export const Members = z.array(
  z.object({
    pid: z.number(),
    start: z.number(),
    exe: z.string().nullable(),
    cmdline: z.array(z.string()),
    /** Path of its control group: which service or session it belongs to. */
    cgroup: z.string().nullable(),
  }),
);
export type Member = z.infer<typeof Members>[number];

/** Rounds until all that belongs to a tree stands still: what forks faster than that is ended by the kernel's limits, not by us. */
const ROUNDS = 200;
/** States of proc_pid_stat(5) in which a process does nothing any more. */
const STILL = new Set(["T", "t", "Z", "X", "x"]);

/**
 * Stops a process and all that descend from it. The root first, so that it starts nothing new; then again and again all that is found
 * below, until a look finds nobody who runs. Membership comes from /proc as well as from what the table remembers, so that
 * children whose parent has ended belong to it too.
 * @param spare processes that are left alone
 * @param onFound is told all members after each look that found more: a crash shall not leave any that nobody knows of
 * @returns who is stopped now
 */
export async function freezeTree(
  root: Known,
  processes: Processes,
  spare: (known: Known) => boolean,
  onFound: (members: readonly Member[]) => void = () => {},
): Promise<{ members: Member[]; still: boolean }> {
  const members = new Map<string, Member>();
  let still = false;
  for (let round = 0; round < ROUNDS && !still; round++) {
    const found = treeNow(root, processes).filter((known) => known.ended === null && !spare(known));
    const before = members.size;
    let running = 0;
    for (const known of found) {
      const stat = readStat(known.pid);
      // Another process that got its number since is none of them.
      if (stat && stat.start !== processes.startOf(known)) continue;
      if (!stat || STILL.has(stat.state)) {
        if (stat && !members.has(`${known.pid}:${stat.start}`) && (stat.state === "T" || stat.state === "t"))
          remember(members, known, stat.start);
        continue;
      }
      running++;
      const name = { pid: known.pid, start: stat.start };
      if (signalProcess(name, SIGSTOP)) remember(members, known, stat.start);
    }
    if (members.size > before) onFound([...members.values()]);
    still = running === 0;
    // One that waits in the kernel stops only when it comes back from there.
    if (!still) await new Promise((resolve) => setTimeout(resolve, round < 20 ? 1 : 20));
  }
  return { members: [...members.values()], still };
}

function remember(members: Map<string, Member>, known: Known, start: number): void {
  members.set(`${known.pid}:${start}`, memberOf(known, start));
}

export function memberOf({ pid, image }: Known, start: number): Member {
  return { pid, start, exe: image.exe, cmdline: [...maskArguments(image.cmdline)], cgroup: readCgroup(pid) };
}

/** Sends the first stop signal to what is known of a tree, without waiting for anything. */
export function haltAtOnce(root: Known, processes: Processes, spare: (known: Known) => boolean): void {
  for (const known of treeOf(root, processes.table.running())) {
    if (known.ended !== null || spare(known)) continue;
    const start = processes.startOf(known);
    if (start !== null) signalProcess({ pid: known.pid, start }, SIGSTOP);
  }
}

/** The members of a tree by the table and by /proc as it is now. */
function treeNow(root: Known, processes: Processes): Known[] {
  const known = new Map<number, Known>();
  for (const each of treeOf(root, processes.table.running())) {
    const start = each.ended === null ? processes.startOf(each) : null;
    // The number of one that ended may be another's by now, whose children do not belong here.
    if (start !== null && readStat(each.pid)?.start === start) known.set(each.pid, each);
  }
  // Children that the table has not heard of yet.
  const parents = new Map<number, number>();
  for (const pid of listPids()) {
    const parent = readStat(pid)?.parent;
    if (parent !== undefined) parents.set(pid, parent);
  }
  for (let grew = true; grew; ) {
    grew = false;
    for (const [pid, parent] of parents) {
      if (known.has(pid) || !known.has(parent)) continue;
      const found = processes.find(pid);
      if (!found) continue;
      known.set(pid, found);
      grew = true;
    }
  }
  return [...known.values()];
}

/** Lets stopped processes go on. @returns how many there still are */
export function resumeAll(members: readonly Member[]): number {
  return members.filter((member) => signalProcess(member, SIGCONT)).length;
}

/** Ends processes. @returns how many there were */
export function endAll(members: readonly Member[]): number {
  return members.filter((member) => signalProcess(member, SIGKILL)).length;
}

/** Which of these processes stand still because somebody stopped them. */
export function stillStopped(members: readonly Member[]): Member[] {
  return members.filter(({ pid, start }) => {
    const stat = readStat(pid);
    return stat?.start === start && (stat.state === "T" || stat.state === "t");
  });
}
