import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "@thymus/testkit";
import type { EncryptionReport } from "./encryption.ts";

const main = join(import.meta.dirname, "../main.ts");

async function run(args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ["--no-warnings", main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [status] = (await once(child, "close")) as [number];
  return { status, stdout, stderr };
}

test("the encryption drill tells after how many documents it was stopped, leaves nothing behind, and refuses where nothing would be stopped", {
  skip: needs("root"),
}, async (t) => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "thymus-drill-")));
  chmodSync(dir, 0o755);
  const documents = join(dir, "documents");
  mkdirSync(documents);
  const config = (mode: string) => {
    const file = join(dir, `${mode}.toml`);
    writeFileSync(
      file,
      `[agent]\nsettleSeconds = 0.3\n[agent.onAccess]\ndeadlineMs = 5000\n[agent.behaviour]\nmode = "${mode}"\ndocuments = ["${documents}"]\n`,
    );
    return ["--data", join(dir, "data"), "--config", file];
  };
  const agent = spawn(process.execPath, ["--no-warnings", main, "agent", ...config("suspend")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(agent, "exit");
  t.after(async () => {
    agent.kill("SIGKILL");
    await ended;
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  let log = "";
  await new Promise<void>((resolve) => {
    agent.once("exit", () => resolve());
    agent.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      if (log.includes("the agent watches")) resolve();
    });
  });
  const observing = await run(["drill", "encryption", ...config("observe")]);
  assert.equal(observing.status, 2);
  assert.match(observing.stderr, /CONFIG_INVALID: agent.behaviour.mode is "observe"/);
  const elsewhere = await run(["drill", "encryption", dir, ...config("suspend")]);
  assert.match(elsewhere.stderr, /NOT_FOUND/);

  const drill = await run(["drill", "encryption", "--documents", "36", "--json", ...config("suspend")]);
  assert.equal(drill.status, 0, `${drill.stdout}${drill.stderr}\n${log}`);
  const report = JSON.parse(drill.stdout) as EncryptionReport;
  assert.equal(report.stopped, "suspended");
  assert.ok(report.changed > 0 && report.changed <= 10 && report.identical, drill.stdout);
  assert.match(report.reason!, /documents? became noise/);
  assert.deepEqual(
    readdirSync(documents).filter((name) => name.startsWith("thymus-")),
    [],
  );
});
