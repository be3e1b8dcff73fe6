/** Every place at which a test may kill a process, read from the source so that none is left out, and who kills there. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** Names of all crash points; what is put together at run time ends in `*`. */
export async function crashPoints(): Promise<string[]> {
  const names = new Set<string>();
  for (const top of ["apps", "packages"])
    for (const file of await readdir(join(root, top), { recursive: true })) {
      if (!/^[^/]+\/src\/.*\.ts$/.test(file) || file.endsWith(".test.ts")) continue;
      const text = await readFile(join(root, top, file), "utf8");
      for (const [, name] of text.matchAll(/(?<!function )\bfailpoint\(([^)]*)/g)) names.add(plain(name!));
    }
  return [...names].sort();
}

const plain = (argument: string) =>
  argument
    .replace(/^["`]/, "")
    .replace(/\$\{.*$/s, "*")
    .replace(/["`].*$/s, "");

/** Crash points that a drill that heals does not pass, each with the test that kills there instead. */
export const killedElsewhere: Readonly<Record<string, string>> = {
  "admin.fleet.part": "apps/admin/src/kill.test.ts",
  "admin.recall.given-back": "apps/admin/src/kill.test.ts",
  "admin.rollout.replaced": "apps/admin/src/kill.test.ts",
  "agent.baseline.recorded": "apps/agent/src/first-baseline.test.ts",
  "agent.copy.after-rename": "apps/agent/src/copies/put-back.test.ts",
  "agent.copy.before-drop": "apps/agent/src/copies/put-back.test.ts",
  "agent.copy.before-record": "apps/agent/src/copies/put-back.test.ts",
  "agent.copy.before-rename": "apps/agent/src/copies/put-back.test.ts",
  "agent.copy.before-seal": "apps/agent/src/copies/put-back.test.ts",
  "agent.brought-back": "apps/agent/src/crash.test.ts",
  "agent.contributed": "apps/agent/src/contribution/contribution.test.ts",
  "agent.recall.before-restore": "apps/agent/src/crash.test.ts",
  "agent.restore.after-swap": "apps/agent/src/crash.test.ts",
  "agent.restore.before-swap": "apps/agent/src/crash.test.ts",
  "agent.retired": "apps/agent/src/crash.test.ts",
  // A drill that infects is not stopped: behaviours are only observed there.
  "agent.stop.back": "apps/agent/src/behaviour/stopping/resume.test.ts",
  "agent.stop.before-back": "apps/agent/src/behaviour/stopping/resume.test.ts",
  "agent.stop.frozen": "apps/agent/src/behaviour/stopping/resume.test.ts",
  "agent.stop.halted": "apps/agent/src/behaviour/stopping/resume.test.ts",
  // It ends the process of the trial, not the agent.
  "agent.trial.child": "apps/agent/src/trial/trial.test.ts",
  "analysis.corpus.before-index": "apps/analysis/src/self/learn/unfinished.test.ts",
  "analysis.corpus.before-manifest": "apps/analysis/src/self/corpus.test.ts",
  "analysis.corpus.filter-saved": "apps/analysis/src/self/corpus.test.ts",
  "analysis.corpus.imported": "apps/analysis/src/self/portable/portable.test.ts",
  "analysis.corpus.read": "apps/analysis/src/self/corpus.test.ts",
  // An analysis that ended in five crashes is given up: the walk has room for one of the family's.
  "analysis.family.evidence-kept": "apps/analysis/src/families/crash.test.ts",
  // A drill alone has no relatives to learn from.
  "analysis.family.learned": "apps/analysis/src/families/crash.test.ts",
  "analysis.family.proved": "apps/analysis/src/families/crash.test.ts",
  "analysis.family.remembered": "apps/analysis/src/families/crash.test.ts",
  // A drill that heals is never known before.
  "analysis.intake.answered-at-once": "apps/analysis/src/intake/intake.test.ts",
  "chamber.build.*": "apps/analysis/src/chamber/build/kill.test.ts",
  "store.migration.before-commit": "packages/store/src/store.test.ts",
};

/** Crash points that the loop of a drill passes: the test of the whole loop kills at each. */
export const walked = async (): Promise<string[]> =>
  (await crashPoints()).filter((name) => !(name in killedElsewhere));
