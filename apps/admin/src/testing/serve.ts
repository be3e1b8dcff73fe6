/** The admin server as a process of its own, so that a test can kill it: serve.ts FOLDER HOST:PORT MILLISECONDS-AHEAD */
import { Config, silentLogger } from "@thymus/contracts";
import { startAdmin } from "../index.ts";

const [folder = "", listen = "127.0.0.1:0", ahead = "0"] = process.argv.slice(2);
const { url, apiToken } = await startAdmin({
  dataDir: `${folder}/admin`,
  config: Config.parse({}),
  listen,
  consoleDir: `${folder}/page`,
  log: silentLogger,
  now: () => Date.now() + Number(ahead),
});
process.stdout.write(`${JSON.stringify({ url, apiToken })}\n`);
