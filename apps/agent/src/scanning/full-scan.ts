import { join } from "node:path";
import { asThymusError, type Config, type Finding, type Logger, PrescriptionId } from "@thymus/contracts";
import { bundleOf, type RuleBundle, scanLimits, scanPaths } from "@thymus/detection";
import type { Politeness } from "../citizen/politeness.ts";
import { Containers } from "../containers/containers.ts";
import type { Timeline } from "../link/timeline.ts";
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";
import type { Serial } from "../state/serial.ts";
import type { ActivePrescriptions } from "./active.ts";
import { AddedRules } from "./added-rules.ts";
import type { OnLayers } from "./confinement.ts";
import type { Healer } from "./healer.ts";

export interface FullScanOptions {
  readonly active: ActivePrescriptions;
  readonly config: Config;
  readonly dataDir: string;
  readonly db: Database;
  readonly healer: Healer;
  readonly log: Logger;
  readonly maxBytes: number;
  readonly onLayers: OnLayers;
  readonly politeness: Politeness;
  readonly roots: () => readonly string[];
  /** Folders below roots that are not entered. */
  readonly skip: (folder: string) => boolean;
  readonly rootOf: (path: string) => string | null;
  readonly serial: Serial;
  readonly timeline: Timeline;
}

const DAY = 86_400_000;
/** Milliseconds between two looks at whether a full scan is due. */
const LOOK = 60_000;
/** What the database keeps: when the last one ended, and that one has begun and not ended. */
const ENDED = "full-scan-ended";
const BEGUN = "full-scan-begun";
/** Milliseconds to another try after a scan that failed; each further one doubles, up to the most. */
const FIRST_PAUSE = 60_000;
const LONGEST_PAUSE = 12 * 3_600_000;
/** Finds of added rules that one scan tells; the rest is counted. */
const MAX_TOLD = 200;

/**
 * Every so many days (agent.scan.everyDays) all watched folders, by the active prescriptions and the rule sets that the owner added: what
 * a prescription finds is healed, what an added rule finds, and what lies in an archive, is told only. Workers are confined and idle; a
 * scan that a restart interrupted goes on where it was.
 */
export class FullScan {
  readonly #options: FullScanOptions;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #added: AddedRules;
  #running: Promise<void> | null = null;
  #pause = FIRST_PAUSE;
  #notBefore = 0;
  /** Looked for with the first find of a scan. */
  #containers: Containers | null = null;

