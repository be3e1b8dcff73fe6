/** A whole agent in a process of its own: `node agent.ts FOLDER DATA fanotify|inotify`; ended by a line on its input. */
import { once } from "node:events";
import { runAgent } from "../../apps/agent/src/agent.ts";
import { Config, silentLogger } from "../../packages/contracts/src/index.ts";

const [folder, dataDir, watcher] = process.argv.slice(2) as [string, string, "fanotify" | "inotify"];
const config = Config.parse({ agent: { watch: [folder], watcher, recheckSeconds: 86_400 } });
const agent = await runAgent({ dataDir, config, log: silentLogger }, { server: null });
process.stdout.write("ready\n");
await once(process.stdin, "data");
await agent.close();
process.exit(0);
