/**
 * What decisions on access add to an open and to an exec of a known file. `npm run bench -- onaccess [--rounds N] [--files N] [--execs N]
 * [--only observe,deny,clamonacc] [--first] [--json]`, as root, with `apt-get install clamav-daemon` for the peer. Each candidate guards a tmpfs of its own in a private mount namespace.
 * `--first` measures on a busy machine: the measuring program gets a real-time priority, as else its own waiting for a processor
 * is what is measured. One program opens the same files on all of them in turn, so that whatever else the machine does hits all alike.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Candidate, clamonacc, none, thymus } from "./onaccess/candidates.ts";
import { fill, measure, type Row } from "./onaccess/measure.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "25" },
    files: { type: "string", default: "200" },
    execs: { type: "string", default: "150" },
    only: { type: "string", default: "observe,deny,clamonacc" },
    first: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    inside: { type: "boolean", default: false },
  },
});

if (process.getuid?.() !== 0) throw new Error("fanotify permission events need root");
if (!values.inside) {
  const self = [process.execPath, import.meta.filename, ...process.argv.slice(2), "--inside"];
  // The measuring program alone comes before the rest of the machine; what it starts does not.
  const first = values.first ? ["chrt", "--reset-on-fork", "--rr", "1"] : [];
  const { status } = spawnSync("unshare", ["--mount", "--propagation", "private", ...first, ...self], {
    stdio: "inherit",
  });
  process.exit(status ?? 2);
}

const say = (text: string) => process.stderr.write(`${text}\n`);
const folder = mkdtempSync(join(tmpdir(), "thymus-onaccess-"));
const files = Number(values.files);
const candidates: Candidate[] = [];
const notRun: string[] = [];
let rows: Row[] = [];
try {
  for (const [name, start] of [
    ["none", none],
    ["observe", thymus("observe")],
    ["deny", thymus("deny")],
    ["clamonacc", clamonacc],
  ] as const) {
    if (name !== "none" && !values.only.split(",").includes(name)) continue;
    const target = join(folder, name);
    const data = join(folder, `${name}-data`);
    mkdirSync(target);
    mkdirSync(data, { mode: 0o755 });
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m,mode=755", "tmpfs", target]);
    fill(target, files);
    try {
      candidates.push(await start(name, target, data));
      say(`${name}: ready`);
    } catch (error) {
      notRun.push(`${name}: not run: ${(error as Error).message}`);
      say(notRun.at(-1)!);
    }
  }
  rows = measure(candidates, files, Number(values.rounds), Number(values.execs));
} finally {
  for (const candidate of candidates) await candidate.close();
  for (const name of ["none", "observe", "deny", "clamonacc"])
    spawnSync("umount", ["--lazy", join(folder, name)], { stdio: "ignore" });
  rmSync(folder, { recursive: true, force: true });
}

if (values.json) process.stdout.write(`${JSON.stringify({ rows, notRun })}\n`);
else {
  const text = (value: number) => (Number.isFinite(value) ? value.toFixed(1) : "-").padStart(9);
  process.stdout.write(
    `${"candidate".padEnd(10)} ${"microseconds of".padEnd(46)}${["p50", "p99", "+p50", "+p99"].map((each) => each.padStart(9)).join("")}\n`,
  );
  for (const { candidate, what, p50, p99, added50, added99 } of rows)
    process.stdout.write(
      `${candidate.padEnd(10)} ${what.padEnd(46)}${text(p50)}${text(p99)}${text(added50)}${text(added99)}\n`,
    );
  for (const each of notRun) process.stdout.write(`${each}\n`);
}
