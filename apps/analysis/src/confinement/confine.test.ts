import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "@thymus/testkit";
import { confinementArguments, endConfined, spawnConfined } from "./confine.ts";

/** Runs a shell text confined and gives back what it printed. */
async function confined(folder: string, script: string, hidden: string[] = []): Promise<string> {
  const child = spawnConfined(
    { readable: [join(folder, "in")], writable: join(folder, "out"), hidden, maxFileBytes: 1 << 20 },
    ["sh", "-c", script],
  );
  let text = "";
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  child.stdin!.end();
  await new Promise((resolve) => child.once("close", resolve));
  return text;
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "thymus-confine-"));
  try {
    for (const name of ["in", "out", "keys"]) await mkdir(join(folder, name));
    await writeFile(join(folder, "keys", "secret"), "a key");
    await writeFile(join(folder, "in", "data"), "content");
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test(
  "ended at any moment, also while its namespaces are made, it is gone with its pipes",
  {
    skip: needs("bwrap"),
    timeout: 60_000,
  },
  () =>
    withFolder(async (folder) => {
      for (let wait = 0; wait < 36; wait++) {
        const child = spawnConfined(
          { readable: [], writable: join(folder, "out"), hidden: [], maxFileBytes: 1 << 20 },
          ["sleep", "600"],
        );
        child.stdin!.on("error", () => {});
        for (const stream of [child.stdout!, child.stderr!]) stream.resume();
        const closed = new Promise((resolve) => child.once("close", resolve));
        await new Promise((resolve) => setTimeout(resolve, wait));
        endConfined(child);
        await closed;
      }
    }),
);

test("a confined process sees its input and nothing else of the machine", { skip: needs("bwrap") }, () =>
  withFolder(async (folder) => {
    assert.equal(await confined(folder, `cat ${folder}/in/data`), "content");
    assert.match(
      await confined(folder, `cat ${folder}/keys/secret; cat /etc/shadow /root/.ssh/* /var/lib/dpkg/status`),
      /No such file/,
    );
    assert.equal((await confined(folder, `cat ${folder}/keys/secret 2>/dev/null; true`)).trim(), "");
    assert.equal(
      (await confined(folder, "printenv | grep -ciE 'token|key|secret'; ls /home /root 2>/dev/null | wc -l"))
        .replace(/\s+/g, " ")
        .trim(),
      "0 0",
    );
  }),
);

test("it writes into its own folder only", { skip: needs("bwrap") }, () =>
  withFolder(async (folder) => {
    await confined(
      folder,
      `echo x > ${folder}/out/mine; echo x > ${folder}/in/data2; echo x > /usr/bin/thymus-test; echo x > ${folder}/other`,
    );
    assert.deepEqual(await readdir(join(folder, "out")), ["mine"]);
    assert.deepEqual(await readdir(join(folder, "in")), ["data"]);
    assert.deepEqual((await readdir(folder)).sort(), ["in", "keys", "out"]);
  }),
);

test("it has no network, not even to this machine", { skip: needs("bwrap") }, () =>
  withFolder(async (folder) => {
    let reached = false;
    const server = createServer((socket) => {
      reached = true;
      socket.end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const said = await confined(
      folder,
      `perl -MIO::Socket::INET -e 'print IO::Socket::INET->new("127.0.0.1:${port}") ? "reached" : "refused"'`,
    );
    server.close();
    assert.equal(said, "refused");
    assert.equal(reached, false);
  }),
);

test(
  "it has no capability, sees no other process and cannot fill the disk with one file",
  { skip: needs("bwrap") },
  () =>
    withFolder(async (folder) => {
      assert.match(await confined(folder, "grep CapEff /proc/self/status"), /0000000000000000/);
      assert.ok(Number(await confined(folder, "ls -d /proc/[0-9]* | wc -l")) < 8);
      await confined(folder, `head -c 5000000 /dev/zero > ${folder}/out/big`);
      const { size } = (await import("node:fs")).statSync(join(folder, "out", "big"));
      assert.equal(size, 1 << 20);
    }),
);

test(
  "a hidden folder inside a readable one looks empty, a readable one inside it does not",
  { skip: needs("bwrap") },
  () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, "in", "cache"));
      await writeFile(join(folder, "in", "cache", "key"), "k");
      assert.equal(
        (await confined(folder, `ls ${folder}/in/cache`, [join(folder, "in", "cache")])).trim(),
        "",
      );
      const args = confinementArguments({
        readable: ["/a", "/a/b/c"],
        writable: "/w",
        hidden: ["/a/b"],
        maxFileBytes: 1,
      }).join(" ");
      assert.match(args, /--ro-bind \/a \/a --ro-bind \/a\/b\/c \/a\/b\/c/);
    }),
);
