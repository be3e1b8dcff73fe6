/** A whole installation of the test's own: admin server, analysis centre, agents; each a process that can be killed. */
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start, thymus } from "./cli.ts";

const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Asks until it is so; fails with `what` after `seconds`. */
export async function eventually<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | null | false | undefined>,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(0.1);
  }
}

/** One role that is started again, at once, whenever it dies. */
class Role {
  readonly name: string;
  readonly #args: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | null = null;
  #closing = false;
  starts = 0;
  log = "";

  constructor(name: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.name = name;
    this.#args = args;
    this.#env = env;
    this.#start();
  }

  #start(): void {
    this.starts += 1;
    const child = start(this.#args, this.#env);
    this.#child = child;
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding("utf8").on("data", (text: string) => (this.log = (this.log + text).slice(-20_000)));
    child.once("exit", (status, signal) => {
      this.log += `[${this.name} ended: ${signal ?? status}]\n`;
      if (!this.#closing) setTimeout(() => this.#closing || this.#start(), 100);
    });
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  async close(): Promise<void> {
    this.#closing = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), 8000);
    await gone;
    clearTimeout(killer);
  }
}

export class Installation {
  readonly folder: string;
  readonly roles: Role[] = [];
  url = "";

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `agents` data folders; the first shares the server's machine. `env` arms crash points in every role. */
  static async start(agents: number, env: NodeJS.ProcessEnv = {}): Promise<Installation> {
    const made = new Installation(await mkdtemp(join(tmpdir(), "thymus-e2e-")));
    try {
      await made.#bringUp(agents, env);
      return made;
    } catch (thrown) {
      await made.close();
      throw thrown;
    }
  }

  /** Data folder of the server (0) or of a further agent. */
  dataDir(index: number): string {
    return join(this.folder, index === 0 ? "server" : `agent-${index}`);
  }

  async #bringUp(agents: number, env: NodeJS.ProcessEnv): Promise<void> {
    const server = this.dataDir(0);
    // The port stays the same when the server is killed and started again.
    // Below those that outgoing connections take, which could hold it while the server is down.
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    this.roles.push(new Role("admin", ["admin", "--data", server, "--listen", `127.0.0.1:${port}`], env));
    this.url = await eventually("the admin server answers", 180, async () => {
      const file = join(server, "admin", "url");
      if (!existsSync(file)) return null;
      const url = (await readFile(file, "utf8")).trim();
      return (await fetch(`${url}/healthz`).catch(() => null))?.ok ? url : null;
    });
    const analysis = await this.token("analysis");
    this.roles.push(
      new Role("analysis", ["analysis", "--data", server, "--join", this.url, "--token", analysis], env),
    );
    for (let index = 0; index < agents; index++) {
      const token = await this.token("agent");
      // The server may be killed at this very moment; the same token then gives the same machine.
      await eventually(`agent ${index} joins`, 180, async () => {
        const joined = await thymus(["join", this.url, token, "--data", this.dataDir(index)]);
        return joined.status === 0;
      });
      this.roles.push(new Role(`agent-${index}`, ["agent", "--data", this.dataDir(index)], env));
    }
  }

  async token(role: "agent" | "analysis"): Promise<string> {
    return eventually("a token is made", 180, async () => {
      const made = await thymus(["admin", "token", "--role", role, "--json", "--data", this.dataDir(0)]);
      return made.status === 0 ? (JSON.parse(made.stdout) as { token: string }).token : null;
    });
  }

  async api<T>(path: string): Promise<T> {
    const token = readFileSync(join(this.dataDir(0), "admin", "api-token"), "utf8").trim();
    const answer = await fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** What every role said last, for the message of a failed test. */
  logs(): string {
    return this.roles.map((role) => `--- ${role.name} (${role.starts} starts)\n${role.log}`).join("\n");
  }

  async close(): Promise<void> {
    await Promise.all(this.roles.map((role) => role.close()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
