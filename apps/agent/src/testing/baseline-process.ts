/** Makes a baseline until it is killed: `node baseline-process.ts DATA TREE`. A line for each report of its threads. */
import { Config } from "@thymus/contracts";
import { openBaseline } from "../verbs/baseline.ts";

const [dataDir, tree] = process.argv.slice(2) as [string, string];
const verbs = await openBaseline({ dataDir, config: Config.parse({}) });
await verbs.create([tree], {
  threads: 1,
  onProgress({ entries }) {
    if (entries > 0) process.stdout.write("some\n");
  },
});
await verbs.close();
