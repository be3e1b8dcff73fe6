/** A build that is killed behind a step goes on with the next one. Steps that take minutes are taken from the shared chamber. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, link, mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "node:test";
import { needs } from "@thymus/testkit";
import { chamberPaths } from "../paths.ts";
import { chamberDir, sharedChamber } from "../testing/shared.ts";

const points = ["chamber.build.kernel", "chamber.build.accelerator", "chamber.build.manifest"];

/** The same bytes under a second name; a build replaces files and never writes into one. */
async function same(from: string, to: string): Promise<void> {
  if ((await stat(from)).isDirectory()) {
    await mkdir(to, { recursive: true });
    for (const name of await readdir(from)) await same(join(from, name), join(to, name));
  } else await link(from, to).catch(() => copyFile(from, to));
}

test("killed behind its steps, a build ends with the same chamber", {
  skip: needs("qemu", "bwrap", "root", "apt"),
  timeout: 1_200_000,
}, async () => {
  await sharedChamber();
  const folder = await mkdtemp(join(dirname(chamberDir), "killed-"));
  try {
    const [whole, paths] = [chamberPaths(chamberDir), chamberPaths(join(folder, "chamber"))];
    await mkdir(join(folder, "chamber"));
    for (const part of ["root", "packages", "memory", "state", "pool", "poolList"] as const)
      await same(whole[part], paths[part]);
    const build = new URL("./build.ts", import.meta.url).href;
    const script = `import { buildChamber } from ${JSON.stringify(build)};
      await buildChamber({ dataDir: ${JSON.stringify(join(folder, "chamber"))} });`;
    for (const point of [...points, null]) {
      const ended = spawnSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
        encoding: "utf8",
        env: {
          ...process.env,
          ...(point ? { THYMUS_FAILPOINT: point, THYMUS_FAILPOINT_ONCE: join(folder, point) } : {}),
        },
      });
      assert.deepEqual(
        [ended.signal, ended.status],
        point ? ["SIGKILL", null] : [null, 0],
        `${point}: ${ended.stderr}`,
      );
    }
    assert.deepEqual(
      JSON.parse(await readFile(paths.manifest, "utf8")).image,
      JSON.parse(await readFile(whole.manifest, "utf8")).image,
    );
    assert.deepEqual(
      [existsSync(paths.temp), existsSync(paths.lock)],
      [false, false],
      "nothing is left half-done",
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
