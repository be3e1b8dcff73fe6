/**
 * Entry of the confined worker. It has no network, no keys and one writable folder; see confinement/. Its input is one
 * job, at most with an order before it to prepare for that.
 */
import { createInterface } from "node:readline";
import { asThymusError, parseJsonDocument } from "@thymus/contracts";
import { closeAhead, openAhead, shareKernelHere } from "../chamber/open.ts";
import { analyse } from "./analyse.ts";
import { learn } from "./learn.ts";
import { PrepareOrder, READY } from "./prepare.ts";
import { WorkerJob, type WorkerLine } from "./protocol.ts";
import { prove } from "./prove.ts";
import { release } from "./release.ts";

const say = (line: WorkerLine) => process.stdout.write(`${JSON.stringify(line)}\n`);
const progress = (what: string) => say({ progress: what.slice(0, 256) });

async function prepare(text: string): Promise<void> {
  const { chamberDir, kind, machines, folder, memory } = parseJsonDocument(
    PrepareOrder,
    text,
    "an order",
  ).prepare;
  if (kind === "bwrap") shareKernelHere();
  else await openAhead({ dataDir: chamberDir, memory: memory ?? undefined }, machines, folder);
  progress(READY);
}

async function work(text: string): Promise<void> {
  const job = parseJsonDocument(WorkerJob, text, "the worker's job");
  const result =
    job.kind === "analyse"
      ? await analyse(job, progress)
      : job.kind === "prove"
        ? await prove(job, progress)
        : job.kind === "learn"
          ? await learn(job, progress)
          : await release(job, progress);
  say({ result });
}

try {
  for await (const line of createInterface({ input: process.stdin }))
    await (line.startsWith('{"prepare"') ? prepare(line) : work(line));
} catch (thrown) {
  const error = asThymusError(thrown);
  if (error.code === "INTERNAL") process.stderr.write(`${(thrown as Error).stack ?? thrown}\n`);
  say(error.toJSON());
  process.exitCode = 2;
} finally {
  await closeAhead();
}
