/**
 * Signatures and repairs against programs, infections and goodware that nobody chose: see bench/README.md.
 * `npm run bench -- signature fetch [families|train|dev|test...]`, `... signature make-recipes`, `... signature [--tier A,B]`.
 */
import { parseArgs } from "node:util";
import { makeRecipes } from "./signature/corpora/make.ts";
import { benchData, fetchBuilds, fetchGoodware } from "./signature/corpora/parts.ts";

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean", default: false } },
  allowPositionals: true,
});
const say = (line: string) => process.stderr.write(`${line}\n`);
void values;
const [verb, ...names] = positionals;
if (verb === "make-recipes") await makeRecipes(benchData(), say);
else if (verb === "fetch") {
  for (const name of names.length > 0 ? names : ["families", "train", "dev", "test"]) {
    if (name === "families") {
      const { builds, missing } = await fetchBuilds(say);
      say(`families: ${builds.length} builds, ${missing.length} missing`);
    } else {
      const { packages, missing, fromSnapshot } = await fetchGoodware(name as "train", say);
      const files = packages.reduce((sum, each) => sum + each.files.length, 0);
      say(
        `${name}: ${packages.length} packages, ${files} distinct files; ${missing.length} missing, ${fromSnapshot} from the archive of old versions`,
      );
    }
  }
}
