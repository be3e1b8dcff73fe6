/** Other people's scanners, run over a folder of files: what they find, by the names of the files. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

export type Findings = Readonly<Record<string, readonly string[]>>;

/** A folder of files with a scan by each of the two; the caller removes it. */
export class Bench {
  readonly #dir = mkdtempSync(join(tmpdir(), "thymus-scanners-"));
  readonly #files = join(this.#dir, "files");

  constructor(files: Readonly<Record<string, Uint8Array>>) {
    mkdirSync(this.#files);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(this.#files, name), bytes);
  }

  /** Rules of YARA 4 that find each file. @throws Error with the compiler's message */
  yara(source: string): Findings {
    const rules = join(this.#dir, "rules.yar");
    writeFileSync(rules, source);
    const { status, stdout, stderr } = spawnSync("yara", ["-w", rules, this.#files], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    const lines = stdout.split("\n").filter((line) => line !== "");
    return collect(lines.map((line) => line.split(" ", 2) as [string, string]));
  }

  /** Signatures of ClamAV that find each file. @throws Error where it does not load them */
  clamscan(database: string): Findings {
    const file = join(this.#dir, "thymus.ldb");
    writeFileSync(file, database);
    const { status, stdout, stderr } = spawnSync(
      "clamscan",
      ["--no-summary", "--infected", "--allmatch", "--normalize=no", "-d", file, this.#files],
      { encoding: "utf8" },
    );
    if (status !== 0 && status !== 1) throw new Error(stderr + stdout);
    const found = [...stdout.matchAll(/^(.*): (\S+)\.UNOFFICIAL FOUND$/gm)];
    return collect(found.map(([, path, name]) => [name!, path!]));
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function collect(pairs: readonly (readonly [string, string])[]): Findings {
  const files = Map.groupBy(pairs, ([, path]) => basename(path));
  return Object.fromEntries(
    [...files].map(([file, found]) => [file, [...new Set(found.map(([name]) => name))].sort()]),
  );
}
