import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { silentLogger } from "@thymus/contracts";
import { Timeline } from "../link/timeline.ts";
import { Notices } from "../state/notices.ts";
import { openAgentDatabase } from "../state/open.ts";
import { noPackages, until } from "../testing/scene.ts";
import { OwnFiles } from "./own-files.ts";
import { loadedFiles, type OwnPlaces } from "./places.ts";

async function installation(t: TestContext) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-own-")));
  const dataDir = join(dir, "data", "agent");
  const places: OwnPlaces = {
    dataDir,
    configs: [join(dir, "data", "thymus.toml")],
    units: [join(dir, "units")],
    code: join(dir, "code"),
    loaded: [join(dir, "runtime")],
  };
  const files: Record<string, string> = {
    [join(dataDir, "keys", "agent.pem")]: "key",
    [join(dataDir, "tuf", "root.json")]: "root",
    [places.configs[0]!]: "[agent]",
    [join(dir, "units", "thymus.service")]: "[Service]",
    [join(dir, "units", "other.service")]: "[Service]",
    [join(places.code, "apps", "agent", "src", "agent.ts")]: "code",
    [places.loaded[0]!]: "runtime",
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, content, { mode: 0o600 });
  }
  const db = await openAgentDatabase(dataDir);
  const timeline = new Timeline(dataDir, silentLogger);
  const notices = new Notices();
  const events = async () =>
    (await db.selectFrom("event").select("what").orderBy("id").execute()).map(({ what }) => what);
  let own: OwnFiles | null = null;
  const start = async () => {
    own = new OwnFiles({
      db,
      log: silentLogger,
      notices,
      packages: noPackages,
      places,
      recheckSeconds: 3600,
      timeline,
    });
    own.start();
    await until(
      "a first look",
      async () => (await db.selectFrom("own_file").select("path").execute()).length >= 7,
    );
    // Until it watches.
    await own.check();
    return own;
  };
  t.after(async () => {
    await own?.close();
    await db.destroy();
    await rm(dir, { recursive: true, force: true });
  });
  return { dir, dataDir, places, start, events, notices };
}

test("whoever changes a key, the configuration, the unit, the program or the runtime is told at once", async (t) => {
  const { dir, dataDir, places, start, events, notices } = await installation(t);
  await start();
  assert.deepEqual(await events(), []);
  const changes: [path: string, what: RegExp][] = [
    [join(dataDir, "keys", "agent.pem"), /agent\.pem \(key\) content \w{16} -> \w{16}/],
    [places.configs[0]!, /thymus\.toml \(config\) content/],
    [join(dir, "units", "thymus.service"), /thymus\.service \(unit\) content/],
    [join(dir, "code", "apps", "agent", "src", "agent.ts"), /agent\.ts \(code\) content/],
    [places.loaded[0]!, /runtime \(code\) content/],
    [join(dataDir, "tuf", "root.json"), /root\.json \(trust\) content/],
  ];
  for (const [path, what] of changes) {
    await writeFile(path, "changed by somebody");
    await until(`it is told: ${what}`, async () => (await events()).some((each) => what.test(each)));
  }
  await mkdir(join(dir, "units", "thymus.service.d"));
  await writeFile(
    join(dir, "units", "thymus.service.d", "extra.conf"),
    "[Service]\nExecStartPre=/bin/true\n",
  );
  await until("a drop-in", async () =>
    (await events()).some((each) => /extra\.conf \(unit\) appeared/.test(each)),
  );
  await writeFile(join(dir, "units", "other.service"), "of somebody else");
  assert.equal((await notices.list()).length, 7);
  assert.ok(!(await events()).some((each) => each.includes("other.service")));
});

test("a key that others may read is told while they may, and what changed while no agent ran is found", async (t) => {
  const { dataDir, places, start, events, notices } = await installation(t);
  const own = await start();
  const key = join(dataDir, "keys", "agent.pem");
  await chmod(key, 0o644);
  await until("it is told", async () =>
    (await notices.list()).some((what) => /keys that others may read: .*mode 644/.test(what)),
  );
  assert.ok((await events()).some((what) => /\(key\) mode 600 -> 644/.test(what)));
  await chmod(key, 0o600);
  await until(
    "it is over",
    async () => !(await notices.list()).some((what) => what.includes("others may read")),
  );
  await own.close();
  await rm(places.configs[0]!);
  await writeFile(join(dataDir, "keys", "agent.pem"), "another key");
  const next = await start();
  await until("both", async () => {
    const said = (await events()).join("\n");
    return /thymus\.toml \(config\) is gone/.test(said) && /agent\.pem \(key\) content/.test(said);
  });
  // What the agent itself takes over of its repository is no finding.
  const before = (await events()).length;
  await next.ours(() => writeFile(join(dataDir, "tuf", "root.json"), "the next root"));
  await next.check();
  assert.equal((await events()).length, before);
});

test("the runtime and its native modules are among what is loaded", () => {
  const loaded = loadedFiles();
  assert.ok(loaded.includes(process.execPath));
  assert.ok(loaded.some((path) => /libc[.-]|ld-musl/.test(path)));
});
