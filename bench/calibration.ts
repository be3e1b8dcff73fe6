/**
 * How often a single string of a good program recurs in other good programs, over the threshold of its improbability (Kephart and
 * Arnold 1994 found none at ln p <= -68 with their model), and how near unseen good programs come to whole rules.
 * `npm run bench -- calibration [--svg FILE]`; uses the train and dev parts of goodware that `npm run bench -- signature fetch` brings,
 * never the test part.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Curve, curvesOf } from "./calibration/curve.ts";
import { draw } from "./calibration/draw.ts";
import { svgOf } from "./calibration/draw-curve.ts";
import { margins } from "./calibration/margin.ts";
import { recurring } from "./calibration/recurrence.ts";
import { fetchBuilds, goodware } from "./signature/corpora/parts.ts";
import { openSelf } from "./signature/corpora/self.ts";

const { values } = parseArgs({ options: { svg: { type: "string" } } });
const say = (line: string) => process.stderr.write(`${line}\n`);
const out = (line: string) => process.stdout.write(`${line}\n`);

const [train, dev] = [await goodware("train"), await goodware("dev")];
const self = await openSelf();
const runs = draw(dev);
say(`${runs.length} runs drawn; looking for them in ${dev.length} and ${train.length} files`);
const inDev = recurring(runs, dev);
const inTrain = recurring(runs, train);
const judged = runs.map((run) => ({
  kind: run.kind,
  logProbability: self.logProbability(run.bytes),
  absent: !inTrain.has(run),
  recurs: inDev.has(run),
}));
const curves = curvesOf(judged);
for (const curve of curves) table(curve);
if (values.svg !== undefined) writeFileSync(values.svg, svgOf(curves));

const { builds } = await fetchBuilds(say);
out("| family | strings | needed | fewest in an unseen build | most in an unseen good program |");
out("| --- | --- | --- | --- | --- |");
for (const each of await margins(builds, dev, self)) {
  out(`| ${each.family} | ${each.strings} | ${each.needed} | ${each.fewest} | ${each.nearest} |`);
}

function table({ name, points }: Curve): void {
  out(`${name}:`);
  out("| ln p at most | strings | recur elsewhere | share |");
  out("| --- | --- | --- | --- |");
  for (const { threshold, taken, wrong } of points)
    out(`| ${threshold} | ${taken} | ${wrong} | ${((100 * wrong) / taken).toFixed(2)} % |`);
  out("");
}
