/** `thymus up`: admin server, analysis centre and this machine's agent, each a process of its own, kept running. */
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { followServer, joinServer, readEnrolment, type ServiceManager, serviceManager } from "@thymus/agent";
import { centreIsEnrolled, joinAsCentre, moveCentre } from "@thymus/analysis";
import { type Logger, ThymusError } from "@thymus/contracts";
import { holdLock } from "@thymus/store";
import { Api } from "../api.ts";
import type { Context } from "../context.ts";
import { printJson, printLine, stderrLogger } from "../output.ts";
import { Supervised } from "../supervise.ts";
import { acting, interruptSignal, linuxOnly, type Register, withGlobals } from "./verb.ts";

interface Options {
  listen?: string;
  watch?: string[];
  data?: string;
  config?: string;
}

const START_SECONDS = 60;

export const registerUp: Register = (program) => {
  withGlobals(program.command("up"))
    .hook("preAction", linuxOnly)
    .description("start admin server, analysis centre and this machine's agent")
    .option("--listen <host:port>", "where the server listens")
    .option("--watch <dir...>", "folders that this machine's agent watches")
    .action(acting<Options>(up));
};

async function up(context: Context, options: Options): Promise<number> {
  const signal = interruptSignal();
  const log = stderrLogger("up", context.json);
  const manager = serviceManager();
  await mkdir(context.dataDir, { recursive: true, mode: 0o700 });
  const release = await holdLock(join(context.dataDir, "up.lock"), {
    what: `thymus up of ${context.dataDir}`,
  });
  try {
    return await upHeld(context, options, signal, log, manager);
  } finally {
    release();
  }
}

async function upHeld(
  context: Context,
  options: Options,
  signal: AbortSignal,
  log: Logger,
  manager: ServiceManager,
): Promise<number> {
  const shared = [
    "--data",
    context.dataDir,
    ...(options.config ? ["--config", options.config] : []),
    ...(context.json ? ["--json"] : []),
  ];
  const server: { url: string | null; ended: boolean } = { url: null, ended: false };
  const admin = new Supervised(
    {
      name: "admin",
      args: ["admin", ...shared, ...(options.listen ? ["--listen", options.listen] : [])],
      onExit: () => {
        server.ended = true;
      },
      onMessage: (message) => {
        server.url = (message as { url: string }).url;
      },
    },
    log,
  );
  const running = [admin];
  try {
    const api = await waitForServer(context, server, signal);
    if (!signal.aborted) {
      const token = await newToken(api, "agent", 86_400);
      await enrolOwnParts(context, api, token);
      running.push(new Supervised({ name: "analysis", args: ["analysis", ...shared] }, log));
      running.push(
        new Supervised(
          {
            name: "agent",
            args: ["agent", ...shared, ...(options.watch ? ["--watch", ...options.watch] : [])],
          },
          log,
        ),
      );
      announce(context, api, token);
      manager.ready(`listening on ${api.url}`);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  } finally {
    manager.stopping();
    await Promise.all(running.reverse().map((role) => role.close()));
  }
  return 0;
}

/** The server is ready when it told its address. */
async function waitForServer(
  context: Context,
  server: { readonly url: string | null; readonly ended: boolean },
  signal: AbortSignal,
): Promise<Api> {
  const until = performance.now() + START_SECONDS * 1000;
  while (performance.now() < until && !signal.aborted) {
    if (server.url !== null) return Api.at(context, server.url);
    if (server.ended)
      throw new ThymusError("TOOL_FAILED", "the admin server could not start", "read its message above");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new ThymusError(
    signal.aborted ? "INTERRUPTED" : "TOOL_FAILED",
    "the admin server did not get ready",
    "read its messages above",
  );
}

async function newToken(api: Api, role: "agent" | "analysis", expiresSeconds: number): Promise<string> {
  const made = await api.request("POST", "/api/v1/tokens", { role, expiresSeconds });
  return (made as { token: string }).token;
}

/**
 * On the first start the parts on this machine join by the same one-time tokens as every other machine; later they only
 * follow this server to another address, for which its token `shown` names it and stays unused. Parts that belong to another server stay with it.
 */
async function enrolOwnParts(context: Context, api: Api, shown: string): Promise<void> {
  const { url } = api;
  const centre = join(context.dataDir, "analysis");
  if (centreIsEnrolled(centre)) await moveCentre(centre, url, shown);
  else await joinAsCentre(centre, url, await newToken(api, "analysis", 300));
  const agent = join(context.dataDir, "agent");
  if (await readEnrolment(agent)) await followServer(agent, url, shown);
  else
    await joinServer({
      dataDir: agent,
      url,
      token: await newToken(api, "agent", 300),
      hostname: hostname(),
    });
}

function announce(context: Context, api: Api, token: string): void {
  if (context.json) {
    printJson({ url: api.url, data: context.dataDir, join: token });
    return;
  }
  printLine("");
  printLine("Thymus is up.");
  printLine(`  console        ${api.url}/   (its key: cat ${join(context.dataDir, "admin", "api-token")})`);
  printLine(`  data           ${context.dataDir}`);
  printLine(`  watched        ${join(context.dataDir, "agent", "drill")} and the folders of --watch`);
  printLine(`  more machines  thymus join ${api.url} ${token}`);
  printLine(`  see it work    npx thymus drill infection --data ${context.dataDir}`);
  printLine("");
}
