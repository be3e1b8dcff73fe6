/** Runs an agent as its own process, for tests that kill it: argv is a JSON document {dataDir, config, deadly}. */
import { Config, silentLogger } from "@thymus/contracts";
import { loadEngine, type RuleEngine } from "@thymus/detection";
import { runAgent } from "../agent.ts";
import { noPackages } from "./scene.ts";

const { dataDir, config, deadly } = JSON.parse(process.argv[2]!) as {
  dataDir: string;
  config: unknown;
  /** Words of a rule that the engine does not survive: as it is loaded, or as it meets a file with them. */
  deadly?: { readonly loading?: string; readonly scanning?: string };
};

/** Stands for an engine with a defect: some rules, or some files, end the process. */
async function deadlyEngine(): Promise<RuleEngine> {
  const engine = await loadEngine();
  const die = (text: string, words: string | undefined) => {
    if (words && text.includes(words)) process.kill(process.pid, "SIGKILL");
  };
  return {
    ...engine,
    compile(sources, options) {
      die(sources.map(({ source }) => source).join(), deadly?.loading);
      const rules = engine.compile(sources, options);
      return {
        ...rules,
        scan(bytes) {
          die(Buffer.from(bytes).toString("latin1"), deadly?.scanning);
          return rules.scan(bytes);
        },
      };
    },
  };
}

const agent = await runAgent(
  { dataDir, config: Config.parse(config), log: silentLogger },
  { packages: noPackages, places: null, ...(deadly && { engine: deadlyEngine }) },
);
await agent.baselined();
process.stdout.write("ready\n");
