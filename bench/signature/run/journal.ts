import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "@thymus/store";

/** What a run has done already, a file each, so that it can be interrupted at any point and started again. */
export class Journal {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** The value of this name: from before, or made now and kept. It must be plain data. */
  async once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const short = name.replace(/[^A-Za-z0-9.-]/g, "_").slice(0, 80);
    const file = join(
      this.folder,
      `${short}-${createHash("sha256").update(name).digest("hex").slice(0, 12)}.json`,
    );
    if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as T;
    const value = await make();
    await writeFileAtomic(file, JSON.stringify(value), 0o644);
    return value;
  }
}
