/**
 * Integrity of a tree against AIDE, both with SHA-256, warm cache, in turn: making the baseline, checking it by metadata and by
 * content. With --memory: the largest memory over 2,000,000 small files; with --memory --agent that of the running agent, no peer.
 * `npm run bench -- baseline [--files N] [--source DIR] [--rounds N] [--memory [--small N] [--agent [--seconds N]]] [--no-peer] [--json]`
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { agentMemory, ownMounts } from "./baseline/agent.ts";
import type { Run } from "./baseline/run.ts";
import { aide, type Side, thymus } from "./baseline/sides.ts";
import { copiedTree, smallTree } from "./baseline/tree.ts";
import { median } from "./shared/numbers.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "200000" },
    source: { type: "string", default: "/usr" },
    rounds: { type: "string", default: "3" },
    memory: { type: "boolean", default: false },
    agent: { type: "boolean", default: false },
    seconds: { type: "string", default: "0" },
    small: { type: "string", default: "2000000" },
    "no-peer": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const folder = join(
  process.env.THYMUS_BENCH_DATA ?? join(import.meta.dirname, "../.cache/bench"),
  "baseline",
);
mkdirSync(folder, { recursive: true });
if (values.agent) {
  if (!values.memory) throw new Error("--agent goes with --memory");
  if (ownMounts()) await ofTheAgent();
} else await ofTheCommand();

async function ofTheAgent(): Promise<void> {
  const result = await agentMemory(folder, Number(values.small), Number(values.seconds));
  const { files, making, watching, residentBytes, privateBytes } = result;
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const line = (name: string, { seconds, cpuSeconds, peak }: typeof making) =>
    `${name.padEnd(22)} ${seconds.toFixed(0).padStart(6)} s ${cpuSeconds.toFixed(1).padStart(8)} s CPU, at most ${mb(peak)}\n`;
  process.stdout.write(
    values.json
      ? `${JSON.stringify(result)}\n`
      : `agent over ${files} files\n${line("first baseline", making)}${line("comparing each minute", watching)}` +
          `at the end ${mb(residentBytes)} resident, ${mb(privateBytes)} its own\n`,
  );
}

async function ofTheCommand(): Promise<void> {
  if (!values["no-peer"] && spawnSync("aide", ["--version"]).error)
    throw new Error("aide is missing: apt-get install aide, or leave it out with --no-peer");

  const steps = ["create", "checkMetadata", "checkContent"] as const;
  const tree = values.memory
    ? smallTree(folder, Number(values.small))
    : copiedTree(folder, Number(values.files), values.source);
  const rounds = values.memory ? 1 : Number(values.rounds);
  const threads = availableParallelism();
  const sides: Side[] = [thymus(folder, tree), ...(values["no-peer"] ? [] : [aide(folder, tree, threads)])];
  const say = (line: string) => process.stderr.write(`${line}\n`);
  say(`${tree}: ${execFileSync("du", ["-sh", tree]).toString().split("\t")[0]}, ${threads} processors`);

  const rows = [];
  for (const step of steps) {
    const runs = new Map<string, Run[]>(sides.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++)
      for (const side of sides) {
        const run = await side[step]();
        runs.get(side.name)!.push(run);
        say(`${step} ${side.name}: ${run.seconds.toFixed(2)} s, ${run.cpuSeconds.toFixed(2)} s CPU`);
      }
    for (const [name, all] of runs)
      rows.push({
        step,
        name,
        seconds: median(all.map(({ seconds }) => seconds)),
        cpuSeconds: median(all.map(({ cpuSeconds }) => cpuSeconds)),
        peakMegabytes: Math.max(...all.map(({ peak }) => peak)) / 1e6,
      });
  }
  const sizes = sides.map((side) => ({ name: side.name, megabytes: side.size() / 1e6 }));
  if (values.json) process.stdout.write(`${JSON.stringify({ tree, rounds, threads, rows, sizes })}\n`);
  else {
    for (const { step, name, seconds, cpuSeconds, peakMegabytes } of rows) {
      const peer = rows.find((row) => row.step === step && row.name === "aide");
      const ratio = peer && name !== "aide" ? `  ${(peer.seconds / seconds).toFixed(2)} x aide` : "";
      process.stdout.write(
        `${step.padEnd(14)} ${name.padEnd(7)} ${seconds.toFixed(2).padStart(8)} s ${cpuSeconds.toFixed(2).padStart(8)} s CPU ${peakMegabytes.toFixed(0).padStart(5)} MB${ratio}\n`,
      );
    }
    for (const { name, megabytes } of sizes)
      process.stdout.write(`kept on disk   ${name.padEnd(7)} ${megabytes.toFixed(0).padStart(8)} MB\n`);
  }
}
