/** The same programs in the chamber and under strace: what strace sees, the trace has. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test, { after, before } from "node:test";
import type { FileType, TraceEvent } from "@thymus/contracts";
import { needs } from "@thymus/testkit";
import { type TestChamber, testChamber } from "../testing/in-chamber.ts";
import { type Facts, factClasses, isPlain, noFacts, readStrace, straceArguments } from "./strace.ts";

const skip = needs("qemu", "bwrap", "root", "apt", "strace");
const folder = "/home/sam/Downloads";
let chamber: TestChamber;

before(
  async () => {
    if (!skip) chamber = await testChamber();
  },
  { timeout: 900_000 },
);
after(async () => {
  await chamber?.close();
});

/** Runs a program under strace on this machine, in a sandbox with the same folder. */
async function hostFacts(file: string, words: readonly string[]): Promise<Facts> {
  const logs = join(chamber.temp, "strace");
  await mkdir(logs, { recursive: true });
  const sandbox = [
    ...["--unshare-all", "--uid", "1000", "--gid", "1000", "--die-with-parent", "--clearenv"],
    ...["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"],
    ...["--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ...["--dir", folder, "--ro-bind", file, "/probe", "--bind", logs, "/logs", "--chdir", folder],
    ...["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LANG", "C.UTF-8", "--setenv", "HOME", "/home/sam"],
  ];
  const ended = spawnSync(
    "bwrap",
    [...sandbox, "strace", ...straceArguments("/logs/log"), ...words, "/probe"],
    {
      encoding: "utf8",
      timeout: 60_000,
    },
  );
  assert.equal(ended.status, 0, ended.stderr);
  return readStrace(await readFile(join(logs, "log"), "utf8"), folder);
}

function traceFacts(trace: readonly TraceEvent[]): Facts {
  const facts = noFacts();
  for (const { what, path = "", detail = "" } of trace) {
    if (detail.includes("failed E") && what === "open-write") continue;
    if (what === "open-write" && /^create (pipe|socket)/.test(detail)) facts.created.push(path);
    else if (what === "open-write" && isPlain(path) && !detail.startsWith("truncate to"))
      facts["opened for writing"].push(path);
    else if (what === "mkdir" || what === "link") facts.created.push(path);
    else if (what === "rename") facts.renamed.push(`${path} to ${detail}`);
    else if (what === "unlink") facts.deleted.push(path);
    else if (what === "fork") facts.processes.push("child");
    else if (what === "exec")
      facts.programs.push(facts.programs.length === 0 ? "the program itself" : detail.slice(0, 180));
    else if (what === "connect" || what === "bind" || what === "send")
      facts.sockets.push(`${what} ${detail.replace(/, .*$/, "")}`);
  }
  return facts;
}

/** Facts of the first that the second does not have as often. */
function missing(wanted: readonly string[], had: readonly string[]): string[] {
  const left = [...had];
  return wanted.filter((fact) => {
    const at = left.indexOf(fact);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

const programs: readonly [file: string, type: FileType, words: string[]][] = [
  ["many-calls.py", "python", ["python3"]],
  ["many-commands.sh", "shell", ["/bin/sh"]],
];
for (const [name, type, words] of programs)
  test(`what strace sees of ${name} is in the trace`, { skip }, async (context) => {
    const file = join(import.meta.dirname, "programs", name);
    const wanted = await hostFacts(file, words);
    const result = await chamber.run(await readFile(file, "utf8"), type);
    assert.equal(result.exitStatus, 0, result.output);
    assert.equal(result.traceLost, 0);
    const had = traceFacts(result.trace);
    const lacking = factClasses.flatMap((kind) => {
      const lost = missing(wanted[kind], had[kind]);
      context.diagnostic(`${kind}: ${wanted[kind].length - lost.length} of ${wanted[kind].length}`);
      return lost.map((fact) => `${kind}: ${fact}`);
    });
    assert.deepEqual(lacking, []);
    assert.ok(factClasses.filter((kind) => wanted[kind].length > 0).length >= 6);
  });
