import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Logger } from "@thymus/contracts";
import {
  type AccessSettings,
  type Counts,
  type DocumentSettings,
  Lines,
  type Order,
  type Word,
} from "./channel.ts";

/** A question of the answering process. `tree` and `files` are of a writer; a scan has the pid alone. */
export interface Ask {
  readonly id: number;
  /** scan: a file is opened or run; writer: a process tree changed documents, and opens the next. */
  readonly kind: "scan" | "writer";
  readonly path: string;
  readonly pid: number;
  /** Processes of the tree, the one that asks first as far as known. */
  readonly tree: readonly number[];
  /** Documents that it changed, at most 200, and of each the last process that did. */
  readonly files: readonly string[];
  readonly writers: readonly number[];
  /** Of a writer: names the tree for `release`; and whether a decoy is among what it changed. */
  readonly key: string;
  readonly decoy: boolean;
  /** Of a scan: where exactly the file that is asked about can be opened, and its identity. */
  readonly open: string;
  readonly identity: string;
  readonly exec: boolean;
}

/** What is said to a question. For a scan `keep` is the identity of what was looked at. */
export interface Verdict {
  readonly verdict: "allow" | "deny";
  readonly keep: string | null;
}

export interface Refusal {
  readonly path: string;
  readonly pid: number;
  readonly exec: boolean;
  /** False where it was only recorded. */
  readonly denied: boolean;
  readonly kind: "scan" | "writer";
}

export interface GuardOptions {
  readonly log: Logger;
  readonly access?: AccessSettings | null;
  readonly documents?: DocumentSettings | null;
  /** False only in tests: also what this process started is asked about. */
  readonly family?: boolean;
}

const program = fileURLToPath(new URL("./answerer/main.ts", import.meta.url));

/** Milliseconds between two signs of life. */
const BEAT = 200;
/** Milliseconds of silence after which the other side counts as stopped, at least. */
const SILENT = 1000;
/** Milliseconds to the first restart; each further one doubles, up to the most. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 60_000;

/**
 * The agent's side of the answering process: starts it, hears its questions, tells it what was decided, and starts it anew
 * when it ended. Nothing here can keep another process waiting: the answering process decides alone when this one is late.
 */
export class Guard {
  readonly #options: GuardOptions;
  #access: AccessSettings | null;
  #documents: DocumentSettings | null;
  #child: ChildProcess | null = null;
  #socket: Duplex | null = null;
  #timer: NodeJS.Timeout;
  #restart: NodeJS.Timeout | null = null;
  #heard = 0;
  #pause = FIRST_PAUSE;
  #closed = false;
  #counts: Counts | null = null;
  readonly #trouble = new Set<string>();
  /** Times that the answering process ended and was started anew. */
  restarts = 0;
  /** Decides; what it throws, or a missing one, means allow. */
  onAsk: (ask: Ask) => Promise<"allow" | "deny" | Verdict> = async () => "allow";
  /** A process was refused, or would have been, without a question: the answer was known. */
  onRefused: (refusal: Refusal) => void = () => {};

  /** Starts the answering process. @throws Error where this machine has no fanotify permission events, or this is not root */
  static async start(options: GuardOptions): Promise<Guard> {
    const guard = new Guard(options);
    try {
      await guard.#spawn();
    } catch (error) {
      await guard.close();
      throw error;
    }
    return guard;
  }

  private constructor(options: GuardOptions) {
    this.#options = options;
    this.#access = options.access ?? null;
    this.#documents = options.documents ?? null;
    this.#timer = setInterval(() => this.#beat(), BEAT);
    this.#timer.unref();
  }

