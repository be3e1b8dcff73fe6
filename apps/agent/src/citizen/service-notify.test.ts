import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { serviceManager } from "./service-notify.ts";

const module = join(import.meta.dirname, "service-notify.ts");

/** A service manager's socket: what it hears, line by line. */
async function listener(path: string) {
  const program = `import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
s.bind("\\0" + name[1:] if name.startswith("@") else name)
print("bound", flush=True)
while True:
    print(s.recv(4096).decode(), flush=True)
`;
  const child = spawn("python3", ["-c", program, path], { stdio: ["ignore", "pipe", "inherit"] });
  const heard: string[] = [];
  const waiting = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    heard.push(...text.trim().split("\n"));
    for (const wake of waiting) wake();
  });
  const hears = async (count: number, line: string) => {
    while (heard.filter((each) => each === line).length < count)
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
      });
  };
  await hears(1, "bound");
  return { heard, hears, child };
}

const ended = (child: ReturnType<typeof spawn>) =>
  new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.kill();
  });

test("a real socket hears that the service is ready, pings while its loop turns, and none while it is wedged", async () => {
  const dir = await mkdtemp(join(tmpdir(), "thymus-notify-"));
  for (const path of [join(dir, "notify"), `@thymus-test-${process.pid}`]) {
    const manager = await listener(path);
    const service = spawn(
      process.execPath,
      [
        "--no-warnings",
        "--input-type=module",
        "-e",
        `const { serviceManager } = await import(${JSON.stringify(module)});
const manager = serviceManager();
if (process.env.NOTIFY_SOCKET) throw new Error("a child would answer too");
manager.ready("watches 2\\nfolders");
process.stdin.once("data", () => {
  process.stdout.write("wedged");
  const until = Date.now() + 700;
  while (Date.now() < until);
  manager.stopping();
  process.stdout.write("over");
  process.exit(0);
});`,
      ],
      {
        env: { ...process.env, NOTIFY_SOCKET: path, WATCHDOG_USEC: "60000" },
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    try {
      await manager.hears(1, "READY=1");
      await manager.hears(3, "WATCHDOG=1");
      assert.ok(manager.heard.includes(`MAINPID=${service.pid}`));
      assert.ok(manager.heard.includes("STATUS=watches 2 folders"));
      let before = 0;
      service.stdout.setEncoding("utf8").on("data", (text: string) => {
        if (text.includes("wedged")) before = manager.heard.length;
      });
      service.stdin.write("wedge\n");
      await manager.hears(1, "STOPPING=1");
      const pings = manager.heard.slice(before).filter((line) => line === "WATCHDOG=1");
      assert.ok(pings.length <= 2, `${pings.length} pings of a wedged loop`);
    } finally {
      service.kill();
      await ended(manager.child);
    }
  }
  await rm(dir, { recursive: true, force: true });
});

test("without a manager nothing is sent, and a watchdog of another process is not answered", async () => {
  const sent: string[] = [];
  const send = (_path: string, text: string) => void sent.push(text);
  serviceManager({}, 1, send).ready("x");
  serviceManager({ NOTIFY_SOCKET: "vsock:2:1234" }, 1, send).ready("x");
  assert.deepEqual(sent, []);
  const manager = serviceManager(
    { NOTIFY_SOCKET: "/run/x", WATCHDOG_USEC: "30000", WATCHDOG_PID: "2" },
    1,
    send,
  );
  manager.ready("x");
  manager.status("x");
  manager.status("y");
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual(sent, ["READY=1\nMAINPID=1\nSTATUS=x", "STATUS=y"]);
});

test("a manager that is gone is no trouble", () => {
  serviceManager({ NOTIFY_SOCKET: "/nowhere/at/all" }).ready("x");
});
