/** Run by `npm test` beside the first tests: makes chamber and self, which the later ones share. */
import { ensureTestData } from "./cli.ts";

const started = performance.now();
await ensureTestData();
process.stderr.write(
  `thymus: chamber and self are there after ${((performance.now() - started) / 1000).toFixed(0)} s\n`,
);
