/** `thymus up`: admin server, analysis centre and this machine's agent, each a process of its own, kept running. */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { joinServer, readEnrolment } from "@thymus/agent";
import { centreIsEnrolled, joinAsCentre } from "@thymus/analysis";
import { ThymusError } from "@thymus/contracts";
import { Api, urlFile } from "../api.ts";
import type { Context } from "../context.ts";
import { printJson, printLine, stderrLogger } from "../output.ts";
import { Supervised } from "../supervise.ts";
import { acting, interruptSignal, type Register, withGlobals } from "./verb.ts";

interface Options {
  listen?: string;
  watch?: string[];
  data?: string;
  config?: string;
}

const START_SECONDS = 60;

export const registerUp: Register = (program) => {
  withGlobals(program.command("up"))
    .description("start admin server, analysis centre and this machine's agent")
    .option("--listen <host:port>", "where the server listens")
    .option("--watch <dir...>", "folders that this machine's agent watches")
    .action(acting<Options>(up));
};

async function up(context: Context, options: Options): Promise<number> {
  const signal = interruptSignal();
  const log = stderrLogger("up", context.json);
  await mkdir(context.dataDir, { recursive: true, mode: 0o700 });
  await rm(urlFile(context.dataDir), { force: true });
  const shared = [
    "--data",
    context.dataDir,
    ...(options.config ? ["--config", options.config] : []),
    ...(context.json ? ["--json"] : []),
  ];
  let adminEnded = false;
  const admin = new Supervised(
    { name: "admin", args: ["admin", ...shared, ...(options.listen ? ["--listen", options.listen] : [])] },
    log,
    () => {
      adminEnded = true;
    },
  );
  const running = [admin];
  try {
    const api = await waitForServer(context, () => adminEnded, signal);
    if (!signal.aborted) {
      await enrolOwnParts(context, api);
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
      await announce(context, api);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  } finally {
    await Promise.all(running.reverse().map((role) => role.close()));
  }
  return 0;
}

/** The server is ready when it wrote its address and answers. */
async function waitForServer(context: Context, ended: () => boolean, signal: AbortSignal): Promise<Api> {
  const until = performance.now() + START_SECONDS * 1000;
  while (performance.now() < until && !signal.aborted) {
    if (ended())
      throw new ThymusError(
        "TOOL_FAILED",
        "the admin server could not start",
        "read its message above; is another one running on that port?",
      );
    if (existsSync(urlFile(context.dataDir))) {
      const api = Api.of(context);
      const answer = await fetch(new URL("/healthz", api.url)).catch(() => null);
      if (answer?.ok) return api;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new ThymusError(
    signal.aborted ? "INTERRUPTED" : "TOOL_FAILED",
    "the admin server did not get ready",
    "read its messages above",
  );
}

/** First start only: the parts on this machine join by the same one-time tokens as every other machine. */
async function enrolOwnParts(context: Context, api: Api): Promise<void> {
  const token = async (role: "agent" | "analysis") =>
    ((await api.request("POST", "/api/v1/tokens", { role, expiresSeconds: 300 })) as { token: string }).token;
  const analysisDir = join(context.dataDir, "analysis");
  if (!centreIsEnrolled(analysisDir)) await joinAsCentre(analysisDir, api.url, await token("analysis"));
  const agentDir = join(context.dataDir, "agent");
  if (!(await readEnrolment(agentDir)))
    await joinServer({ dataDir: agentDir, url: api.url, token: await token("agent"), hostname: hostname() });
}

async function announce(context: Context, api: Api): Promise<void> {
  const { token } = (await api.request("POST", "/api/v1/tokens", {
    role: "agent",
    expiresSeconds: 86_400,
  })) as { token: string };
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
