/** `thymus service`: this command as a service of the machine. */
import { realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ThymusError } from "@thymus/contracts";
import { type Command, Option } from "commander";
import type { Context } from "../context.ts";
import { printJson, printLine } from "../output.ts";
import { Systemd } from "../service/systemd.ts";
import { refuseForeignCode } from "../service/trusted-code.ts";
import { type Role, roles, unitName, unitOf } from "../service/unit.ts";
import { acting, type Register, withGlobals } from "./verb.ts";

interface Options {
  role: Role;
  root?: string;
  config?: string;
}

const main = realpathSync(join(dirname(fileURLToPath(import.meta.url)), "../main.ts"));

function unit(context: Context, { role, config }: Options): string {
  return unitOf({
    role,
    node: realpathSync(process.execPath),
    main,
    dataDir: context.dataDir,
    args: config ? ["--config", resolve(config)] : [],
    answers: context.config.agent.onAccess.mode !== "off",
  });
}

function systemdOf(root: string | undefined): Systemd {
  if (root !== undefined) return new Systemd(resolve(root));
  const systemd = Systemd.ofThisMachine();
  if (process.getuid?.() !== 0)
    throw new ThymusError("FORBIDDEN", "a service of the machine is made by root", "run it with sudo");
  return systemd;
}

const command = (parent: Command, name: string) =>
  withGlobals(parent.command(name)).addOption(
    new Option("--role <role>", "what it runs").choices([...roles]).default("agent"),
  );
const image = ["--root <dir>", "a file system that is not running, e.g. of an image"] as const;

export const registerService: Register = (program) => {
  const service = program.command("service").description("keep it running by this machine's systemd");
  command(service, "install")
    .description("write the unit, enable it and start it")
    .option(...image)
    .action(
      acting<Options>(async (context, options) => {
        const systemd = systemdOf(options.root);
        if (options.root === undefined) refuseForeignCode([process.execPath, main]);
        await systemd.install(options.role, unit(context, options));
        const file = systemd.fileOf(options.role);
        if (context.json) printJson({ installed: file });
        else
          printLine(
            options.root === undefined
              ? `${file} is installed and started; see: systemctl status ${unitName(options.role)}`
              : `${file} is installed and starts with that system`,
          );
        return 0;
      }),
    );
  command(service, "uninstall")
    .description("stop it and remove the unit; the data folder stays")
    .option(...image)
    .action(
      acting<Options>(async (context, options) => {
        const was = systemdOf(options.root).uninstall(options.role);
        if (context.json) printJson({ removed: was });
        else if (was) printLine(`${unitName(options.role)} is gone; the data stay in ${context.dataDir}`);
        else printLine(`${unitName(options.role)} was not installed`);
        return 0;
      }),
    );
  command(service, "status")
    .description("what systemd says of it")
    .addHelpText("after", "\nExit status: 0 it runs, 1 it does not, 2 error.")
    .action(
      acting<Options>(async (context, { role }) => {
        const found = Systemd.ofThisMachine().status(role);
        if (context.json) printJson(found ?? { ActiveState: "not installed" });
        else if (found === null) printLine(`${unitName(role)} is not installed`);
        else for (const [name, value] of Object.entries(found)) printLine(`${name.padEnd(14)} ${value}`);
        return found?.ActiveState === "active" ? 0 : 1;
      }),
    );
  command(service, "print")
    .description("show the unit and change nothing")
    .action(
      acting<Options>(async (context, options) => {
        const text = unit(context, options);
        if (context.json) printJson({ name: unitName(options.role), unit: text });
        else process.stdout.write(text);
        return 0;
      }),
    );
};
