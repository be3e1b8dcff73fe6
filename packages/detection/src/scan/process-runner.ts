/** Gives open files to a confined process: it is this side that touches the file system, and the other that reads what is in there. */
import { closeSync, fstatSync } from "node:fs";
import { MAX_MESSAGE } from "../confined/channel.ts";
import { startConfined, type WorkerEnd } from "../confined/start.ts";
import type { FileIdentity, ScanMemory } from "./memory.ts";
import type { Owners } from "./owners.ts";
import type { JobSettings, ScanTarget, WorkerBatch, WorkerMessage } from "./protocol.ts";
import { openFailed, openQuietly, readFault } from "./reader.ts";
import type { Runner, RunnerListener, StartRunner, Whereabouts } from "./runner.ts";

export interface ProcessSettings extends JobSettings {
  readonly maxFileBytes: number;
  readonly idle: boolean;
  readonly memory: ScanMemory | null;
  readonly owners: Owners | null;
}

/** What this side knows of a batch on its way. */
interface Sent {
  readonly number: number;
  /** Told once the worker is done with the batch. */
  readonly told: Extract<WorkerMessage, { index: number }>[];
  readonly unchanged: number[];
  /** By place in the batch: what is known of the content, to be remembered where nothing is found. */
  readonly identities: Map<number, FileIdentity>;
}

/** A file that the worker gets; `at` is its place in the batch, of which it may get only some. */
interface Given {
  readonly at: number;
  readonly path: string;
  readonly name?: string;
  readonly type?: ScanTarget["type"];
  readonly owner?: string;
  readonly tell?: true;
}

const NOWHERE: Whereabouts = { batch: 0, index: -1, files: 0, bytes: 0 };

export function processes(settings: ProcessSettings): StartRunner {
  return (listener) => new ProcessRunner(settings, listener);
}

class ProcessRunner implements Runner {
  readonly #settings: ProcessSettings;
  readonly #listener: RunnerListener;
  #worker: WorkerEnd | null = null;
  readonly #sent: Sent[] = [];

  constructor(settings: ProcessSettings, listener: RunnerListener) {
    this.#settings = settings;
    this.#listener = listener;
    // Where all may be as it was, there may be nothing to do for it.
    if (settings.memory?.isEmpty ?? true) this.#started();
  }

