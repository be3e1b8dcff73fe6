import { readlinkSync } from "node:fs";
import type { Writer } from "./messages.ts";

/** Names the program of a process, once for each batch: a process may become another program at any time. */
export class Writers {
  readonly #own: number;
  readonly #known = new Map<number, Writer>();

  constructor(own: number) {
    this.#own = own;
  }

  /** Null for what this program wrote itself, and where the source does not tell. */
  of(pid: number): Writer | null {
    if (pid <= 0 || pid === this.#own) return null;
    let writer = this.#known.get(pid);
    if (!writer) {
      writer = { pid, exe: exeOf(pid) };
      this.#known.set(pid, writer);
    }
    return writer;
  }

  forget(): void {
    this.#known.clear();
  }
}

function exeOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return null;
  }
}
