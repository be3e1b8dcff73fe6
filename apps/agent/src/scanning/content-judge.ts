import { createHash } from "node:crypto";
import type { FileType, Logger } from "@thymus/contracts";
import { canConfine } from "@thymus/detection";
import type { ActivePrescriptions } from "./active.ts";
import type { OnLayers } from "./confinement.ts";
import { ContentWorker } from "./content-worker.ts";

export interface ContentJudgeOptions {
  readonly active: ActivePrescriptions;
  /** Folder of compiled rules. */
  readonly cacheDir: string;
  readonly log: Logger;
  readonly maxBytes: number;
  readonly onLayers: OnLayers;
  /** A content that ended, or held up, its process twice: these rules are not applied to it any more. */
  readonly onSetAside: (path: string) => void;
  /** Rules are applied in this process: a test with an engine of its own, or a machine that cannot confine. */
  readonly inProcess?: boolean;
  /** Milliseconds that one content may take. */
  readonly timeoutMs?: number;
}

export interface Content {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly type: FileType;
  readonly sha256: string;
}

/**
 * Ids of the prescriptions whose rules find a content, the first one first. `unsure`: nothing was found out now, it is to be asked again;
 * `aside`: it will not be found out with these rules.
 */
export type ContentVerdict = readonly string[] | "unsure" | "aside";

/** Times that a content may end, or hold up, the process before it is not given to these rules again. */
const STRIKES = 2;
const MAX_STRUCK = 1000;
/** Contents, and bytes of them, that are on their way together. */
const BATCH = 64;
const BATCH_BYTES = 32 << 20;
/** Milliseconds without work after which the process is ended: the next change starts another one. */
const IDLE = 300_000;
/** Milliseconds to another try where it did not start or ended; each further one doubles, up to the most. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 60_000;
/** Times in a row that a process which had worked fails before the agent looks itself. */
const FAILURES = 5;

/**
 * Applies the rules of the active prescriptions to contents that changed, and to what repairs give, in one confined process that lives as
 * long as there is work: a fault of the rule engine is not one of the process that holds keys and rights. Many contents go together.
 */
export class ContentJudge {
  readonly #options: ContentJudgeOptions;
  readonly #strikes = new Map<string, number>();
  #worker: ContentWorker | null = null;
  #generation = -1;
  #rules = "";
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | null = null;
  #pause = FIRST_PAUSE;
  #notBefore = 0;
  #failures = 0;
  #wasReady = false;
  #why: string | null = null;
  readonly #closing = new AbortController();

  constructor(options: ContentJudgeOptions) {
    this.#options = options;
    if (!options.inProcess && !canConfine()) this.#why = "this machine has none";
  }

