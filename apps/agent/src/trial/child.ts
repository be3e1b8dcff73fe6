/**
 * The process in which a prescription is tried: whatever its rule does to the engine, it does here. Reads a TrialTask, writes a
 * TrialAnswer; that it dies is an answer too.
 */
import { createHash } from "node:crypto";
import { constants, open } from "node:fs/promises";
import { basename } from "node:path";
import { text } from "node:stream/consumers";
import { BundleScanner, loadEngine, type RuleBundle, walkFiles } from "@thymus/detection";
import { failpoint } from "@thymus/store";
import { limitSelf } from "./limits.ts";
import type { TrialAnswer, TrialTask } from "./task.ts";

/** Larger files are not read. */
const MAX_BYTES = 256 << 20;

class Refused extends Error {}

async function scanner(bundle: RuleBundle, timeoutMs: number): Promise<BundleScanner> {
  const engine = await loadEngine();
  try {
    return new BundleScanner(bundle, engine.compile([...bundle.rules], { timeoutMs }));
  } catch (error) {
    throw new Refused((error as Error).message);
  }
}

/** Follows links; leaves the access time as it was where that is permitted. */
async function contentOf(path: string): Promise<Buffer | null> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  try {
    const handle = await open(path, flags | (constants.O_NOATIME ?? 0)).catch(() => open(path, flags));
    try {
      const stat = await handle.stat();
      return stat.isFile() && stat.size <= MAX_BYTES ? await handle.readFile() : null;
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}

function finds(rules: BundleScanner, path: string, bytes: Buffer): boolean {
  try {
    return rules.scan(bytes, undefined, basename(path)).found.length > 0;
  } catch (error) {
    throw new Refused(`it cannot be applied to ${path} within its time: ${(error as Error).message}`);
  }
}

async function tryOut(task: TrialTask): Promise<TrialAnswer> {
  const { limits } = task;
  const own = await scanner(task.rule, limits.fileMs);
  const everywhere = await scanner(task.everywhere, limits.fileMs);
  let files = 0;
  const never = async (rules: BundleScanner, path: string) => {
    const bytes = await contentOf(path);
    if (!bytes) return;
    files++;
    if (finds(rules, path, bytes))
      throw new Refused(`it finds ${path}, which belongs to the system or to Thymus`);
  };
  for (const path of task.system) await never(everywhere, path);
  for await (const path of walkFiles([...task.own], { onError() {}, onSkip() {} })) await never(own, path);

  let bytes = 0;
  let vouched = 0;
  const found: string[] = [];
  for (const [path, digests] of task.vouched) {
    if (bytes > limits.vouchedBytes) break;
    const content = await contentOf(path);
    if (!content) continue;
    const hit = finds(own, path, content);
    vouched++;
    bytes += content.length;
    // Only while it is what its package brought: else it may be infected indeed.
    if (hit && digests.includes(createHash("md5").update(content).digest("hex"))) found.push(path);
    if (found.length > limits.vouchedHits)
      throw new Refused(
        `it finds ${found.length} of ${vouched} programs that are just as their packages brought them, e.g. ${found.slice(0, 3).join(", ")}`,
      );
  }
  const together = await scanner(task.together, limits.fileMs);
  together.scan(Buffer.from("#!/bin/sh\n"), "shell");
  return { refused: null, files, vouched, bytes };
}

const task = JSON.parse(await text(process.stdin)) as TrialTask;
limitSelf(task.limits);
await failpoint("agent.trial.child");
const answer = await tryOut(task).catch((error: unknown): TrialAnswer => {
  if (error instanceof Refused) return { refused: error.message };
  throw error;
});
process.stdout.write(`${JSON.stringify(answer)}\n`);
