/** Entry of the confined worker. It has no network, no keys and one writable folder; see confinement/. */
import { asThymusError, parseJsonDocument } from "@thymus/contracts";
import { analyse } from "./analyse.ts";
import { WorkerJob, type WorkerLine } from "./protocol.ts";
import { prove } from "./prove.ts";
import { release } from "./release.ts";

const say = (line: WorkerLine) => process.stdout.write(`${JSON.stringify(line)}\n`);
const progress = (what: string) => say({ progress: what.slice(0, 256) });

let text = "";
process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) text += chunk;
try {
  const job = parseJsonDocument(WorkerJob, text, "the worker's job");
  const result =
    job.kind === "analyse"
      ? await analyse(job, progress)
      : job.kind === "prove"
        ? await prove(job, progress)
        : await release(job, progress);
  say({ result });
} catch (thrown) {
  const error = asThymusError(thrown);
  if (error.code === "INTERNAL") process.stderr.write(`${(thrown as Error).stack ?? thrown}\n`);
  say(error.toJSON());
  process.exitCode = 2;
}
