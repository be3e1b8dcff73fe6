/** Run by `npm test` beside the first tests: makes chamber and self, which the later ones share. */
import { ensureTestData } from "./cli.ts";

const started = performance.now();
try {
  await ensureTestData();
  const took = ((performance.now() - started) / 1000).toFixed(0);
  process.stderr.write(`thymus: chamber and self are there after ${took} s\n`);
} catch (error) {
  process.stderr.write(`thymus: ${(error as Error).message}; the tests that need it will say so\n`);
}
