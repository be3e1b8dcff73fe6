/** What a reader makes of a record. */
import type { TraceEvent } from "@thymus/contracts";
import type { Mounts } from "./paths.ts";
import type { Values } from "./record.ts";
import type { Task } from "./tasks.ts";

export interface Seen {
  what: TraceEvent["what"];
  path?: string;
  detail?: string;
}

/** What a reader may need beside the record. */
export interface Context {
  readonly task: Task;
  readonly mounts: Mounts;
  /** Time of the record in nanoseconds of the guest's monotonic clock. */
  readonly ns: bigint;
}

/** Turns a record into the events it tells; none where it tells nothing. */
export type Reader = (values: Values, context: Context) => Seen | readonly Seen[] | null;
