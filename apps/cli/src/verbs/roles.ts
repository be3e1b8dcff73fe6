/** One role alone: admin server, analysis centre, agent; and how a machine joins. */
import { cpus, hostname } from "node:os";
import { join } from "node:path";
import { startAdmin } from "@thymus/admin";
import { joinServer, serviceManager, startAgent } from "@thymus/agent";
import { analysisWorkers, centreIsEnrolled, joinAsCentre, startCentre } from "@thymus/analysis";
import { consoleDir } from "@thymus/console";
import { ThymusError } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { drillProgramsFolder } from "@thymus/testkit/drills";
import { Api, urlFile } from "../api.ts";
import type { Context } from "../context.ts";
import { printJson, printLine, stderrLogger } from "../output.ts";
import { prepareAnalysis } from "../prepare.ts";
import { acting, interruptSignal, linuxOnly, numberOption, type Register, withGlobals } from "./verb.ts";

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

export const registerAdmin: Register = (program) => {
  const admin = withGlobals(program.command("admin"))
    .description("the admin server alone")
    .option("--listen <host:port>", "where to listen")
    .action(
      acting<{ listen?: string }>(async (context, options) => {
        const signal = interruptSignal();
        const log = stderrLogger("admin", context.json);
        const manager = serviceManager();
        const server = await startAdmin({
          dataDir: join(context.dataDir, "admin"),
          config: context.config,
          listen: options.listen ?? context.config.admin.listen,
          consoleDir,
          log,
        });
        await writeFileAtomic(urlFile(context.dataDir), `${server.url}\n`);
        process.send?.({ url: server.url });
        log.info(`listening on ${server.url}`);
        manager.ready(`listening on ${server.url}`);
        await untilAborted(signal);
        manager.stopping();
        await server.close();
        return 0;
      }),
    );
  withGlobals(admin.command("token"))
    .description("make a one-time token with which a machine joins")
    .option("--role <role>", "agent or analysis", "agent")
    .option("--expires <seconds>", "seconds until it expires", numberOption(1, 2_592_000), 86_400)
    .action(
      acting<{ role: string; expires: number }>(async (context, options) => {
        const api = Api.of(context);
        const made = await api.request("POST", "/api/v1/tokens", {
          role: options.role,
          expiresSeconds: options.expires,
        });
        const { token } = made as { token: string };
        if (context.json) printJson(made);
        else printLine(options.role === "agent" ? `thymus join ${api.url} ${token}` : token);
        return 0;
      }),
    );
};

/** Says each step once, and how far it is not: a service has no terminal. */
async function prepare(context: Context, signal: AbortSignal): Promise<void> {
  const log = stderrLogger("analysis", context.json);
  let said = "";
  const onProgress = (step: string) => {
    // What a tool says of its own work is for a person who waits at a terminal.
    const [stage] = step.split(": ").slice(0, 2).join(": ").split(" (");
    if (stage === said) return;
    said = stage!;
    log.info(stage!);
  };
  await prepareAnalysis(context, { onProgress, signal });
  log.info("chamber and self are ready");
}

export const registerAnalysis: Register = (program) => {
  withGlobals(program.command("analysis"))
    .hook("preAction", linuxOnly)
    .description("the analysis centre alone")
    .option("--join <url>", "enrol with this admin server first")
    .option("--token <token>", "one-time token made by: thymus admin token --role analysis")
    .action(
      acting<{ join?: string; token?: string }>(async (context, options) => {
        const signal = interruptSignal();
        const dataDir = join(context.dataDir, "analysis");
        if (options.join && !centreIsEnrolled(dataDir)) {
          if (!options.token)
            throw new ThymusError(
              "USAGE",
              "--join needs --token",
              "make one with: thymus admin token --role analysis",
            );
          await joinAsCentre(dataDir, options.join, options.token);
        }
        if (!centreIsEnrolled(dataDir))
          throw new ThymusError(
            "NOT_FOUND",
            `${dataDir} is not enrolled with an admin server`,
            "use --join URL --token TOKEN",
          );
        const manager = serviceManager();
        await prepare(context, signal);
        const centre = await startCentre({
          dataDir,
          chamberDir: context.chamberDir,
          corpusDir: context.corpusDir,
          drillPrograms: drillProgramsFolder,
          config: context.config,
          log: stderrLogger("analysis", context.json),
          workers: context.config.analysis.workers || analysisWorkers(),
          parallel: Math.min(2, cpus().length),
        });
        manager.ready("takes samples");
        await untilAborted(signal);
        manager.stopping();
        await centre.close();
        return 0;
      }),
    );
};

export const registerAgent: Register = (program) => {
  withGlobals(program.command("agent"))
    .hook("preAction", linuxOnly)
    .description("this machine's agent alone")
    .option("--watch <dir...>", "folders to watch, besides those of the configuration")
    .action(
      acting<{ watch?: string[] }>(async (context, options) => {
        const signal = interruptSignal();
        const config = {
          ...context.config,
          agent: {
            ...context.config.agent,
            watch: [...context.config.agent.watch, ...(options.watch ?? [])],
          },
        };
        const manager = serviceManager();
        const agent = await startAgent({
          dataDir: join(context.dataDir, "agent"),
          config,
          configFile: context.configFile,
          log: stderrLogger("agent", context.json),
        });
        manager.ready(`watches ${config.agent.watch.join(" ") || "the drill folder only"}`);
        await untilAborted(signal);
        manager.stopping();
        await agent.close();
        return 0;
      }),
    );
};

export const registerJoin: Register = (program) => {
  withGlobals(program.command("join"))
    .description("enrol this machine's agent with an admin server")
    .argument("<url>", "address of the admin server")
    .argument("<token>", "one-time token made by: thymus admin token")
    .option("--proxy <url>", "HTTP proxy on the way to the server")
    .action(
      acting<{ proxy?: string }>(async (context, options, [url, token]) => {
        const machine = await joinServer({
          dataDir: join(context.dataDir, "agent"),
          url: url!,
          token: token!,
          hostname: hostname(),
          ...(options.proxy ? { proxy: options.proxy } : {}),
        });
        if (context.json) printJson({ machine, url });
        else printLine(`joined ${url} as ${machine}; start the agent with: thymus agent`);
        return 0;
      }),
    );
};