  /** Pid of the answering process; null while there is none. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async #spawn(): Promise<void> {
    const child = spawn(
      process.execPath,
      ["--no-warnings", "--max-old-space-size=128", "--max-semi-space-size=2", program],
      { stdio: ["ignore", "ignore", "ignore", "pipe"], cwd: "/", env: {} },
    );
    const socket = child.stdio[3] as Duplex;
    this.#child = child;
    this.#socket = socket;
    this.#heard = performance.now();
    const lines = new Lines<Word>();
    socket.setEncoding("utf8");
    socket.on("error", () => {});
    const begun = new Promise<void>((resolve, reject) => {
      socket.on("data", (text: string) => {
        this.#heard = performance.now();
        for (const word of lines.take(text)) {
          if (word.t === "begun") resolve();
          this.#hear(word, child);
        }
      });
      child.once("error", (error) => {
        reject(error);
        // One that could not be started has no exit.
        if (child.pid === undefined) this.#ended(child, error.message);
      });
      child.once("exit", (code, signal) => {
        reject(new Error(`the answering process ended (${signal ?? code})`));
        this.#ended(child, signal ?? String(code));
      });
    });
    const deadline = Math.max(this.#access?.deadlineMs ?? 0, this.#documents?.deadlineMs ?? 0);
    this.#send({
      t: "begin",
      agent: process.pid,
      family: this.#options.family ?? true,
      silentMs: Math.max(SILENT, 2 * deadline),
    });
    await begun;
    this.#trouble.clear();
    if (this.#access) this.#send({ t: "access", settings: this.#access });
    if (this.#documents) this.#send({ t: "documents", settings: this.#documents });
  }

  #ended(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#socket?.destroy();
    this.#socket = null;
    if (this.#closed) return;
    this.restarts++;
    this.#options.log.warn("the answering process ended; nothing is refused until it is back", {
      how,
      inMs: this.#pause,
    });
    this.#again();
  }

  #again(): void {
    if (this.#restart) clearTimeout(this.#restart);
    this.#restart = setTimeout(() => {
      this.#restart = null;
      this.#spawn().catch((error: Error) => {
        this.#options.log.error("the answering process does not start", { why: error.message });
        // Its end has seen to the next attempt, unless there was nothing that could end.
        if (!this.#closed && this.#child === null && this.#restart === null) this.#again();
      });
    }, this.#pause);
    this.#restart.unref();
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
  }

  #beat(): void {
    const child = this.#child;
    if (!child) return;
    this.#send({ t: "beat" });
    // Its own timer should have ended it long before; this is for a kernel without one.
    if (performance.now() - this.#heard > 5 * SILENT) child.kill("SIGKILL");
    else if (performance.now() - this.#heard < SILENT && this.#pause > FIRST_PAUSE) this.#pause -= BEAT / 10;
  }

  #send(order: Order): void {
    this.#socket?.write(`${JSON.stringify(order)}\n`);
  }

  #hear(word: Word, child: ChildProcess): void {
    switch (word.t) {
      case "beat":
        this.#counts = word.counts;
        break;
      case "trouble":
        if (!this.#trouble.has(word.what)) this.#options.log.warn(word.what);
        this.#trouble.add(word.what);
        break;
      case "fault":
        this.#options.log.error("the answering process failed", { why: word.what });
        break;
      case "refused":
        this.onRefused(word);
        break;
      case "scan":
        this.#ask({
          ...word,
          kind: "scan",
          tree: [word.pid],
          files: [],
          writers: [],
          key: "",
          decoy: false,
          open: `/proc/${child.pid}/fd/${word.fd}`,
        });
        break;
      case "writer":
        this.#ask({ ...word, kind: "writer", open: "", identity: "", exec: false });
        break;
      case "begun":
        break;
    }
  }

  async #ask(ask: Ask): Promise<void> {
    let said: Verdict = { verdict: "allow", keep: null };
    try {
      const answer = await this.onAsk(ask);
      said = typeof answer === "string" ? { verdict: answer, keep: null } : answer;
    } catch (error) {
      this.#options.log.warn("an open file could not be judged", {
        path: ask.path,
        why: (error as Error).message,
      });
    }
    this.#send({ t: "verdict", kind: ask.kind, id: ask.id, ...said });
  }

  /** Guards other folders of documents, or none. */
  watchDocuments(documents: DocumentSettings | null): void {
    this.#documents = documents;
    this.#send({ t: "documents", settings: documents });
  }

  /** These are the decoys among the documents now; what is known of writers stays. */
  watchDecoys(paths: readonly string[]): void {
    if (!this.#documents) return;
    this.#documents = { ...this.#documents, decoys: paths };
    this.#send({ t: "decoys", paths });
  }

  /** Guards other file systems, or none. */
  watchAccess(access: AccessSettings | null): void {
    this.#access = access;
    this.#send({ t: "access", settings: access });
  }

  /** The rules changed: every file is asked about once more. */
  forget(): void {
    this.#send({ t: "forget" });
  }

  /** Lets a tree that was refused go on. @param key of its question */
  release(key: string): void {
    this.#send({ t: "release", tree: key });
  }

  /** What the answering process counted, up to a tenth of a second ago; null before its first word. */
  counts(): Counts | null {
    return this.#counts;
  }

  /** What a person should know: folders that cannot be guarded, an answering process that is away. */
  notices(): string[] {
    const away = this.#child ? [] : ["on-access: the answering process is not running, nothing is refused"];
    return [...away, ...this.#trouble];
  }

  /** Ends the answering process: whoever waits is let through. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    if (this.#restart) clearTimeout(this.#restart);
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    this.#socket?.destroy();
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await ended;
  }
}
