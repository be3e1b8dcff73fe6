import type { FileType, Logger } from "@thymus/contracts";
import { Prescription, parseJsonDocument } from "@thymus/contracts";
import { BundleScanner, createBundle, loadEngine, type RuleBundle } from "@thymus/detection";
import type { Database } from "../state/open.ts";

/** The active prescriptions of this machine, compiled. They work from the database alone: no server is needed. */
export class ActivePrescriptions {
  readonly #db: Database;
  readonly #log: Logger;
  #byId = new Map<string, Prescription>();
  #samples = new Map<string, Prescription>();
  #scanner: BundleScanner | null = null;

  constructor(db: Database, log: Logger) {
    this.#db = db;
    this.#log = log;
  }

  /** Reads and compiles them anew; call it whenever one became active or was recalled. */
  async load(): Promise<void> {
    const rows = await this.#db
      .selectFrom("prescription")
      .select(["id", "document"])
      .where("state", "=", "active")
      .orderBy("id")
      .execute();
    const byId = new Map<string, Prescription>();
    for (const row of rows) {
      try {
        byId.set(row.id, parseJsonDocument(Prescription, row.document ?? "", `prescription ${row.id}`));
      } catch (error) {
        // Written by a newer version: refused like any unknown field, the others go on.
        this.#log.error("an active prescription cannot be read", {
          id: row.id,
          why: (error as Error).message,
        });
      }
    }
    const bundle = createBundle([...byId.values()]);
    const scanner =
      byId.size === 0
        ? null
        : new BundleScanner(bundle, (await loadEngine()).compile([...bundle.rules], { timeoutMs: 10_000 }));
    this.#scanner?.close();
    this.#scanner = scanner;
    this.#byId = byId;
    this.#samples = new Map(
      [...byId.values()].flatMap((each) => each.proof.samples.map((sha256) => [sha256 as string, each])),
    );
  }

  get ids(): string[] {
    return [...this.#byId.keys()];
  }

  get(id: string): Prescription | null {
    return this.#byId.get(id) ?? null;
  }

  bundleOf(ids: readonly string[]): RuleBundle {
    return createBundle(ids.flatMap((id) => this.#byId.get(id) ?? []));
  }

  /** The prescription whose rule finds these bytes, or that names them as a specimen; null where there is none. */
  find(bytes: Uint8Array, type: FileType, sha256: string): Prescription | null {
    const sample = this.#samples.get(sha256);
    if (sample) return sample;
    if (!this.#scanner) return null;
    const match = this.#scanner.scan(bytes, type).found[0];
    return match?.rule.prescription ? this.get(match.rule.prescription) : null;
  }

  /** True where the rule of this one prescription finds the bytes. */
  matches(id: string, bytes: Uint8Array, type: FileType): boolean {
    const found = this.#scanner?.scan(bytes, type).found ?? [];
    return found.some(({ rule }) => rule.prescription === id);
  }

  close(): void {
    this.#scanner?.close();
    this.#scanner = null;
  }
}
