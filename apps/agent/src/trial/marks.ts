import { closeSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "@thymus/store";

interface Written {
  /** Prescriptions that were just being loaded, null else. */
  loading: string[] | null;
  /** The prescription with which the folders were just being scanned for the first time, null else. */
  scanning: string | null;
  /** Crashes that content may be the reason of: when, and of which prescription where that is known. */
  crashes: { at: number; of: string | null }[];
  /** Prescriptions with which the agent ran well. */
  good: string[];
}

/** Milliseconds within which crashes count together. */
const WINDOW = 600_000;
/** First scans that may end in a crash: a power cut in a long one is no fault of the prescription. */
const SCANS = 2;
/** Crashes from which the newest content is given up, and from which all is. */
const LAST_GOOD = 3;
const NONE = 5;
const EMPTY: Written = { loading: null, scanning: null, crashes: [], good: [] };

/**
 * What the agent was doing with its content, written down before it does it, so that after a crash the next start knows. Only crashes
 * within the rule engine, or by an error of our own, count: an agent that is killed, or loses power, while it does something else
 * loses no content. Two files of DIR/agent: `content.json`, and `engine-busy`, one byte.
 */
export class ContentMarks {
  readonly #folder: string;
  readonly #written: Written;
  readonly #busy: number;
  readonly #scans: string | null;
  readonly #loads: readonly string[];
  readonly #crashed: boolean;
  /** Why this run loads no content at all, or null. */
  none: string | null = null;

  constructor(dataDir: string, now = Date.now()) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    this.#folder = dataDir;
    this.#written = read(this.#file);
    this.#busy = openSync(join(dataDir, "engine-busy"), "a+", 0o600);
    closeSync(this.#busy);
    this.#busy = openSync(join(dataDir, "engine-busy"), "r+", 0o600);
    const byte = Buffer.alloc(1);
    readSync(this.#busy, byte, 0, 1, 0);
    const wasBusy = byte[0] === BUSY[0];
    this.#loads = this.#written.loading ?? [];
    this.#scans = this.#written.scanning;
    const { crashes } = this.#written;
    if (this.#loads.length > 0 || this.#scans !== null || wasBusy) crashes.push({ at: now, of: this.#scans });
    this.#written.crashes = crashes.filter(({ at }) => at <= now && now - at < WINDOW);
    this.#written.loading = null;
    this.#written.scanning = null;
    this.#crashed = this.#written.crashes.length > 0;
    writeSync(this.#busy, IDLE, 0, 1, 0);
    this.#writeNow();
  }

  get #file(): string {
    return join(this.#folder, "content.json");
  }

  /**
   * Which active prescriptions are to be dropped now, each with the reason. Sets `none` where even the last good ones crash.
   * @param active ids of all that would be loaded
   */
  toDrop(active: readonly string[]): Map<string, string> {
    const drop = new Map<string, string>();
    if (!this.#crashed) return drop;
    const { crashes, good } = this.#written;
    const add = (ids: readonly string[], why: string) => {
      for (const id of ids) if (active.includes(id)) drop.set(id, why);
    };
    const fresh = (ids: readonly string[]) => ids.filter((id) => !good.includes(id));
    add(fresh(this.#loads), "the agent crashed while it was loaded");
    const scans = crashes.filter(({ of }) => of !== null && of === this.#scans).length;
    if (this.#scans !== null && scans >= SCANS)
      add([this.#scans], `the agent crashed ${scans} times while it searched with it`);
    if (drop.size === 0 && crashes.length >= LAST_GOOD)
      add(fresh(active), `the agent crashed ${crashes.length} times within minutes since it became active`);
    if (drop.size === 0 && crashes.length >= NONE)
      this.none = `the agent crashed ${crashes.length} times within minutes, also with content that had worked before: it runs without any, and guards nothing by rules, until it is started again after ten minutes`;
    return drop;
  }

  /** Does something with content that may end this process. */
  async during<T>(
    what: { loading: readonly string[] } | { scanning: string },
    work: () => Promise<T>,
  ): Promise<T> {
    // What went well before needs no mark each time.
    if ("loading" in what && what.loading.every((id) => this.#written.good.includes(id))) return work();
    if ("loading" in what) this.#written.loading = [...what.loading];
    else this.#written.scanning = what.scanning;
    await this.#write();
    try {
      return await work();
    } finally {
      if ("loading" in what) this.#written.loading = null;
      else this.#written.scanning = null;
      await this.#write();
    }
  }

  /** One call of the engine in this process; where it ends the process, the next start counts it. */
  call<T>(work: () => T): T {
    writeSync(this.#busy, BUSY, 0, 1, 0);
    try {
      return work();
    } finally {
      writeSync(this.#busy, IDLE, 0, 1, 0);
    }
  }

  /** An error that nobody caught is about to end this process. */
  readonly dying = (): void => {
    this.#written.crashes.push({ at: Date.now(), of: null });
    this.#writeNow();
  };

  /** The agent has run well with these, for a while or to its end. */
  async good(ids: readonly string[]): Promise<void> {
    const { good } = this.#written;
    if (ids.length === good.length && ids.every((id, index) => id === good[index])) return;
    this.#written.good = [...ids];
    await this.#write();
  }

  close(): void {
    closeSync(this.#busy);
  }

  #write(): Promise<void> {
    return writeFileAtomic(this.#file, JSON.stringify(this.#written));
  }

  #writeNow(): void {
    writeFileSync(this.#file, JSON.stringify(this.#written), { mode: 0o600 });
  }
}

const BUSY = Buffer.from("1");
const IDLE = Buffer.from("0");

/** A file that is damaged, or of another version, is as none. */
function read(file: string): Written {
  try {
    const found = JSON.parse(readFileSync(file, "utf8")) as Partial<Written>;
    const ids = (value: unknown) =>
      Array.isArray(value) ? value.filter((id): id is string => typeof id === "string") : null;
    return {
      loading: ids(found.loading),
      scanning: typeof found.scanning === "string" ? found.scanning : null,
      crashes: (Array.isArray(found.crashes) ? found.crashes : []).filter(({ at }) => typeof at === "number"),
      good: ids(found.good) ?? [],
    };
  } catch {
    return structuredClone(EMPTY);
  }
}
