/** Reads rule files of other people, gives up every right, then finds out what of them compiles; the answer is a line of JSON. */
import { readFileSync, writeSync } from "node:fs";
import { loadEngine } from "../engine/load.ts";
import { readRuleFiles } from "../rule-sets/files.ts";
import { ruleSetOf } from "../rule-sets/load.ts";
import { isHeld } from "./layers.ts";
import { bindLeave } from "./leave.ts";
import { lockDown } from "./lockdown.ts";
import { warmEngine } from "./warm.ts";

const MEMORY_BYTES = 3 * 1024 * 1024 * 1024;

const { path } = JSON.parse(readFileSync(0, "utf8")) as { path: string };
const engine = await loadEngine();
await warmEngine(engine.name);
const read = readRuleFiles(path);
const leave = bindLeave();
if (!isHeld(lockDown({ memoryBytes: MEMORY_BYTES, idle: true })))
  throw new Error("neither seccomp nor Landlock holds on this kernel");
const { bundle, rules, warnings } = ruleSetOf([read], engine);
const line = Buffer.from(
  `${JSON.stringify({
    rules,
    warnings: warnings.map((each) => each.slice(0, 1000)).slice(0, 1000),
    sources: bundle.rules.map(({ namespace, source, foreign }) => ({ namespace, source, foreign })),
  })}\n`,
);
for (let at = 0; at < line.length; ) at += writeSync(1, line, at);
leave();
