/**
 * Signatures and repairs against programs, infections and goodware that nobody chose: see bench/README.md.
 * `npm run bench -- signature fetch [families|train|dev|test...]`, `... signature self`, `... signature make-recipes`,
 * `... signature [--tier A,B] [--run NAME] [--yargen DIR] [--yargen-go DIR] [--cost] [--sealed] [--publish FILE] [--json]`.
 */
import { createHash } from "node:crypto";
import { cpus } from "node:os";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { writeFileAtomic } from "@thymus/store";
import { makeRecipes } from "./signature/corpora/make.ts";
import { benchData, fetchBuilds, fetchGoodware, goodware } from "./signature/corpora/parts.ts";
import { learnSelf } from "./signature/corpora/self.ts";
import type { Split } from "./signature/corpora/split.ts";
import { costTable, measureCosts } from "./signature/cost/measure.ts";
import { openYarGen } from "./signature/peers/yargen.ts";
import { openYarGenGo } from "./signature/peers/yargen-go.ts";
import { publish } from "./signature/report/publish.ts";
import { goodwareTable, sums, tables } from "./signature/report/tables.ts";
import { scanGoodware } from "./signature/run/goodware.ts";
import type { Row, Tier } from "./signature/run/row.ts";
import { commitName, openContext, tiers } from "./signature/run/run.ts";

const { values, positionals } = parseArgs({
  options: {
    tier: { type: "string" },
    run: { type: "string", default: commitName() },
    yargen: { type: "string" },
    "yargen-go": { type: "string" },
    cost: { type: "boolean", default: false },
    sealed: { type: "boolean", default: false },
    publish: { type: "string" },
    json: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const say = (line: string) => process.stderr.write(`${line}\n`);
const [verb, ...names] = positionals;
if (verb === "make-recipes") await makeRecipes(benchData(), say);
else if (verb === "self") await learnSelf(say);
else if (verb === "fetch") await fetchParts(names);
else await measure();

async function fetchParts(wanted: readonly string[]): Promise<void> {
  for (const name of wanted.length > 0 ? wanted : ["families", "train", "dev", "test"]) {
    if (name === "families") {
      const { builds, missing } = await fetchBuilds(say);
      say(`families: ${builds.length} builds, ${missing.length} missing`);
      continue;
    }
    const { packages, missing, fromSnapshot } = await fetchGoodware(name as Split, say);
    const files = packages.reduce((sum, each) => sum + each.files.length, 0);
    say(
      `${name}: ${packages.length} packages, ${files} distinct files; ${missing.length} missing, ` +
        `${fromSnapshot} from the archive of old versions`,
    );
  }
}

async function measure(): Promise<void> {
  const wanted = (values.tier?.split(",") ?? Object.keys(tiers)) as Tier[];
  const yarGen = values.yargen === undefined ? null : await openYarGen(values.yargen);
  const go = values["yargen-go"] === undefined ? [] : openYarGenGo(values["yargen-go"]);
  const peers = [...(yarGen?.peers ?? []), ...go];
  const context = await openContext({ tiers: wanted, name: values.run, peers, say });
  const rows: Row[] = [];
  for (const tier of wanted) rows.push(...(await tiers[tier]!(context)));
  await yarGen?.close();
  const part = values.sealed ? "test" : "dev";
  const scan = await context.journal.once(`goodware ${part} ${digest(rows)}`, async () =>
    scanGoodware(values.sealed ? await goodware("test") : context.dev, rows, say),
  );
  const costs = values.cost ? await measureCosts(context.dev, rows) : null;
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ rows, goodware: { part, ...scan }, costs })}\n`);
    return;
  }
  const named = part === "test" ? "sealed test part" : "dev part, on which thresholds may be tuned";
  const parts = [heading(), goodwareTable(scan, named), costs === null ? "" : costTable(costs), sums(rows)];
  process.stdout.write(`${parts.join("\n\n")}\n${tables(rows)}`);
  if (values.publish === undefined) return;
  const details = values.publish.replace(/(\.md)?$/, "-results.md");
  await writeFileAtomic(
    details,
    `# Results of the signature bench, row by row\n\n${heading()}\n\n${tables(rows)}`,
    0o644,
  );
  await publish(
    values.publish,
    `${parts.join("\n\n")}\nEvery row: [${basename(details)}](${basename(details)}).`,
  );
}

function heading(): string {
  const day = new Date().toISOString().slice(0, 10);
  return `Run ${values.run} of ${day}, ${cpus().length} processor cores.`;
}

/** The rules that were scanned with: other rules are another scan. */
function digest(rows: readonly Row[]): string {
  return createHash("sha256")
    .update(JSON.stringify(rows.map(({ rule, scope }) => [rule, scope])))
    .digest("hex")
    .slice(0, 16);
}
