/**
 * Generic repair of infections that nobody has analysed, by the clean file's fingerprint alone: for each inert infection the
 * hosts given back byte for byte, refused, and given back wrongly (none should be), with the CPU seconds that one took.
 * `npm run bench -- repair [--hosts N] [--json]`
 */
import { parseArgs } from "node:util";
import { elfHost, textHost } from "../apps/analysis/src/infection/testing/hosts.ts";
import { inertInfections } from "../apps/analysis/src/infection/testing/inert/index.ts";
import { random } from "../apps/analysis/src/infection/testing/random.ts";
import { fingerprintOf, rebuild } from "../packages/repair/src/index.ts";

const { values } = parseArgs({
  options: { hosts: { type: "string", default: "12" }, json: { type: "boolean", default: false } },
});
const rows = inertInfections.map(({ id, types, keepsBytes, infect }) => {
  const row = { id, keepsBytes, hosts: 0, repaired: 0, refused: 0, wrong: 0, worstSeconds: 0 };
  for (let turn = 0; turn < Number(values.hosts); turn++) {
    const type = types[turn % types.length]!;
    const seed = 5000 + turn;
    const { bytes } = type.startsWith("elf")
      ? elfHost(seed, { wide: type === "elf64" })
      : textHost(type, seed);
    const infected = infect(bytes, random(seed + 70));
    if (infected === null) continue;
    row.hosts++;
    const fingerprint = fingerprintOf(bytes)!;
    const started = process.cpuUsage();
    const result = rebuild(fingerprint, infected);
    const { user, system } = process.cpuUsage(started);
    row.worstSeconds = Math.max(row.worstSeconds, (user + system) / 1e6);
    if ("refused" in result) row.refused++;
    else if (Buffer.compare(result.rebuilt, bytes) === 0) row.repaired++;
    else row.wrong++;
  }
  return row;
});
const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
const kept = rows.filter((row) => row.keepsBytes);
const wrong = sum((row) => row.wrong);
if (values.json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
else {
  for (const row of rows)
    process.stdout.write(
      `${row.id.padEnd(40)} ${row.keepsBytes ? "kept" : "lost"}  ${String(row.repaired).padStart(3)} of ${String(row.hosts).padStart(3)}  ` +
        `refused ${row.refused}  wrong ${row.wrong}  ${row.worstSeconds.toFixed(2)} s\n`,
    );
  process.stdout.write(
    `\n${kept.reduce((total, row) => total + row.repaired, 0)} of ${kept.reduce((total, row) => total + row.hosts, 0)} hosts whose bytes were kept came back byte for byte; ${wrong} wrong of ${sum((row) => row.hosts)}\n`,
  );
}
process.exitCode = wrong > 0 ? 1 : 0;
