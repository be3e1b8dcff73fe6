/**
 * Naming: real programs arrive one after the other, and each is told to be of a known family or new. Builds of the families of
 * the signature bench, and programs of dev that have nothing to do with them. `npm run bench -- families [--others N] [--json]`.
 */
import { parseArgs } from "node:util";
import { type Arrival, arrivals } from "./families/arrivals.ts";
import { nameAll, table } from "./families/naming.ts";
import { openSelf } from "./signature/corpora/self.ts";

const { values } = parseArgs({
  options: { others: { type: "string", default: "150" }, json: { type: "boolean", default: false } },
});
const say = (line: string) => process.stderr.write(`${line}\n`);
const list: Arrival[] = await arrivals(Number(values.others), say);
const result = await nameAll(list, await openSelf(), say);
process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${table(result)}\n`);
