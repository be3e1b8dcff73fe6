/**
 * False alarms: a day of ordinary work by the real tools on real files, under a running agent with its default settings. Should
 * raise no suspicion, open no case, stop no process, refuse nothing.
 * `npm run bench -- ordinary-day [--scale N] [--only a,b] [--folder DIR] [--quiet MS] [--json]`
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { liveThroughADay } from "./ordinary-day/day.ts";

const { values } = parseArgs({
  options: {
    scale: { type: "string", default: "4" },
    only: { type: "string" },
    folder: { type: "string" },
    quiet: { type: "string", default: "1800" },
    json: { type: "boolean", default: false },
    inside: { type: "boolean", default: false },
  },
});

// As root the agent marks file systems: it gets one of its own, in a mount namespace that ends with this process.
if (process.getuid?.() === 0 && !values.inside) {
  const { status } = spawnSync(
    "unshare",
    [
      "--mount",
      "--propagation",
      "private",
      process.execPath,
      ...process.execArgv,
      import.meta.filename,
      ...process.argv.slice(2),
      "--inside",
    ],
    { stdio: "inherit" },
  );
  process.exit(status ?? 2);
}

const folder = await realpath(values.folder ?? (await mkdtemp(join(tmpdir(), "thymus-day-"))));
if (values.inside) spawnSync("mount", ["-t", "tmpfs", "-o", "size=4g,mode=755", "tmpfs", folder]);
try {
  const result = await liveThroughADay({
    folder,
    scale: Number(values.scale),
    quiet: Number(values.quiet),
    ...(values.only ? { only: values.only.split(",") } : {}),
    say: (what) => process.stderr.write(`${what}\n`),
  });
  const alarms = result.works.flatMap((work) => work.alarms);
  const failed = result.works.some(({ leftOut }) => leftOut?.startsWith("failed"));
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else {
    for (const { name, seconds, leftOut, alarms: raised } of result.works) {
      const outcome = leftOut
        ? `left out: ${leftOut}`
        : raised.length === 0
          ? "no alarm"
          : `${raised.length} ALARMS`;
      process.stdout.write(`${name.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s  ${outcome}\n`);
      for (const what of raised.slice(0, 5)) process.stdout.write(`    ${what}\n`);
    }
    for (const [what, count] of Object.entries(result.events).sort((a, b) => b[1] - a[1]))
      process.stdout.write(`  ${String(count).padStart(7)} ${what}\n`);
    process.stdout.write(`${alarms.length} alarms; ${result.files} files known in the end\n`);
  }
  process.exitCode = alarms.length > 0 ? 1 : failed ? 2 : 0;
} finally {
  if (values.inside) spawnSync("umount", ["-l", folder]);
  if (!values.folder) await rm(folder, { recursive: true, force: true });
}