  #started(): WorkerEnd {
    const { bundle, engine, compiled, foreign, timeoutMs, archives, idle } = this.#settings;
    this.#worker ??= startConfined(
      { job: { bundle, engine, compiled, foreign, timeoutMs, archives }, idle },
      {
        onMessage: (message) => this.#receive(message),
        onExit: (cause) => this.#listener.onExit(cause),
      },
    );
    return this.#worker;
  }

  give(batch: WorkerBatch): void {
    const sent: Sent = { number: batch.number, told: [], unchanged: [], identities: new Map() };
    const files: number[] = [];
    const given: Given[] = [];
    const opened: number[] = [];
    for (const [at, target] of batch.targets.entries()) {
      const fd = this.#open(target, at, sent);
      if (fd === null) continue;
      if (target.fd === undefined) opened.push(fd);
      files.push(fd);
      const { path, name, type, tell } = target;
      const owner = target.owner ?? this.#settings.owners?.of(fd);
      given.push({
        ...{ at, path },
        ...(name && { name }),
        ...(type && { type }),
        ...(owner && { owner }),
        ...(tell && { tell }),
      });
    }
    this.#sent.push(sent);
    if (given.length === 0) queueMicrotask(() => this.#flush());
    else this.#started().send(batch.number, messageOf(batch.number, given), files);
    for (const fd of opened) closeSync(fd);
  }

  whereabouts(): Whereabouts {
    const { batch, index, files, bytes } = this.#worker?.whereabouts() ?? NOWHERE;
    const known = this.#sent.find(({ number }) => number === batch);
    const unchanged = known?.unchanged.filter((at) => at < index).length ?? 0;
    return { batch, index, files: files + unchanged, bytes };
  }

  blame(): void {
    const { batch, index } = this.#worker?.whereabouts() ?? NOWHERE;
    const sent = this.#sent.find(({ number }) => number === batch);
    for (const message of sent?.told ?? []) if (message.index < index) this.#listener.onMessage(message);
    const identity = sent?.identities.get(index);
    if (identity !== undefined) this.#settings.memory?.blame(identity);
  }

  async end(): Promise<void> {
    await this.#worker?.end();
  }

  /** An open file that is to be scanned, or null: what is to be told of it then stands in `sent`. */
  #open(target: ScanTarget, at: number, sent: Sent): number | null {
    const { memory, maxFileBytes } = this.#settings;
    const fault = (read: Parameters<typeof readFault>[1]) => {
      sent.told.push({ ...readFault(target.path, read, maxFileBytes), index: at });
      return null;
    };
    let fd: number;
    try {
      if (memory && target.fd === undefined && memory.knowsClean(target.path)) {
        sent.unchanged.push(at);
        return null;
      }
      fd = target.fd ?? openQuietly(target.path);
    } catch (cause) {
      return fault(openFailed(cause as NodeJS.ErrnoException));
    }
    const judged = this.#judge(fd, target, at, sent);
    if (judged === null) return fd;
    if (target.fd === undefined) closeSync(fd);
    return fault(judged);
  }

  #judge(
    fd: number,
    { expect, path }: ScanTarget,
    at: number,
    sent: Sent,
  ): Parameters<typeof readFault>[1] | null {
    const { memory, maxFileBytes } = this.#settings;
    try {
      const facts = fstatSync(fd, { bigint: true });
      if (!facts.isFile()) return { kind: "skip", why: "special" };
      const size = Number(facts.size);
      if (expect && (size !== expect.size || mtimeMsOf(facts.mtimeNs) !== expect.mtimeMs))
        return { kind: "skip", why: "changed" };
      if (size > maxFileBytes) return { kind: "too-large", size };
      if (!memory) return null;
      const identity = memory.identityOf(facts, path);
      if (memory.isPoison(identity))
        return {
          kind: "unreadable",
          why: "it ended the scanner twice, and is not tried again with these rules",
        };
      sent.identities.set(at, identity);
      return null;
    } catch (cause) {
      return { kind: "unreadable", why: (cause as Error).message };
    }
  }

  #receive(message: WorkerMessage): void {
    const head = this.#sent[0];
    if (message.kind === "done") {
      if (head) this.#finish(head, message.files, message.bytes);
      this.#flush();
    } else if (message.kind === "ready" || head) {
      if (message.kind !== "ready") head!.identities.delete(message.index);
      this.#listener.onMessage(message);
    }
  }

  /** Batches of which the worker has nothing. */
  #flush(): void {
    for (let head = this.#sent[0]; head && !this.#worker?.has(head.number); head = this.#sent[0])
      this.#finish(head, 0, 0);
  }

  #finish(head: Sent, files: number, bytes: number): void {
    this.#sent.shift();
    for (const message of head.told) this.#listener.onMessage(message);
    for (const identity of head.identities.values()) this.#settings.memory?.clean(identity);
    const unchanged = head.unchanged.length;
    this.#listener.onMessage({ kind: "done", files: files + unchanged, bytes, unchanged });
  }
}

/** As Node's own `mtimeMs`, to the last bit: dividing the nanoseconds rounds otherwise. */
const mtimeMsOf = (ns: bigint): number =>
  Number(ns / 1_000_000_000n) * 1000 + Number(ns % 1_000_000_000n) / 1e6;

/** A batch whose names are too long for one message goes with the ends of them. */
function messageOf(number: number, given: readonly Given[]): string {
  const whole = JSON.stringify({ number, targets: given });
  if (Buffer.byteLength(whole) < MAX_MESSAGE) return whole;
  const short = (text: string) => text.slice(-200);
  return JSON.stringify({
    number,
    targets: given.map((each) => ({
      ...each,
      path: short(each.path),
      ...(each.name && { name: short(each.name) }),
    })),
  });
}
