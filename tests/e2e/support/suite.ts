/** Runs one program of the suite of behaviours: straight on the chamber, then to its verdict. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SuiteProgram } from "@thymus/testkit/behaviours";
import { drillProgramsFolder } from "@thymus/testkit/drills";
import { loadRun } from "../../../apps/analysis/src/behaviour/load.ts";
import { type Understanding, understand } from "../../../apps/analysis/src/behaviour/understand.ts";
import {
  type Chamber,
  type ChamberResult,
  createDecoys,
  plainConditions,
} from "../../../apps/analysis/src/chamber/index.ts";
import { createWorld, findThefts } from "../../../apps/analysis/src/world/index.ts";

/** Longest time in seconds that one program may take, restore included. */
const BUDGET = 150;
const HOME = "/home/sam";

export interface Outcome {
  readonly program: SuiteProgram;
  readonly result: ChamberResult;
  readonly view: Understanding;
}

export async function runProgram(
  chamber: Chamber,
  chamberDir: string,
  program: SuiteProgram,
): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "thymus-suite-"));
  try {
    // The same each time, so that a run can be compared with the page; another word gives other decoys and secrets.
    const seed = `${process.env.THYMUS_SUITE_SEED ?? "suite"} ${program.id}`;
    const made = await createWorld(seed);
    const own = (program.files ?? []).map(({ path, content }) => ({
      path: `${HOME}/${path}`,
      mode: 0o644,
      root: false,
      content: Buffer.from(content),
    }));
    const world = { ...made, files: [...made.files, ...own] };
    const decoys = await createDecoys({ chamberDir, seed, folder: join(folder, "decoys") });
    const outputDir = join(folder, "out");
    await mkdir(outputDir);
    const result = await chamber.run({
      sample: { path: program.file, name: program.id, type: program.type },
      decoys,
      world,
      conditions: { ...plainConditions, clockOffset: program.clockOffset ?? 0 },
      plan: null,
      drillPrograms: program.harmful ? drillProgramsFolder : null,
      budgetSeconds: BUDGET,
      outputDir,
    });
    const bytes = await readFile(program.file);
    const sample = { name: program.id, type: program.type, bytes };
    const thefts = findThefts(world, result.trace, result.network, result.published);
    return { program, result, view: understand(await loadRun({ result, decoys, world, thefts, sample })) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs all of them, `abreast` at a time, in their order. */
export async function runSuite(
  chamber: Chamber,
  chamberDir: string,
  programs: readonly SuiteProgram[],
  abreast: number,
): Promise<Map<string, Outcome | Error>> {
  const outcomes = new Map<string, Outcome | Error>();
  const waiting = [...programs];
  await Promise.all(
    Array.from({ length: abreast }, async () => {
      for (let program = waiting.shift(); program; program = waiting.shift())
        outcomes.set(
          program.id,
          await runProgram(chamber, chamberDir, program).catch((error: Error) => error),
        );
    }),
  );
  return outcomes;
}
