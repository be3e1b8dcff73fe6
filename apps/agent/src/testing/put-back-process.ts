/** Puts copies back in its own process, for tests that kill it: argv is a JSON document {dataDir, config, path}. */
import { Config } from "@thymus/contracts";
import { openCopyRepairs } from "../verbs/copies.ts";

interface Wanted {
  readonly dataDir: string;
  readonly config: unknown;
  readonly path: string;
}

const { dataDir, config, path } = JSON.parse(process.argv[2]!) as Wanted;
const verbs = await openCopyRepairs({ dataDir, config: Config.parse(config) });
for await (const outcome of verbs.repair(path)) process.stdout.write(`${outcome.result}\n`);
await verbs.close();
