/**
 * Assembles the kernels: `node apps/analysis/src/self/absence/assemble.ts` writes each kernel.ts, which is what runs, from
 * the kernel.wat beside it. Only developers need it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import loadWabt from "wabt";

/** The module that a folder's kernel.wat stands for. */
export async function assembleKernel(folder: string): Promise<Uint8Array> {
  const source = join(folder, "kernel.wat");
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
  for (const folder of [import.meta.dirname, join(import.meta.dirname, "../model")]) {
    const lines = Buffer.from(await assembleKernel(folder))
      .toString("base64")
      .match(/.{1,96}/g)!;
    writeFileSync(
      join(folder, "kernel.ts"),
      `/** Assembled from kernel.wat by absence/assemble.ts: change that, not this. */\nexport const KERNEL = [\n${lines
        .map((line) => `  "${line}",\n`)
        .join("")}].join("");\n`,
    );
  }
}
