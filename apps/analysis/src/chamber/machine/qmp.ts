import type { Duplex } from "node:stream";
import { ThymusError } from "@thymus/contracts";

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const failed = (what: string) =>
  new ThymusError("CHAMBER_FAILED", what, "run it again; if it stays, build the chamber anew");

/** Longest line in characters that a monitor may send; the real ones are below a few KiB. */
const MAX_LINE = 1 << 20;

/** Speaks QEMU's monitor protocol (QMP) over one stream; commands are answered in order. */
export class Qmp {
  readonly #stream: Duplex;
  readonly #waiting: Waiting[] = [];
  readonly #listeners = new Map<string, (data: Record<string, unknown>) => void>();
  #text = "";
  #closed = false;
  #onEnd: (() => void) | null = null;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => this.#take(text));
    stream.on("error", () => {});
    stream.once("close", () => this.#end());
    stream.once("end", () => this.#end());
  }

  /** Ends the greeting; must be the first call. */
  async open(): Promise<void> {
    await this.command("qmp_capabilities");
  }

  command(execute: string, args?: Record<string, unknown>): Promise<unknown> {
    if (this.#closed) return Promise.reject(failed(`the machine ended before ${execute}`));
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#stream.write(`${JSON.stringify(args ? { execute, arguments: args } : { execute })}\n`);
    return answer;
  }

  on(event: string, listener: (data: Record<string, unknown>) => void): void {
    this.#listeners.set(event, listener);
  }

  /** Resolves at the end of a migration (saving or restoring). @throws ThymusError CHAMBER_FAILED where it failed */
  migrated(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onEnd = () => reject(failed("the machine ended while it was being restored or saved"));
      this.on("MIGRATION", (data) => {
        if (data.status === "completed") resolve();
        if (data.status === "failed") reject(failed("the saved machine does not fit this QEMU"));
      });
    });
  }

  #take(text: string): void {
    this.#text += text;
    if (this.#text.length > MAX_LINE) this.#stream.destroy();
    for (let at = this.#text.indexOf("\n"); at >= 0; at = this.#text.indexOf("\n")) {
      const line = this.#text.slice(0, at);
      this.#text = this.#text.slice(at + 1);
      if (line.trim()) this.#line(line);
    }
  }

  #line(line: string): void {
    let message: Record<string, unknown>;
    try {
      message = JSON.parse(line) as Record<string, unknown>;
    } catch {
      return;
    }
    if (typeof message.event === "string") {
      this.#listeners.get(message.event)?.((message.data ?? {}) as Record<string, unknown>);
    } else if ("return" in message) this.#waiting.shift()?.resolve(message.return);
    else if ("error" in message) {
      const error = message.error as { desc?: string };
      this.#waiting.shift()?.reject(failed(`QEMU refused: ${error.desc ?? "unknown"}`));
    }
  }

  #end(): void {
    this.#closed = true;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(failed("the machine ended unexpectedly"));
    this.#onEnd?.();
  }
}
