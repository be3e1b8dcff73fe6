import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Config, type Logger, silentLogger } from "@thymus/contracts";
import { type RunningAgent, runAgent } from "../agent.ts";
import { joinServer } from "../link/join.ts";
import type { PackageManager } from "../packages/manager.ts";
import { LinkServer } from "./link-server.ts";

export const noPackages: PackageManager = {
  vouches: async () => new Map(),
  claim: async () => null,
  contents: async () => new Map(),
  stamp: async () => "none",
  busy: async () => false,
  original: async () => ({ refused: "there are no packages" }),
  confirm: async () => [],
};

/** A machine for a test: a watched folder, a data folder, a server. */
export interface Scene {
  readonly dir: string;
  readonly watched: string;
  readonly dataDir: string;
  readonly server: LinkServer;
  readonly config: Config;
  agent: RunningAgent | null;
  startAgent(log?: Logger, packages?: PackageManager): Promise<void>;
  stopAgent(): Promise<void>;
  close(): Promise<void>;
}

export async function makeScene(
  agentConfig: Partial<Config["agent"]> = {},
  policy: Partial<Config["policy"]> = {},
): Promise<Scene> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-agent-")));
  const watched = join(dir, "watched");
  const dataDir = join(dir, "data", "agent");
  const server = await new LinkServer(join(dir, "server")).start();
  await joinServer({ dataDir, url: server.url, token: server.token, hostname: "test" });
  const config = Config.parse({
    agent: { watch: [watched], settleSeconds: 0.3, recheckSeconds: 3600, watcher: "inotify", ...agentConfig },
    policy,
  });
  const scene: Scene = {
    dir,
    watched,
    dataDir,
    server,
    config,
    agent: null,
    async startAgent(log = silentLogger, packages = noPackages) {
      scene.agent = await runAgent({ dataDir, config, log }, { packages, places: null });
      await scene.agent.baselined();
    },
    async stopAgent() {
      await scene.agent?.close();
      scene.agent = null;
    },
    async close() {
      await scene.stopAgent();
      await server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return scene;
}

/** Waits until a number is as wanted: however long that takes, as long as it moves at all. The limit only ends what stands still. */
export async function untilCount(what: string, count: () => Promise<number>, wanted: number): Promise<void> {
  let last = Number.NaN;
  let limit = 0;
  for (;;) {
    const now = await count();
    if (now === wanted) return;
    if (now !== last) limit = Date.now() + 120_000;
    last = now;
    if (Date.now() > limit) throw new Error(`${what}: ${now} for 120 s, not ${wanted}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Waits until something holds; the limit only ends a test that would never end. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const limit = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > limit) throw new Error(`did not happen within 60 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
