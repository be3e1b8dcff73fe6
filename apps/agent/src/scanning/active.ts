import {
  asThymusError,
  type FileType,
  type Logger,
  Prescription,
  type PrescriptionId,
  parseJsonDocument,
  type ThymusError,
} from "@thymus/contracts";
import {
  BundleScanner,
  BundleScope,
  createBundle,
  Gates,
  loadEngine,
  type RuleBundle,
  type RuleEngine,
} from "@thymus/detection";
import type { Database } from "../state/open.ts";
import type { ContentMarks } from "../trial/marks.ts";

/** The active prescriptions of this machine, compiled. They work from the database alone: no server is needed. */
export class ActivePrescriptions {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #marks: ContentMarks | null;
  readonly #engine: () => Promise<RuleEngine>;
  #byId = new Map<string, Prescription>();
  #specimens = new Map<string, Prescription>();
  /** By id: the active prescriptions that replace it, directly or over others. */
  #successors = new Map<string, Prescription[]>();
  #scanner: BundleScanner | null = null;
  #scope: BundleScope | null = null;
  #bad = new Map<string, string>();
  /** Rises with each load. */
  generation = 0;
  /** Called after each load. */
  onLoad: () => void = () => {};

  /** @param marks where crashes are written down beforehand; a command that ends soon needs none */
  constructor(
    db: Database,
    log: Logger,
    marks: ContentMarks | null = null,
    engine: () => Promise<RuleEngine> = loadEngine,
  ) {
    this.#db = db;
    this.#log = log;
    this.#marks = marks;
    this.#engine = engine;
  }

  /**
   * Reads and compiles them anew; call it whenever one became active or was recalled. One that cannot be read or compiled keeps no
   * other away: see `takeBad`.
   */
  async load(): Promise<void> {
    const rows = await this.#db
      .selectFrom("prescription")
      .select(["id", "document", "state"])
      .where("state", "in", this.#marks?.none ? ["replaced"] : ["active", "replaced"])
      .orderBy("id")
      .execute();
    const byId = new Map<string, Prescription>();
    const retired: Prescription[] = [];
    for (const row of rows) {
      if (row.state === "replaced" && row.document === null) continue;
      try {
        const read = parseJsonDocument(Prescription, row.document ?? "", `prescription ${row.id}`);
        if (row.state === "active") byId.set(row.id, read);
        else retired.push(read);
      } catch (error) {
        // Damaged, or written by a newer version: refused like any unknown field, the others go on.
        if (row.state === "active") this.#setAside(row.id, asThymusError(error));
      }
    }
    const ids = [...byId.keys()];
    const compile = () => this.#compile(byId);
    const scanner = await (this.#marks ? this.#marks.during({ loading: ids }, compile) : compile());
    this.#scanner?.close();
    this.#scanner = scanner;
    this.#byId = byId;
    this.#scope = byId.size === 0 ? null : new BundleScope(createBundle([...byId.values()]));
    this.#relate([...byId.values()], retired);
    this.generation++;
    this.onLoad();
  }

  /** All in one; where that fails, what fails alone is taken out of `byId` first. */
  async #compile(byId: Map<string, Prescription>): Promise<BundleScanner | null> {
    if (byId.size === 0) return null;
    const engine = await this.#engine();
    const compile = (prescriptions: readonly Prescription[]) => {
      const bundle = createBundle(prescriptions);
      const options = { timeoutMs: 10_000 };
      const compiled = engine.compile([...bundle.rules], options);
      // Files that can match no rule are passed over by their bytes alone.
      return new BundleScanner(bundle, compiled, new Gates(bundle, engine, options));
    };
    try {
      return compile([...byId.values()]);
    } catch {
      for (const [id, each] of byId) {
        try {
          compile([each]).close();
        } catch (error) {
          byId.delete(id);
          this.#setAside(id, asThymusError(error));
        }
      }
      return byId.size === 0 ? null : compile([...byId.values()]);
    }
  }

  #setAside(id: string, { code, message }: ThymusError): void {
    this.#log.error("an active prescription cannot be used", { id, why: message });
    this.#bad.set(id, `${code}: ${message}`);
  }

  /** Those that could not be loaded since the last call, each with the reason: they are to be dropped. */
  takeBad(): ReadonlyMap<string, string> {
    const bad = this.#bad;
    this.#bad = new Map();
    return bad;
  }

