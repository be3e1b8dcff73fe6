/**
 * Signatures and repairs against programs, infections and goodware that nobody chose: see bench/README.md.
 * `npm run bench -- signature fetch [families|train|dev|test...]`, `... signature self`, `... signature make-recipes`,
 * `... signature [--tier A,B] [--run NAME] [--json]`.
 */
import { parseArgs } from "node:util";
import { makeRecipes } from "./signature/corpora/make.ts";
import { benchData, fetchBuilds, fetchGoodware } from "./signature/corpora/parts.ts";
import { learnSelf } from "./signature/corpora/self.ts";
import type { Split } from "./signature/corpora/split.ts";
import type { Row, Tier } from "./signature/run/row.ts";
import { commitName, openContext, tiers } from "./signature/run/run.ts";

const { values, positionals } = parseArgs({
  options: {
    tier: { type: "string" },
    run: { type: "string", default: commitName() },
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
  const context = await openContext({ tiers: wanted, name: values.run, peers: [], say });
  const rows: Row[] = [];
  for (const tier of wanted) rows.push(...(await tiers[tier]!(context)));
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
}
