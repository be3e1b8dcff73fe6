/** Keeps what is told of a run within a limit: of each class the first and the last. */
import type { TraceEvent } from "@thymus/contracts";
import { type Gap, type TraceClass, traceClasses } from "./classes.ts";
import type { Seen } from "./seen.ts";
import type { Task } from "./tasks.ts";

/** Most events of one class that are told; a normal sample makes some hundred in all. */
const FIRST = 9_000;
const LAST = 3_000;
const MAX_TEXT = 4096;

export interface Told {
  readonly ns: bigint;
  readonly kind: TraceClass;
  readonly task: Task;
  /** Name of the process at that time. */
  readonly comm: string;
  /** May be completed by later records. */
  readonly seen: Seen;
}

interface Kept {
  readonly ns: bigint;
  readonly event: Omit<TraceEvent, "t">;
}

/** @param told in the order of time */
export function thin(told: readonly Told[]): { kept: Kept[]; cut: Gap[] } {
  const cut: Gap[] = [];
  const away = new Set<Told>();
  for (const kind of traceClasses) {
    const own = told.filter((one) => one.kind === kind);
    if (own.length <= FIRST + LAST) continue;
    const middle = own.slice(FIRST, -LAST);
    for (const one of middle) away.add(one);
    cut.push({ kind, count: middle.length, from: own[FIRST - 1]!.ns, to: own.at(-LAST)!.ns });
  }
  const kept = told.filter((one) => !away.has(one)).map((one) => ({ ns: one.ns, event: eventOf(one) }));
  return { kept, cut };
}

function eventOf({ task, comm, seen }: Told): Omit<TraceEvent, "t"> {
  return {
    pid: task.process,
    ...(task.parent === undefined ? {} : { ppid: task.parent }),
    comm: comm.slice(0, 64),
    what: seen.what,
    ...(seen.path === undefined ? {} : { path: seen.path.slice(0, MAX_TEXT) }),
    ...(seen.detail === undefined ? {} : { detail: seen.detail.slice(0, MAX_TEXT) }),
  };
}
