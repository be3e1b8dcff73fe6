import type { Logger } from "@thymus/contracts";
import { Connector } from "./connector.ts";
import type { ConnectorBatch } from "./connector-worker.ts";
import { type Image, listPids, readProcess, readStat } from "./proc-files.ts";
import { type Known, ProcessTable } from "./table.ts";

export interface ProcessesOptions {
  readonly log: Logger;
  /** A process began to run another program. */
  readonly onExec?: (known: Known) => void;
  /** False: only look at /proc now and then, e.g. where the connector is not wanted. */
  readonly connector?: boolean;
  /** Milliseconds between two looks at /proc where there is no connector. */
  readonly pollMs?: number;
}

/** Milliseconds between looks where the kernel tells nothing. */
const POLL = 10_000;
/** After messages were lost, /proc is looked at once they are quiet, at most that often. */
const RESCAN = 500;

/** What runs on this machine: from the kernel's messages where they can be had, else from /proc. */
export class Processes {
  readonly table: ProcessTable = new ProcessTable({}, (pid) => readStat(pid)?.start ?? null);
  readonly #options: ProcessesOptions;
  #connector: Connector | null = null;
  #timer: NodeJS.Timeout | null = null;
  #rescan: NodeJS.Timeout | null = null;
  #lost = 0;
  #blind: string | null = null;
  #closed = false;

  constructor(options: ProcessesOptions) {
    this.#options = options;
  }

  /** Listens, then looks: what starts in between is seen twice rather than never. */
  async start(): Promise<void> {
    if (process.platform !== "linux") {
      this.#blind = "processes are watched on Linux only";
      return;
    }
    if (this.#options.connector ?? true)
      try {
        this.#connector = new Connector(
          (batch) => this.#take(batch),
          (error) => this.#fail(error),
        );
      } catch (error) {
        this.#blind = `the kernel tells this process of no others (${(error as Error).message}): what runs for less than ${POLL / 1000} s goes unseen`;
      }
    else this.#blind = "processes are looked at now and then only";
    await this.#connector?.ready;
    this.scan();
    if (!this.#connector) this.#poll();
  }

  #fail(error: Error): void {
    this.#options.log.error("the proc connector ended", { why: error.message });
    this.#blind = `the proc connector ended (${error.message})`;
    void this.#connector?.close();
    this.#connector = null;
    if (!this.#timer) this.#poll();
  }

  #poll(): void {
    this.#timer = setInterval(() => this.scan(), this.#options.pollMs ?? POLL);
    this.#timer.unref();
  }

  get watching(): boolean {
    return this.#connector !== null;
  }

  /** Times that the kernel dropped messages; each was followed by a look at /proc. */
  get lost(): number {
    return this.#lost;
  }

  /** What a person should know of it. */
  notices(): string[] {
    return this.#blind === null ? [] : [this.#blind];
  }

  #take({ events, lost }: ConnectorBatch): void {
    if (this.#closed) return;
    const now = Date.now();
    for (const event of events) {
      const known = this.table.apply(event, now);
      if (event.what === "exec" && known) this.#tell(known);
    }
    if (lost === 0) return;
    this.#lost += lost;
    this.#rescan ??= setTimeout(() => {
      this.#rescan = null;
      this.#options.log.warn("process events were lost; /proc is looked at", { lost: this.#lost });
      this.scan();
    }, RESCAN);
  }

  #tell(known: Known): void {
    try {
      this.#options.onExec?.(known);
    } catch (error) {
      this.#options.log.error("a started process cannot be judged", { why: (error as Error).message });
    }
  }

  /** Makes the table what /proc shows now. */
  scan(): void {
    const pids = new Set(listPids());
    const now = Date.now();
    for (const { pid } of [...this.table.running()]) if (!pids.has(pid)) this.table.exit(pid, now);
    const fresh: Known[] = [];
    for (const pid of [...pids].sort((a, b) => a - b)) {
      const known = this.table.isRunning(pid) ? this.table.get(pid) : null;
      if (known?.start != null && readStat(pid)?.start === known.start) continue;
      const added = this.#look(pid);
      if (added && !known) fresh.push(added);
    }
    if (!this.#connector) for (const known of fresh) this.#tell(known);
  }

  #look(pid: number): Known | null {
    const facts = readProcess(pid);
    if (!facts) return null;
    const { exe, deleted, file, cmdline, start, parent, uid } = facts;
    const image: Image = { exe, deleted, file, cmdline };
    return this.table.add(pid, { start, parent, uid, image });
  }

  /** A process by its number, looked up now where it is not known yet, together with those above it. */
  find(pid: number): Known | null {
    const known = this.table.get(pid);
    if (known && (known.ended === null ? known.image.exe !== null : !this.#isTakenAgain(known))) return known;
    const facts = readProcess(pid);
    if (!facts) return known;
    if (facts.parent > 0 && !this.table.isRunning(facts.parent) && facts.parent !== pid)
      this.find(facts.parent);
    return this.#look(pid);
  }

  /** The number of an ended process is in use again, though nobody told of it yet. */
  #isTakenAgain({ pid, start }: Known): boolean {
    const stat = start === null ? null : readStat(pid);
    return stat !== null && stat.start !== start;
  }

  /** The start time of a process that may not have been looked at yet; null where it is gone. */
  startOf(known: Known): number | null {
    if (known.ended !== null) return known.start;
    known.start ??= readStat(known.pid)?.start ?? null;
    return known.start;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearInterval(this.#timer);
    if (this.#rescan) clearTimeout(this.#rescan);
    await this.#connector?.close();
    this.#connector = null;
  }
}
