import { join } from "node:path";
import { asThymusError, type Config, type Finding, type Logger, PrescriptionId } from "@thymus/contracts";
import { bundleOf, loadEngine, loadRuleSet, type RuleBundle, scanLimits, scanPaths } from "@thymus/detection";
import type { Politeness } from "../citizen/politeness.ts";
import { Containers } from "../containers/containers.ts";
import type { Timeline } from "../link/timeline.ts";
import { readMeta, writeMeta } from "../state/meta.ts";
import type { Database } from "../state/open.ts";
import type { Serial } from "../state/serial.ts";
import type { ActivePrescriptions } from "./active.ts";
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
  #running: Promise<void> | null = null;
  /** Looked for with the first find of a scan. */
  #containers: Containers | null = null;

  constructor(options: FullScanOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), LOOK);
    this.#timer.unref();
  }

  /** Begins one where it is due, and ends with it. */
  look(): Promise<void> {
    this.#running ??= this.#once()
      .catch((thrown: unknown) => {
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
    const bundle = await this.#bundle();
    if (bundle.rules.length === 0) return;
    if (!begun) await writeMeta(db, BEGUN, new Date().toISOString());
    const told = { finds: 0, errors: 0 };
    const summary = await this.#scan(bundle, told);
    await writeMeta(db, ENDED, new Date().toISOString());
    await writeMeta(db, BEGUN, "");
    const unsaid = told.finds > MAX_TOLD ? `, ${told.finds - MAX_TOLD} more finds of added rules` : "";
    await timeline.note(
      db,
      null,
      `full scan${begun ? ", gone on with after a restart" : ""}: ${summary.files} files (${summary.unchanged ?? 0} unchanged), ${summary.infected} with finds, ${told.errors} not scanned wholly, in ${Math.round(summary.seconds)} s${unsaid}`,
    );
  }

  async #bundle(): Promise<RuleBundle> {
    const { active, config, log } = this.#options;
    const own = active.bundleOf(active.ids);
    if (config.agent.scan.rules.length === 0) return own;
    const rules = [];
    const engine = await loadEngine();
    for (const path of config.agent.scan.rules) {
      try {
        const set = loadRuleSet([path], engine);
        for (const warning of set.warnings)
          log.warn("an added rule is left out", { rules: path, why: warning });
        rules.push(...set.bundle.rules);
      } catch (thrown) {
        log.warn("added rules cannot be read", { rules: path, why: asThymusError(thrown).message });
      }
    }
    return bundleOf([...own.rules, ...rules]);
  }

  async #scan(bundle: RuleBundle, told: { finds: number; errors: number }) {
    const { config, dataDir, log, maxBytes, onLayers, politeness, roots, skip } = this.#options;
    const folder = join(dataDir, "scans");
    const work: Promise<unknown>[] = [];
    const summary = await scanPaths({
      paths: roots(),
      bundle,
      archives: config.agent.scan.archives ? scanLimits : null,
      cacheDir: join(folder, "compiled"),
      idle: true,
      maxFileBytes: maxBytes,
      mayWork: () => politeness.mayWork("scan"),
      remember: { folder, resume: true },
      signal: this.#stop.signal,
      skip,
      workers: 1,
      onLayers,
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