  get #isInProcess(): boolean {
    return this.#options.inProcess === true || !canConfine();
  }

  /** What a person should know. */
  notices(): string[] {
    const aside = [...this.#strikes.values()].filter((times) => times >= STRIKES).length;
    const told: string[] = [];
    if (this.#why !== null) {
      const how = this.#looksItself
        ? "rules are applied to changed files by the agent itself, without a confined process"
        : "the process that applies rules to changed files does not start, they wait";
      told.push(`rules: ${how}: ${this.#why}`);
    }
    if (aside > 0)
      told.push(
        `rules: ${aside} contents ended, or held up, the process that applies rules twice, and are not looked into by them`,
      );
    return told;
  }

  get #looksItself(): boolean {
    return this.#isInProcess || !this.#wasReady || this.#failures >= FAILURES;
  }

  /** Has a process ready for the first content, where there are rules to be applied; work that comes before that waits for it. */
  warm(): void {
    this.#last = this.#last
      .then(async () => {
        if (this.#options.active.ids.length === 0) await this.#end();
        else if (await this.#ready()) this.#rest();
      })
      .catch((error: Error) => this.#options.log.warn("rules were not made ready", { why: error.message }));
  }

  /** Verdicts in the order of the contents. */
  judge(contents: readonly Content[]): Promise<ContentVerdict[]> {
    const work = this.#last.then(() => this.#judge(contents));
    this.#last = work.catch(() => {});
    return work;
  }

  async judgeOne(content: Content): Promise<ContentVerdict> {
    return (await this.judge([content]))[0]!;
  }

  async #judge(contents: readonly Content[]): Promise<ContentVerdict[]> {
    const { active } = this.#options;
    const verdicts: ContentVerdict[] = [];
    for (let at = 0; at < contents.length; ) {
      const batch: Content[] = [];
      for (let bytes = 0; at < contents.length && batch.length < BATCH && bytes < BATCH_BYTES; at++) {
        const content = contents[at]!;
        batch.push(content);
        bytes += content.bytes.length;
      }
      const asked = batch.filter(({ type }) => active.concerns(type));
      const found = new Map(asked.length === 0 ? [] : await this.#batch(asked));
      verdicts.push(...batch.map((content) => found.get(content) ?? []));
    }
    return verdicts;
  }

  async #batch(contents: readonly Content[]): Promise<[Content, ContentVerdict][]> {
    const given = contents.filter(({ sha256 }) => !this.#isAside(sha256));
    const worker = given.length === 0 ? null : await this.#ready();
    const looked = worker ? await worker.look(given) : null;
    if (worker?.isGone) await this.#gone(worker, worker.isGone);
    if (looked) {
      this.#rest();
      for (const [content] of looked.struck) this.#strike(content);
    }
    return contents.map((content) => {
      if (this.#isAside(content.sha256)) return [content, "aside"];
      if (looked) return [content, looked.found.get(content) ?? "unsure"];
      return [content, this.#looksItself ? this.#here(content) : "unsure"];
    });
  }

  #here({ bytes, path, type }: Content): ContentVerdict {
    try {
      return this.#options.active.idsOf(bytes, type);
    } catch (error) {
      this.#options.log.warn("rules could not be applied", { path, why: (error as Error).message });
      return "aside";
    }
  }

  #isAside = (sha256: string) => (this.#strikes.get(sha256) ?? 0) >= STRIKES;

  #strike({ path, sha256 }: Content): void {
    const times = (this.#strikes.get(sha256) ?? 0) + 1;
    if (this.#strikes.size >= MAX_STRUCK) this.#strikes.delete(this.#strikes.keys().next().value!);
    this.#strikes.set(sha256, times);
    if (times === STRIKES) this.#options.onSetAside(path);
  }

  /** A process with the rules that are active; null where there is none now. */
  async #ready(): Promise<ContentWorker | null> {
    const { active, cacheDir, maxBytes, onLayers, timeoutMs } = this.#options;
    if (this.#closing.signal.aborted || this.#isInProcess) return null;
    if (this.#worker && this.#generation === active.generation) return this.#worker;
    const { generation } = active;
    const bundle = active.bundleOf(active.ids);
    const rules = createHash("sha256").update(JSON.stringify(bundle.rules)).digest("hex");
    if (rules !== this.#rules) this.#strikes.clear();
    else if (this.#worker) {
      this.#generation = generation;
      return this.#worker;
    }
    await this.#end();
    if (performance.now() < this.#notBefore) return null;
    try {
      const { signal } = this.#closing;
      this.#worker = await ContentWorker.start({ bundle, cacheDir, maxBytes, onLayers, signal, timeoutMs });
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#missed((error as Error).message);
      return null;
    }
    [this.#rules, this.#generation] = [rules, generation];
    [this.#wasReady, this.#why] = [true, null];
    return this.#worker;
  }

  async #gone(worker: ContentWorker, why: string): Promise<void> {
    this.#worker = null;
    await worker.close();
    this.#missed(why);
  }

  #missed(why: string): void {
    this.#failures++;
    this.#notBefore = performance.now() + this.#pause;
    this.#pause = Math.min(LONGEST_PAUSE, 2 * this.#pause);
    if (this.#why !== why)
      this.#options.log.warn("no confined process applies rules to changed files", { why });
    this.#why = why;
  }

  /** After work that went well. */
  #rest(): void {
    if (this.#worker) [this.#pause, this.#failures] = [FIRST_PAUSE, 0];
    if (this.#idle) clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      this.#last = this.#last.then(() => this.#end());
    }, IDLE);
    this.#idle.unref();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#idle) clearTimeout(this.#idle);
    await this.#last;
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#worker?.close();
    this.#worker = null;
  }
}
