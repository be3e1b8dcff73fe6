import { runTool } from "../build/tool.ts";

/**
 * Gives a run its own copy of the saved memory. QEMU opens the file for writing even where it maps it privately, and
 * no machine that has met a sample may write to what later runs start from. Holes stay holes; where the file system
 * can share blocks nothing is copied.
 */
export async function copyMemory(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  await runTool("cp", ["--sparse=always", "--reflink=auto", "--no-preserve=all", "--", from, to], { signal });
}
