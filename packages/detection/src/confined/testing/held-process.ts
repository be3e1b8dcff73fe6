/** Starts a confined worker, tells its layers and the number of the innermost process on a line of JSON, and ends with its input. */
import { readFileSync } from "node:fs";
import { bundleOf } from "../../bundle/bundle.ts";
import { startConfined } from "../start.ts";

function innermost(pid: number): number {
  const inside = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ").filter(Boolean);
  return inside.length === 0 ? pid : innermost(Number(inside[0]));
}

const job = { bundle: bundleOf([]), engine: "native" as const, compiled: null, foreign: null };
const worker = startConfined(
  { job: { ...job, timeoutMs: 1000, archives: null }, idle: false },
  {
    onMessage(message) {
      if (message.kind !== "ready") return;
      const pid = innermost(process.pid);
      process.stdout.write(`${JSON.stringify({ layers: message.layers, pid })}\n`);
    },
    onExit(cause) {
      throw cause;
    },
  },
);
process.stdin.resume().once("end", () => void worker.end().then(() => process.exit()));
