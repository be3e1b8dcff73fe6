/** Puts the buffers of all classes together: each has its first records and, where those were too many, its last. */
import { type RawEvent, readRingBuffer } from "./ring-buffer.ts";

export const traceClasses = ["process", "write", "network", "read"] as const;
export type TraceClass = (typeof traceClasses)[number];

export interface TraceBuffer {
  readonly bytes: Uint8Array;
  /** The kernel's statistics of the buffer, as text. */
  readonly stats: string;
}

/** What came back of one class. */
export interface ClassBuffers {
  readonly first: TraceBuffer;
  /** Empty where the first had room for all. */
  readonly last: TraceBuffer;
}

/** A stretch of time in which records of a class were lost; times in nanoseconds, `to` is null up to the end. */
export interface Gap {
  readonly kind: TraceClass;
  readonly count: number;
  readonly from: bigint;
  readonly to: bigint | null;
}

export interface ClassedEvent extends RawEvent {
  readonly kind: TraceClass;
}

const statistic = (stats: string, name: string) =>
  Number(new RegExp(`^${name}: (\\d{1,15})$`, "m").exec(stats)?.[1] ?? 0);

/** Records in the order of time, each once, and what lies between the first and the last of a class. */
export function mergeClasses(buffers: Readonly<Record<TraceClass, ClassBuffers>>): {
  records: ClassedEvent[];
  gaps: Gap[];
} {
  const records: ClassedEvent[] = [];
  const gaps: Gap[] = [];
  for (const kind of traceClasses) {
    const { first, last } = buffers[kind];
    let end = 0n;
    for (const event of readRingBuffer(first.bytes)) {
      records.push({ ...event, kind });
      if (event.ns > end) end = event.ns;
    }
    const dropped =
      statistic(first.stats, "dropped events") +
      statistic(first.stats, "overrun") +
      statistic(first.stats, "commit overrun");
    let kept = 0;
    let again: bigint | null = null;
    for (const event of readRingBuffer(last.bytes)) {
      if (event.ns <= end) continue;
      kept++;
      again ??= event.ns;
      records.push({ ...event, kind });
    }
    if (dropped > kept) gaps.push({ kind, count: dropped - kept, from: end, to: again });
  }
  const order = new Map(traceClasses.map((kind, index) => [kind, index]));
  records.sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : order.get(a.kind)! - order.get(b.kind)!));
  return { records, gaps };
}
