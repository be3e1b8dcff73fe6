/** The looks at a rule that are taken over a part of goodware: what it costs, and what YARA 4 makes of it. */
import { type RuleEvaluation, type RuleJudgement, ThymusError } from "@thymus/contracts";
import type { Corpus } from "../../self/index.ts";
import { walk } from "../judge/shape.ts";
import type { RuleRegion } from "../syntax/ast.ts";
import { type Chosen, chooseFiles } from "./choose.ts";
import { measureGuarded } from "./guard.ts";
import type { Found, Judgement } from "./judge.ts";
import type { Prepared } from "./prepare.ts";
import { scanWithYara4, yara4Version } from "./yara4.ts";

const QUICK = "it was not asked for (--quick)";
const MEASURE_SECONDS = 240;
/** Files that YARA 4 scans besides: goodware, and samples. */
const GOODWARE = { files: 300, bytes: 64e6 };
const SAMPLES = { files: 1000, bytes: 256e6 };
/** Files of self that some rule hits come first, so many of each rule. */
const HIT_FIRST = 5;

export interface Judged {
  readonly namespace: string;
  readonly region: RuleRegion;
  readonly judgement: Judgement;
}
interface Looked {
  readonly prepared: Prepared;
  readonly judged: readonly Judged[];
  readonly found: Found;
  readonly corpus: Pick<Corpus, "files">;
}

/** What cannot be measured is not an error of the rules: the reason is told. */
export async function costs(
  { prepared, judged, corpus }: Looked,
  signal: AbortSignal,
  quick = false,
): Promise<{ rules: RuleJudgement["cost"][]; all: RuleEvaluation["cost"] }> {
  const none = judged.map(() => null);
  if (quick) return { rules: none, all: { files: 0, bytes: 0, why: QUICK } };
  const sources = judged.map(({ namespace, region }) => alone(prepared, namespace, region));
  try {
    const work = { measure: { sources, goodware: corpus.files.map(({ path }) => path) } };
    const measured = await measureGuarded(work, MEASURE_SECONDS, signal);
    const { files, bytes } = measured;
    const left = measured.costs.filter((cost) => cost === null).length;
    const why =
      files === 0 ? "no file of self is here" : left > 0 ? `there was no time left for ${left} rules` : null;
    return { rules: measured.costs.map((cost) => cost), all: { files, bytes, why } };
  } catch (thrown) {
    if (!(thrown instanceof ThymusError) || thrown.code === "INTERRUPTED") throw thrown;
    return { rules: none, all: { files: 0, bytes: 0, why: thrown.message } };
  }
}

/** The text of the file with this rule, global ones and those that it names, and blank instead of the others. */
function alone({ compiled }: Prepared, namespace: string, region: RuleRegion): string {
  const { text, regions } = compiled.find((each) => each.namespace === namespace)!;
  const kept = new Set<RuleRegion>(regions.filter(({ rule }) => rule?.modifiers.includes("global")));
  const keep = (wanted: RuleRegion) => {
    if (kept.has(wanted)) return;
    kept.add(wanted);
    const names = new Set<string>();
    if (wanted.rule)
      for (const expr of walk(wanted.rule.condition)) if (expr.k === "name") names.add(expr.text);
    for (const other of regions) if (wanted.rule === null || names.has(other.name)) keep(other);
  };
  keep(region);
  for (const each of [...kept]) {
    kept.delete(each);
    keep(each);
  }
  let out = text;
  for (const { start, end } of regions.filter((each) => !kept.has(each)))
    out = out.slice(0, start) + out.slice(start, end).replace(/[^\n]/g, " ") + out.slice(end);
  return out;
}

export async function compareYara4(
  { prepared, judged, found, corpus }: Looked,
  signal: AbortSignal,
  quick = false,
): Promise<{ rules: RuleJudgement["yara4"][]; all: RuleEvaluation["yara4"] }> {
  const nothing = (version: string | null, why: string) => ({
    rules: judged.map(() => null),
    all: { version, samples: 0, goodware: 0, why },
  });
  if (quick) return nothing(null, QUICK);
  const installed = yara4Version();
  if ("why" in installed) return nothing(null, installed.why);
  const { version } = installed;
  // A tarball is looked into by our scan, not by YARA.
  const plain = (paths: readonly string[]) => paths.filter((path) => !/\.t(ar\.)?gz$/.test(path));
  const samples = chooseFiles(plain(found.samples?.paths ?? []), SAMPLES);
  const hit = judged.flatMap(({ namespace, region }) =>
    plain([...found.self.of(namespace, region.name)]).slice(0, HIT_FIRST),
  );
  const goodware = chooseFiles(plain(corpus.files.map(({ path }) => path)), GOODWARE, hit);
  const known = new Set(samples.map(({ path }) => path));
  const files: Chosen[] = [...samples, ...goodware.filter(({ path }) => !known.has(path))];
  const sources = prepared.compiled.map(({ namespace, whole }) => ({ namespace, ...whole }));
  try {
    const result = await scanWithYara4(sources, files, signal);
    const left = (found.samples?.paths.length ?? 0) - samples.length;
    const why = [
      ...(left > 0 ? [`${left} samples are left out`] : []),
      ...(result.failed.size > 0 ? [`${result.failed.size} files took it too long`] : []),
    ].join("; ");
    const rules = judged.map(({ namespace, region: { name } }) => {
      const key = `${namespace}/${name}`;
      const byX = (path: string) =>
        found.self.of(namespace, name).has(path) ||
        found.samples?.hits.of(namespace, name).has(path) === true;
      const by4 = (path: string) => result.found.get(key)?.has(path) === true;
      const refused = result.refused.get(key) ?? null;
      const compared = files.map(({ path }) => path).filter((path) => !result.failed.has(path));
      return {
        refused,
        onlyYara4: refused === null ? compared.filter((path) => by4(path) && !byX(path)) : [],
        onlyYaraX: refused === null ? compared.filter((path) => byX(path) && !by4(path)) : [],
      };
    });
    return { rules, all: { version, samples: samples.length, goodware: goodware.length, why: why || null } };
  } catch (thrown) {
    if (!(thrown instanceof ThymusError) || thrown.code === "INTERRUPTED") throw thrown;
    return nothing(version, thrown.message);
  }
}
