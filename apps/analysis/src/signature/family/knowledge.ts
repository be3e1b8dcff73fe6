import { isLabelled } from "../labelled.ts";
import { stringText } from "../rule-text.ts";
import type { Self } from "../self.ts";

/** Shorter runs an index of self cannot judge. */
export const MIN_OWN = 16;

/** Without an index a text this unlikely is taken for the family's own until a scan of self has told. */
const GUESS = -40;

export const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");
export const hexOf = (text: string): string => bytesOf(text).toString("hex");

/** What self says of texts; each is asked once. */
export class Knowledge {
  readonly #self: Self;
  readonly #absent = new Map<string, boolean>();
  readonly #logs = new Map<string, number>();
  considered = 0;
  vetoed = 0;
  scanned = { files: 0, bytes: 0 };

  constructor(self: Self) {
    this.#self = self;
  }

  /** Whether self has an index; without one {@link isOwn} is a guess by statistics that {@link standing} must prove. */
  get isExact(): boolean {
    return this.#self.absent !== undefined;
  }

  /** Whether a text stands in no file of self. */
  isOwn(text: string): boolean {
    if (text.length < MIN_OWN) return false;
    let own = this.#absent.get(text);
    if (own === undefined) {
      own = this.#self.absent?.(bytesOf(text)) ?? this.logProbability(text) <= GUESS;
      this.#absent.set(text, own);
      this.considered++;
      if (!own) this.vetoed++;
    }
    return own;
  }

  /** Whether a list of what is known to be good names this text or something in it. */
  isWarned(text: string): boolean {
    const warned = this.#self.warned?.(text.replaceAll("\0", "")) ?? null;
    return warned !== null;
  }

  /** Whether this place lies in code that many programs carry: a library's, a compiler's, a runtime's, a packer's. */
  isShared(bytes: Uint8Array, at: number): boolean {
    return isLabelled(bytes, at, this.#self);
  }

  /** The same of a text by itself. */
  isSharedText(text: string): boolean {
    return (this.#self.labelOf?.(bytesOf(text)) ?? null) !== null;
  }

  logProbability(text: string): number {
    let log = this.#logs.get(text);
    if (log === undefined) {
      log = this.#self.logProbability(bytesOf(text));
      this.#logs.set(text, log);
    }
    return log;
  }

  /** Those that no file of self holds, by a scan of self where it has no index. Patterns with `??` are always scanned. */
  async standing(hexes: readonly string[], signal: AbortSignal | undefined): Promise<Set<string>> {
    const open = hexes.filter((hex) => !this.isExact || hex.includes("?"));
    if (open.length === 0) return new Set(hexes);
    const rules = open.map((hex, i) => `rule c${i} { strings: $a = ${stringText(hex)} condition: $a }`);
    const result = await this.#self.scan(
      [{ namespace: "candidates", source: rules.join("\n") }],
      signal === undefined ? {} : { signal },
    );
    this.scanned = { files: result.files, bytes: result.bytes };
    const hit = new Set(result.hits.map(({ rule }) => rule));
    const fallen = new Set(open.filter((_, i) => hit.has(`c${i}`)));
    this.vetoed += fallen.size;
    return new Set(hexes.filter((hex) => !fallen.has(hex)));
  }
}
