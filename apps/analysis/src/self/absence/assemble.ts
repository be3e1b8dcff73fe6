/**
 * Assembles kernel.wat: `node apps/analysis/src/self/absence/assemble.ts` writes kernel.ts, which is what runs. Only
 * developers need it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import loadWabt from "wabt";

const source = join(import.meta.dirname, "kernel.wat");

/** The module that kernel.wat stands for. */
export async function assembleKernel(): Promise<Uint8Array> {
  const wabt = await loadWabt();
  const features = { threads: true, simd: true, bulk_memory: true };
  const module = wabt.parseWat(source, readFileSync(source, "utf8"), features);
  try {
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

if (import.meta.main) {
  const lines = Buffer.from(await assembleKernel())
    .toString("base64")
    .match(/.{1,96}/g)!;
  writeFileSync(
    join(import.meta.dirname, "kernel.ts"),
    `/** Assembled from kernel.wat by assemble.ts: change that, not this. */\nexport const KERNEL = [\n${lines
      .map((line) => `  "${line}",\n`)
      .join("")}].join("");\n`,
  );
}
