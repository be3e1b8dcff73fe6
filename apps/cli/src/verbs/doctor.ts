/** What works on this machine, what is missing, how to get it. Each row is found by trying. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { arch, cpus, platform, totalmem } from "node:os";
import { join } from "node:path";
import { agentAbilities } from "@thymus/agent";
import { chamberPackages, chamberPaths, confinementWorks, readProbe } from "@thymus/analysis";
import { loadEngine, missingLayers, probeConfinement } from "@thymus/detection";
import type { Context } from "../context.ts";
import { printJson, printLine } from "../output.ts";
import { acting, type Register, withGlobals } from "./verb.ts";

interface Check {
  readonly name: string;
  /** `missing` keeps a part from working; `note` does not. */
  readonly state: "works" | "missing" | "note";
  readonly found: string;
  readonly fix: string | null;
}

const probe = (command: string, args: string[]): string | null => {
  const run = spawnSync(command, args, { encoding: "utf8", timeout: 20_000 });
  return run.status === 0 ? (run.stdout.split("\n")[0] ?? "").trim() : null;
};

async function examine(context: Context): Promise<Check[]> {
  const checks: Check[] = [];
  const add = (
    name: string,
    ok: boolean,
    found: string,
    fix: string | null,
    otherwise: "missing" | "note" = "missing",
  ) => checks.push({ name, state: ok ? "works" : otherwise, found, fix: ok ? null : fix });
  const apt = `apt-get install --no-install-recommends ${chamberPackages.join(" ")}`;
  add(
    "runtime",
    Number(process.versions.node.split(".")[0]) >= 26,
    `Node ${process.versions.node}`,
    "run npm test or npm start once: it installs the pinned runtime",
  );
  add(
    "platform",
    platform() === "linux",
    `${platform()} ${arch()}, ${cpus().length} processors, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    "Thymus protects Linux machines",
  );
  const engine = await loadEngine().catch(() => null);
  add(
    "scanning",
    engine !== null,
    engine ? `YARA-X, ${engine.name}` : "no engine",
    "run: npm test, which installs the engines",
  );
  add(
    "confinement",
    confinementWorks(),
    confinementWorks() ? "bubblewrap makes namespaces" : "bwrap is missing or may not",
    apt,
  );
  const held = await probeConfinement().then(missingLayers, (error: Error) => [error.message]);
  add(
    "confined scans",
    held.length === 0,
    held.length === 0 ? "what reads hostile files has no rights, in every layer" : held.join("; "),
    "bubblewrap, and a kernel with Landlock and seccomp; root in a container needs SETUID, SETGID and SYS_ADMIN",
    "note",
  );
  const qemu = probe("qemu-system-x86_64", ["--version"]);
  add("chamber engine", qemu !== null, qemu ?? "no qemu-system-x86_64", apt);
  add(
    "chamber image",
    existsSync(context.chamberDir) && existsSync(join(context.chamberDir, "manifest.json")),
    context.chamberDir,
    `thymus chamber build --data ${context.dataDir}`,
  );
  const kvm = readProbe(chamberPaths(context.chamberDir));
  add(
    "KVM",
    kvm?.works === true,
    kvm ? (kvm.works ? "the guest boots with it" : `not used: ${kvm.why}`) : "not tried yet",
    kvm
      ? "chambers run by software emulation, several times slower; a machine of one's own has it"
      : "thymus chamber build tries it",
    "note",
  );
  add(
    "self",
    existsSync(join(context.corpusDir, "manifest.json")),
    context.corpusDir,
    `thymus corpus build --data ${context.dataDir}`,
  );
  add(
    "root",
    process.getuid?.() === 0,
    `user ${process.getuid?.()}`,
    "as root the agent can repair files of every owner",
    "note",
  );
  let writable = true;
  try {
    mkdirSync(context.dataDir, { recursive: true, mode: 0o700 });
    accessSync(context.dataDir, constants.W_OK);
  } catch {
    writable = false;
  }
  add("data folder", writable, context.dataDir, "name another one with --data");
  add(
    "agent",
    existsSync(join(context.dataDir, "agent", "agent.db")),
    "enrolment",
    "thymus up, or thymus join URL TOKEN",
    "note",
  );
  for (const { name, works, found, fix } of await agentAbilities()) add(name, works, found, fix, "note");
  const { contribute } = context.config.agent;
  add(
    "self of the fleet",
    contribute,
    contribute
      ? "this agent tells its server digests and sizes of package programs"
      : "this agent tells nobody what it holds",
    "agent.contribute = true in thymus.toml lets it, see docs/guide/self-of-the-fleet.md",
    "note",
  );
  return checks;
}

export const registerDoctor: Register = (program) => {
  withGlobals(program.command("doctor"))
    .description("what works on this machine, what is missing, how to get it")
    .addHelpText("after", "\nExit status: 0 all that is needed works, 1 something is missing.")
    .action(
      acting(async (context) => {
        const checks = await examine(context);
        if (context.json) printJson(checks);
        else
          for (const check of checks) {
            printLine(`${check.state.padEnd(8)} ${check.name.padEnd(17)} ${check.found}`);
            if (check.fix) printLine(`${" ".repeat(27)}${check.fix}`);
          }
        return checks.some((check) => check.state === "missing") ? 1 : 0;
      }),
    );
};