  #call<T>(work: () => T): T {
    return this.#marks ? this.#marks.call(work) : work();
  }

  /** Who replaces whom, and who answers for which specimen: the newest that does. */
  #relate(active: readonly Prescription[], retired: readonly Prescription[]): void {
    const all = new Map([...active, ...retired].map((each) => [each.id as string, each]));
    this.#successors = new Map();
    for (const each of active)
      for (const old of replacedBy(each, all))
        this.#successors.set(old, [...(this.#successors.get(old) ?? []), each]);
    this.#specimens = new Map();
    for (const each of all.values())
      for (const sha256 of each.proof.samples) {
        const answers = this.#newest(each.id) ?? (this.#byId.has(each.id) ? each : null);
        if (answers) this.#specimens.set(sha256, answers);
      }
  }

  /** Of the active prescriptions that replace this one: one that no other replaces. Null where none does. */
  #newest(id: string): Prescription | null {
    const successors = this.#successors.get(id) ?? [];
    return successors.find((each) => !this.#successors.has(each.id)) ?? successors[0] ?? null;
  }

  get ids(): string[] {
    return [...this.#byId.keys()];
  }

  get all(): Prescription[] {
    return [...this.#byId.values()];
  }

  get(id: string): Prescription | null {
    return this.#byId.get(id) ?? null;
  }

  bundleOf(ids: readonly string[]): RuleBundle {
    return createBundle(ids.flatMap((id) => this.#byId.get(id) ?? []));
  }

  /** Whether a content is a specimen that this active prescription answers for: its own, or of one that it replaces. */
  isSpecimen(id: string, sha256: string): boolean {
    const own = (this.get(id)?.proof.samples ?? []) as readonly string[];
    return this.#specimens.get(sha256)?.id === id || own.includes(sha256);
  }

  /** Contents of the specimens that this active prescription answers for. */
  specimensOf(id: string): string[] {
    const named = [...this.#specimens].filter(([, each]) => each.id === id).map(([sha256]) => sha256);
    return [...new Set([...named, ...(this.get(id)?.proof.samples ?? [])])];
  }

  /**
   * The active prescription that answers for a content in place of `id`, which it replaces, or null.
   * @param found ids of the prescriptions whose rules find it
   */
  inPlaceOf(id: string, sha256: string, foundBy: readonly string[]): PrescriptionId | null {
    const successors = this.#successors.get(id) ?? [];
    const found = successors.find(
      (each) => this.#specimens.get(sha256)?.id === each.id || foundBy.includes(each.id),
    );
    return found?.id ?? null;
  }

  /** True where an active prescription replaces this one. */
  isReplaced(id: string): boolean {
    return this.#successors.has(id);
  }

  /**
   * The prescription whose rule finds these bytes, or that names them as a specimen; null where there is none. Rules are applied in this
   * process: for where there is no other (content-judge.ts, confined-judge.ts).
   */
  find(bytes: Uint8Array, type: FileType, sha256: string): Prescription | null {
    const sample = this.#specimens.get(sha256);
    return sample ?? this.answerFor(sha256, this.idsOf(bytes, type)[0] ?? null);
  }

  /** What `find` says of a content whose digest, and the prescription whose rule finds it, another process told. */
  answerFor(sha256: string, found: string | null): Prescription | null {
    return this.#specimens.get(sha256) ?? (found === null ? null : this.get(found));
  }

  /** False where no active rule is about files of this type. */
  concerns(type: FileType): boolean {
    return this.#scope?.mayMatch(type) ?? false;
  }

  /** Ids of the prescriptions whose rules find these bytes, the first one first. Rules are applied in this process. */
  idsOf(bytes: Uint8Array, type: FileType): string[] {
    const scanner = this.#scanner;
    const found = scanner ? this.#call(() => scanner.scan(bytes, type).found) : [];
    return [...new Set(found.flatMap(({ rule }) => rule.prescription ?? []))];
  }

  close(): void {
    this.#scanner?.close();
    this.#scanner = null;
  }
}

/** Ids of all that a prescription replaces, over as many steps as are known here. */
function replacedBy(start: Prescription, all: ReadonlyMap<string, Prescription>): Set<string> {
  const found = new Set<string>();
  const add = (each: Prescription | undefined) => {
    for (const old of each?.replaces ?? []) {
      if (old === start.id || found.has(old)) continue;
      found.add(old);
      add(all.get(old));
    }
  };
  add(start);
  return found;
}
