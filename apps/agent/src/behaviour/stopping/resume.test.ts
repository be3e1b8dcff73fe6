import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Config } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { DRILL_USER, makeDrillArea, placeEncryptor } from "@thymus/testkit/live-drill";
import { sha256Of } from "../../files/regular.ts";
import { until } from "../../testing/scene.ts";
import { openProcesses } from "../../verbs/processes.ts";

const program = fileURLToPath(new URL("../../testing/agent-process.ts", import.meta.url));
const over = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

const deaths = [
  { point: "agent.stop.halted", mode: "suspend" },
  { point: "agent.stop.frozen", mode: "end" },
  { point: "agent.stop.before-back", mode: "end" },
  { point: "agent.stop.back", mode: "suspend" },
  // Whoever switches it off meanwhile has not said that what was begun stays half done.
  { point: "agent.stop.frozen", mode: "suspend", later: "off" },
] as const;

for (const { point, mode, ...next } of deaths)
  test(`killed at ${point}, the next agent${"later" in next ? `, switched ${next.later},` : ""} goes on with the stopped tree`, {
    skip: needs("root"),
  }, async (t) => {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), "thymus-resume-")));
    chmodSync(dir, 0o755);
    const children: ChildProcess[] = [];
    t.after(async () => {
      for (const child of children)
        if (!over(child)) {
          child.kill("SIGKILL");
          await once(child, "exit");
        }
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    });
    const area = join(dir, "documents");
    mkdirSync(area);
    const paths = makeDrillArea(area, 24, 12);
    const before = paths.map((path) => sha256Of(readFileSync(path)));
    const dataDir = join(dir, "data");
    mkdirSync(dataDir, { mode: 0o700 });
    const start = async (mode: string, env: NodeJS.ProcessEnv) => {
      const config = Config.parse({
        agent: { settleSeconds: 0.3, behaviour: { mode, documents: [area] }, onAccess: { deadlineMs: 5000 } },
      });
      const agent = spawn(process.execPath, [program, JSON.stringify({ dataDir, config })], {
        ...{ stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } },
      });
      children.push(agent);
      await Promise.race([once(agent.stdout!, "data"), once(agent, "exit")]);
      return agent;
    };
    const first = await start(mode, { THYMUS_FAILPOINT: point, THYMUS_FAILPOINT_ONCE: join(dir, "died") });
    const encryptor = spawn("python3", [placeEncryptor(dir), area, "skip-hidden"], {
      ...{ uid: DRILL_USER, gid: DRILL_USER, stdio: "ignore" },
    });
    children.push(encryptor);
    await until("the agent is killed", () => over(first));
    assert.ok(existsSync(join(dir, "died")));
    await start("later" in next ? next.later : mode, {});
    const verbs = await openProcesses({ dataDir });
    t.after(() => verbs.close());
    // All of it was done before the agent says that it is ready.
    const [tree, ...more] = await verbs.list();
    assert.deepEqual(more, []);
    assert.equal(tree!.state, mode === "end" ? "ended" : "suspended");
    assert.ok(
      tree!.files.some(({ result }) => result === "back"),
      JSON.stringify(tree!.files),
    );
    assert.deepEqual(
      paths.map((path) => sha256Of(readFileSync(path))),
      before,
    );
    if (mode === "suspend") assert.equal((await verbs.end(tree!.id)).state, "ended");
    if (!over(encryptor)) await once(encryptor, "exit");
  });
