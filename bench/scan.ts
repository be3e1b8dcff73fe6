/**
 * `thymus scan` beside the yara command and clamscan: the same generated rules in the form of each, the same files, one processor, warm
 * cache, turn by turn. Whole commands are measured; processor seconds are what is compared, since another process may hold the clock.
 * `npm run bench -- scan [--megabytes N] [--rules N] [--rounds N] [--from DIR,DIR] [--json]`
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { copyMix, pack } from "./scan/files.ts";
import { measured, type Spent, version } from "./scan/measure.ts";
import { writeRules } from "./scan/rules.ts";
import { median } from "./shared/numbers.ts";

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "600" },
    rules: { type: "string", default: "313" },
    rounds: { type: "string", default: "5" },
    from: { type: "string", default: "/usr/bin,/usr/lib,/usr/include,/usr/share" },
    json: { type: "boolean", default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), "thymus-bench-scan-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const [files, packed, empty, data] = ["files", "packed", "empty", "data"].map((name) =>
  join(folder, name),
) as [string, string, string, string];
for (const each of [files, packed, empty, data]) mkdirSync(each);
const mix = copyMix(values.from.split(","), files, Number(values.megabytes) * 1e6);
pack(files, packed);
const rules = writeRules(folder, Number(values.rules));

const main = join(import.meta.dirname, "../apps/cli/src/main.ts");
const thymus = (path: string, set: string, ...more: string[]) => [
  ...[process.execPath, main, "scan", path, "--rules", set, "--data", data, "--json", ...more],
];
const fresh = ["--no-cache", "--no-archives"];
const clam = (path: string, archives: string) => [
  ...["clamscan", "-r", `--database=${rules.clam}`, `--scan-archive=${archives}`, "--no-summary", "-i"],
  ...["--max-filesize=1000M", "--max-scansize=1000M", path],
];
const yara = (path: string) => ["yara", "-r", "-w", "-p", "1", rules.own, path];
const rows: Record<string, readonly string[]> = {
  "thymus scan": thymus(files, rules.own, ...fresh),
  "thymus scan, rules of another form": thymus(files, rules.foreign, ...fresh),
  "thymus scan, nothing to scan": thymus(empty, rules.own, ...fresh),
  yara: yara(files),
  "yara, nothing to scan": yara(empty),
  clamscan: clam(files, "no"),
  "clamscan, nothing to scan": clam(empty, "no"),
  "thymus scan, archives": thymus(packed, rules.own, "--no-cache"),
  "clamscan, archives": clam(packed, "yes"),
};
if (version("yr") !== null) {
  rows.yr = ["yr", "scan", "-r", "-p", "1", rules.own, files];
  rows["yr, nothing to scan"] = ["yr", "scan", "-r", "-p", "1", rules.own, empty];
}
const again = thymus(files, rules.own, "--no-archives");

const spent = new Map<string, Spent[]>();
const note = (name: string, one: Spent) => spent.set(name, [...(spent.get(name) ?? []), one]);
for (const command of Object.values(rows)) measured(command);
measured(again);
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, command] of Object.entries(rows)) note(name, measured(command));
  note("thymus scan again, files unchanged", measured(again));
}

const cpu = (name: string) => median((spent.get(name) ?? []).map(({ cpu }) => cpu));
const wall = (name: string) => median((spent.get(name) ?? []).map(({ wall }) => wall));
const memory = (name: string) => Math.max(...(spent.get(name) ?? []).map(({ memory }) => memory));
const perMb = (name: string) => (1000 * (cpu(name) - cpu(`${name}, nothing to scan`))) / (mix.bytes / 1e6);
const table = [...spent.keys()].map((name) => ({
  name,
  cpu: cpu(name),
  wall: wall(name),
  memoryMb: memory(name),
  ...(spent.has(`${name}, nothing to scan`) && { cpuMsPerMb: perMb(name) }),
  yaraOverThis: cpu("yara") / cpu(name),
  clamscanOverThis: cpu(name.endsWith("archives") ? "clamscan, archives" : "clamscan") / cpu(name),
}));
if (values.json) process.stdout.write(`${JSON.stringify({ mix, rules: rules.count, table })}\n`);
else {
  const line = (text: string) => process.stdout.write(`${text}\n`);
  line(
    `${mix.files} files, ${(mix.bytes / 1e6).toFixed(0)} MB, ${rules.count} rules of three strings; ${values.rounds} rounds, medians`,
  );
  line(
    `peers: ${["yara", "clamscan", "yr"].map((name) => `${name} ${version(name) ?? "not installed"}`).join(", ")}`,
  );
  line("processor s   clock s   MB   ms/MB after start   yara/this   clamscan/this");
  for (const row of table)
    line(
      `${row.cpu.toFixed(2).padStart(11)} ${row.wall.toFixed(2).padStart(9)} ${row.memoryMb.toFixed(0).padStart(4)} ${(row.cpuMsPerMb?.toFixed(2) ?? "").padStart(19)} ${row.yaraOverThis.toFixed(2).padStart(11)} ${row.clamscanOverThis.toFixed(2).padStart(15)}   ${row.name}`,
    );
}
