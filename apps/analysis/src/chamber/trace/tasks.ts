/** Which threads and processes are the sample's: what its own commands started, from their start on. */

/** The program before the sample in each command's process: the next program there is the sample. */
const LAST_BEFORE_SAMPLE = "/usr/bin/env";
/** Names that the process of a command bears before. */
const wrappers = /^(init|busybox|sh|chroot|setpriv|unshare|env)$/;
const CLONE_THREAD = 0x10000;

export interface Task {
  /** Number of its process: that of its first thread. */
  readonly process: number;
  readonly parent: number | undefined;
  comm: string;
  /** Folder that it works in; undefined where unknown. */
  folder: string | undefined;
  phase: "wrapper" | "last-wrapper" | "sample";
}

export class Tasks {
  readonly #tasks = new Map<number, Task>();
  readonly #shell: number;
  readonly #commands: ReadonlySet<number>;

  /** @param pids number of the shell that starts the commands, then those of the commands, one a line */
  constructor(pids: string) {
    const [shell, ...commands] = pids.split("\n").filter(Boolean).map(Number);
    this.#shell = shell ?? -1;
    this.#commands = new Set(commands);
  }

  /**
   * The task of a record, or null where it is not the sample's.
   * @param gap records that tell of processes were lost before this one, so that a task may be new without a word
   */
  find(tid: number, comm: string, gap: boolean): Task | null {
    let task = this.#tasks.get(tid);
    if (!task && (gap || this.#commands.has(tid))) {
      const phase = this.#commands.has(tid) ? "wrapper" : "sample";
      task = { process: tid, parent: undefined, comm, folder: undefined, phase };
      this.#tasks.set(tid, task);
    }
    if (!task || tid === this.#shell) return null;
    if (gap && task.phase !== "sample" && comm && !wrappers.test(comm)) task.phase = "sample";
    if (comm) task.comm = comm;
    return task;
  }

  /** A new thread or process; null where it is none of the sample's. */
  born(parentTid: number, tid: number, flags: number, comm: string): { thread: boolean } | null {
    const parent = this.#tasks.get(parentTid);
    if (!parent && parentTid !== this.#shell) {
      this.#tasks.delete(tid);
      return null;
    }
    const thread = (flags & CLONE_THREAD) !== 0 && parent !== undefined;
    this.#tasks.set(tid, {
      process: thread ? parent.process : tid,
      parent: thread ? parent.parent : parent?.process,
      comm,
      folder: parent?.folder,
      phase: parent?.phase ?? "wrapper",
    });
    return parent?.phase === "sample" ? { thread } : null;
  }

  /** A program was started in the task. */
  started(task: Task, path: string): void {
    if (task.phase === "last-wrapper") task.phase = "sample";
    else if (task.phase === "wrapper" && path === LAST_BEFORE_SAMPLE) task.phase = "last-wrapper";
    task.comm = path.replace(/^.*\//s, "").slice(0, 15);
  }
}
