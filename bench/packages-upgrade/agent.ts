/** The agent over a root of packages, as its own process; argv is a JSON document {dataDir, root, config}. */
import { Config, silentLogger } from "@thymus/contracts";
import { runAgent } from "../../apps/agent/src/agent.ts";
import { Dpkg } from "../../apps/agent/src/packages/dpkg/dpkg.ts";

const { dataDir, root, config } = JSON.parse(process.argv[2]!) as Record<
  "dataDir" | "root" | "config",
  string
>;
const agent = await runAgent(
  { dataDir, config: Config.parse({ agent: { watch: [root] } }), log: silentLogger },
  { server: null, packages: new Dpkg({ root, aptConfig: config }) },
);
process.stdout.write("ready\n");
process.once("SIGTERM", () => agent.close().then(() => process.exit(0)));