  constructor(options: FullScanOptions) {
    this.#options = options;
    this.#added = new AddedRules({
      ...{ log: options.log, signal: this.#stop.signal },
      paths: options.config.agent.scan.rules,
    });
    this.#timer = setInterval(() => void this.look(), LOOK);
    this.#timer.unref();
  }

  /** What a person should know. */
  notices(): string[] {
    return this.#added.notices();
  }

  /** Begins one where it is due, and ends with it. After one that failed the next waits, longer each time. */
  look(): Promise<void> {
    if (!this.#running && performance.now() < this.#notBefore) return Promise.resolve();
    this.#running ??= this.#once()
      .then(() => {
        this.#pause = FIRST_PAUSE;
      })
      .catch((thrown: unknown) => {
        this.#notBefore = performance.now() + this.#pause;
        this.#pause = Math.min(LONGEST_PAUSE, 2 * this.#pause);
        if (!this.#stop.signal.aborted)
          this.#options.log.error("the full scan failed", { why: asThymusError(thrown).message });
      })
      .finally(() => {
        this.#containers = null;
        this.#running = null;
      });
    return this.#running;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#running;
  }

  async #once(): Promise<void> {
    const { active, config, db, timeline } = this.#options;
    const days = config.agent.scan.everyDays;
    if (days === 0 || (active.ids.length === 0 && config.agent.scan.rules.length === 0)) return;
    const begun = await readMeta(db, BEGUN);
    if (!begun) {
      const ended = Date.parse((await readMeta(db, ENDED)) ?? "");
      const age = Date.now() - ended;
      // A clock that was set back must not put it off for years.
      if (age >= 0 && age < days * DAY) return;
    }
    const own = active.bundleOf(active.ids);
    const added = await this.#added.load();
    if (own.rules.length + added.length === 0) return;
    if (!begun) await writeMeta(db, BEGUN, new Date().toISOString());
    const told = { finds: 0, errors: 0 };
    const summary = await this.#scanWith(own, bundleOf([...own.rules, ...added]), told);
    await writeMeta(db, ENDED, new Date().toISOString());
    await writeMeta(db, BEGUN, "");
    const unsaid = told.finds > MAX_TOLD ? `, ${told.finds - MAX_TOLD} more finds of added rules` : "";
    await timeline.note(
      db,
      null,
      `full scan${begun ? ", gone on with after a restart" : ""}: ${summary.files} files (${summary.unchanged ?? 0} unchanged), ${summary.infected} with finds, ${told.errors} not scanned wholly, in ${Math.round(summary.seconds)} s${unsaid}`,
    );
  }

  /** With the added rules; without, where no process gets ready with them, and they are to blame for it. */
  async #scanWith(own: RuleBundle, all: RuleBundle, told: { finds: number; errors: number }) {
    const state = { isReady: false };
    try {
      return await this.#scan(all, told, state);
    } catch (thrown) {
      if (state.isReady || this.#stop.signal.aborted || all.rules.length === own.rules.length) throw thrown;
      const summary = await this.#scan(own, told, state);
      this.#added.drop(`all together they do not compile: ${asThymusError(thrown).message}`);
      return summary;
    }
  }

  async #scan(bundle: RuleBundle, told: { finds: number; errors: number }, state: { isReady: boolean }) {
    const { config, dataDir, log, maxBytes, onLayers, politeness, roots, skip } = this.#options;
    const folder = join(dataDir, "scans");
    const work: Promise<unknown>[] = [];
    const summary = await scanPaths({
      paths: roots(),
      bundle,
      archives: config.agent.scan.archives ? scanLimits : null,
      compileInside: true,
      idle: true,
      maxFileBytes: maxBytes,
      mayWork: () => politeness.mayWork("scan"),
      remember: { folder, resume: true },
      signal: this.#stop.signal,
      skip,
      workers: 1,
      onLayers(layers) {
        state.isReady = true;
        onLayers(layers);
      },
      onFinding: (finding) => work.push(this.#found(finding, told)),
      onError: (path, error) => {
        if (told.errors++ < MAX_TOLD) log.warn("a file was not scanned wholly", { path, why: error.message });
      },
    });
    await Promise.all(work);
    return summary;
  }

  /** Of which containers a file is, in words, or null. */
  #inside(path: string): string | null {
    this.#containers ??= Containers.find();
    const places = this.#containers.placesOf(path);
    return places.length === 0
      ? null
      : places.map(({ path, runtime, id }) => `${path} in ${runtime} ${id}`).join(", ");
  }

  async #found(finding: Finding, told: { finds: number }): Promise<void> {
    const { active, db, healer, log, rootOf, serial, timeline } = this.#options;
    const { path, member } = finding;
    const root = rootOf(path);
    if (root === null) return;
    try {
      const id = PrescriptionId.safeParse(finding.prescription).data;
      const prescription = id && member === undefined ? active.get(id) : null;
      const inside = this.#inside(path);
      if (prescription) {
        if (inside) await timeline.note(db, null, `${path} is ${inside}`);
        await serial.run(() => healer.heal({ path, root, prescription, case: null }));
        return;
      }
      if (told.finds++ >= MAX_TOLD) return;
      const place = member === undefined ? path : `${path}!${member}`;
      const rule = finding.ruleFile ? `${finding.rule} of ${finding.ruleFile}` : finding.rule;
      await timeline.note(
        db,
        null,
        `the rule ${rule} finds ${place}${inside ? ` (${inside})` : ""}: told only, nothing is done`,
      );
    } catch (thrown) {
      log.warn("a find could not be answered", { path, why: asThymusError(thrown).message });
    }
  }
}
