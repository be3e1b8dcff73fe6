/** Runs an agent as its own process, for tests that kill it: argv is a JSON document {dataDir, config}. */
import { Config, silentLogger } from "@thymus/contracts";
import { runAgent } from "../agent.ts";
import { noPackages } from "./scene.ts";

const { dataDir, config } = JSON.parse(process.argv[2]!) as { dataDir: string; config: unknown };
await runAgent({ dataDir, config: Config.parse(config), log: silentLogger }, { packages: noPackages });
process.stdout.write("ready\n");
