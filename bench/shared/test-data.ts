/** The chamber and the self that tests and benches share, made in the same way by both: by the command. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export interface TestData {
  readonly data: string;
  readonly chamberDir: string;
  readonly corpusDir: string;
}

/**
 * Builds what is missing.
 * @throws Error where a build fails
 */
export function ensureTestData(): TestData {
  const data = process.env.THYMUS_TEST_DATA ?? join(import.meta.dirname, "../../.cache/test-data");
  const corpusDir = process.env.THYMUS_CORPUS_DIR ?? join(data, "corpus");
  mkdirSync(data, { recursive: true, mode: 0o700 });
  build("chamber", data);
  if (!existsSync(join(corpusDir, "manifest.json"))) build("corpus", data);
  return { data, chamberDir: join(data, "chamber"), corpusDir };
}

function build(what: "chamber" | "corpus", data: string): void {
  const main = join(import.meta.dirname, "../../apps/cli/src/main.ts");
  const { status } = spawnSync(process.execPath, [main, what, "build", "--data", data], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`no ${what}: thymus ${what} build ended with status ${status}`);
}
