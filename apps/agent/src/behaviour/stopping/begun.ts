import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Members } from "./freeze.ts";
import { Work } from "./work.ts";

/** A stop as it is written down before its first signal. */
export const Begun = z.strictObject({
  id: z.string().regex(/^stop-[0-9a-v]+$/),
  at: z.string(),
  why: z.string(),
  program: z.string(),
  boot: z.string(),
  processes: Members,
  work: Work,
});
export type Begun = z.infer<typeof Begun>;

/**
 * Stops that are not in agent.db yet, one small file each in DIR/agent/stopping. A database may keep the signal waiting, a file does
 * not: it is there when the write returns, also if the agent is killed then. Only a fall of the whole machine may lose it, and that
 * leaves no process stopped.
 */
export class BegunStops {
  readonly #folder: string;

  /** @param dataDir DIR/agent */
  constructor(dataDir: string) {
    this.#folder = join(dataDir, "stopping");
  }

  write(begun: Begun): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeFileSync(this.#file(begun.id), JSON.stringify(begun), { mode: 0o600 });
  }

  /** It is in the database now. */
  remove(id: string): void {
    rmSync(this.#file(id), { force: true });
  }

  /** What a crash left; half-written ones, whose signals were never sent, are removed. */
  all(): Begun[] {
    const found: Begun[] = [];
    for (const name of names(this.#folder)) {
      const path = join(this.#folder, name);
      try {
        found.push(Begun.parse(JSON.parse(readFileSync(path, "utf8"))));
      } catch {
        rmSync(path, { force: true });
      }
    }
    return found;
  }

  #file(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
