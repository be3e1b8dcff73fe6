/** Start, run and memory of chambers, one after the other, and as many as the processors carry. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  bootGuest,
  type ChamberRun,
  chamberPaths,
  createDecoys,
  emptyWorld,
  openChamber,
  plainConditions,
} from "@thymus/analysis";
import { median, quantile } from "../shared/numbers.ts";
import { memoryOf } from "./memory.ts";

export interface StartOptions {
  readonly chamberDir: string;
  readonly temp: string;
  readonly runs: number;
  readonly say: (text: string) => void;
}

export interface StartFigures {
  readonly chamber: string;
  /** Milliseconds from handing over the sample to its first instruction, in a chamber that was restored before. */
  readonly ready: { median: number; p95: number };
  /** The same where the machine is restored only then. */
  readonly restored: { median: number; p95: number };
  /** Milliseconds of a boot from the kernel until the guest waits for a sample: the peer. */
  readonly boot: { median: number };
  /** Seconds of a whole run of a harmless sample, result read. */
  readonly samples: Record<string, number>;
  /** Runs an hour, two at a time. */
  readonly perHour: number;
  /** Bytes of a chamber that waits, and of one in which a program runs. */
  readonly memory: { waiting: number; running: number };
}

const scripts = {
  shell: "#!/bin/sh\ncd ~\nfor n in 1 2 3 4 5; do echo $n >note-$n; done\ncat note-*\n",
  python: "import os, json\nprint(json.dumps(os.listdir('.')))\n",
  node: "const fs = require('fs'); fs.writeFileSync('note', 'x'); console.log(fs.readdirSync('.'));\n",
} as const;

export async function measureStart({ chamberDir, temp, runs, say }: StartOptions): Promise<StartFigures> {
  const chamber = await openChamber({ dataDir: chamberDir });
  let made = 0;
  const decoyFolder = join(temp, "decoys");
  const decoys = await createDecoys({ chamberDir, seed: "bench", folder: decoyFolder });
  const prepareRun = async (
    type: keyof typeof scripts,
    text: string = scripts[type],
  ): Promise<ChamberRun> => {
    const folder = join(temp, `run-${made++}`);
    await mkdir(join(folder, "out"), { recursive: true });
    await writeFile(join(folder, "sample"), text);
    return {
      sample: { path: join(folder, "sample"), name: "sample", type },
      ...{ decoys, world: emptyWorld, conditions: plainConditions, plan: null, drillPrograms: null },
      ...{ budgetSeconds: 120, outputDir: join(folder, "out") },
    };
  };
  const startOf = async (ahead: boolean): Promise<number> => {
    const run = await prepareRun("shell");
    const prepared = ahead ? await chamber.prepare(temp) : chamber;
    const begun = performance.now();
    let started = Number.NaN;
    await prepared.run({ ...run, onStarted: () => (started = performance.now() - begun) });
    return started;
  };
  try {
    await startOf(true);
    const ready: number[] = [];
    const restored: number[] = [];
    const boots: number[] = [];
    for (let turn = 0; turn < runs; turn++) {
      ready.push(await startOf(true));
      restored.push(await startOf(false));
      boots.push(await bootOnce(chamberDir, temp));
      say(
        `start ${turn + 1}/${runs}: ready ${ready.at(-1)!.toFixed(0)} ms, restored ${restored.at(-1)!.toFixed(0)} ms, boot ${boots.at(-1)!.toFixed(0)} ms`,
      );
    }
    const samples: Record<string, number> = {};
    for (const type of Object.keys(scripts) as (keyof typeof scripts)[]) {
      const seconds: number[] = [];
      for (let turn = 0; turn < 3; turn++) {
        const run = await prepareRun(type);
        const prepared = await chamber.prepare(temp);
        seconds.push((await prepared.run(run)).seconds);
      }
      samples[type] = median(seconds);
      say(`${type}: ${samples[type]!.toFixed(2)} s`);
    }
    const waitingChamber = await chamber.prepare(temp);
    const waiting = memoryOf(waitingChamber.pid!).proportional;
    let running = 0;
    const sleeper = await prepareRun("shell", "#!/bin/sh\nsleep 2\n");
    await waitingChamber.run({
      ...sleeper,
      onStarted: () => setTimeout(() => (running = memoryOf(waitingChamber.pid!).proportional), 1000),
    });
    const begun = performance.now();
    const many = Math.max(8, runs * 2);
    let left = many;
    const lane = async () => {
      while (left-- > 0) await chamber.run(await prepareRun("shell"));
    };
    await Promise.all([lane(), lane()]);
    const perHour = (many * 3600) / ((performance.now() - begun) / 1000);
    const figures = (values: number[]) => ({ median: median(values), p95: quantile(values, 0.95) });
    return {
      chamber: chamber.info.kind,
      ...{ ready: figures(ready), restored: figures(restored), boot: { median: median(boots) } },
      ...{ samples, perHour, memory: { waiting, running } },
    };
  } finally {
    await chamber.close();
  }
}

async function bootOnce(chamberDir: string, temp: string): Promise<number> {
  const booted = await bootGuest(chamberPaths(chamberDir), { parent: temp, accelerator: "tcg", limit: 180 });
  if (typeof booted === "string") throw new Error(booted);
  booted.machine.kill();
  await booted.machine.ended;
  await rm(booted.folder, { recursive: true, force: true });
  return booted.seconds * 1000;
}

export function printStart(figures: StartFigures): void {
  const { ready, restored, boot, samples, perHour, memory } = figures;
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  process.stdout.write(`
Chamber: ${figures.chamber}
restored before, sample to first instruction  median ${ready.median.toFixed(0)} ms, p95 ${ready.p95.toFixed(0)} ms
restored then                                 median ${restored.median.toFixed(0)} ms, p95 ${restored.p95.toFixed(0)} ms
booted from the kernel until it waits         median ${boot.median.toFixed(0)} ms, ${(boot.median / ready.median).toFixed(1)} times the first
${Object.entries(samples)
  .map(([type, seconds]) => `${`harmless ${type} sample, whole run`.padEnd(46)}${seconds.toFixed(2)} s`)
  .join("\n")}
shell samples an hour, two at a time          ${perHour.toFixed(0)}
memory of a chamber                           waiting ${mib(memory.waiting)}, running ${mib(memory.running)}
`);
}
