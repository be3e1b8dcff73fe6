import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { bundleSources, openLimits, scanPaths } from "../index.ts";
import { isHeld, LAYERS, missingLayers } from "./layers.ts";
import { readMessage } from "./message.ts";
import { canConfine } from "./start.ts";

const skip = canConfine() ? false : "confined workers need Linux on x64 or arm64";

test("a worker reads what it is handed, holds every layer, and opens archives", { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "thymus-confined-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "plain"), "a MARKER here");
  writeFileSync(join(folder, "packed.gz"), gzipSync("a MARKER there"));
  const found: string[] = [];
  let layers: readonly string[] = [];
  const summary = await scanPaths({
    paths: [folder],
    bundle: bundleSources([{ namespace: "n", source: 'rule m { strings: $a = "MARKER" condition: $a }' }]),
    archives: openLimits,
    workers: 1,
    onFinding: ({ path, member }) => found.push(`${path.slice(folder.length + 1)}!${member ?? ""}`),
    onError: (path, error) => assert.fail(`${path}: ${error.message}`),
    onLayers: (held) => {
      layers = held;
    },
  });
  assert.deepEqual(found.sort(), ["packed.gz!packed", "plain!"]);
  assert.equal(summary.files, 2);
  for (const layer of ["limits", "uid", "no-new-privileges", "seccomp"])
    assert.ok(layers.includes(layer), `${layer} is missing: ${layers}`);
});

test("behind the filter nothing can be opened, connected, started or killed", { skip }, () => {
  const script = `
    import { lockDown } from ${JSON.stringify(new URL("./lockdown.ts", import.meta.url).href)};
    import { loadLibc } from ${JSON.stringify(new URL("./libc.ts", import.meta.url).href)};
    import { readFileSync, writeFileSync, writeSync } from "node:fs";
    const libc = loadLibc();
    const [fork, socket, call] = ["int fork()", "int socket(int a, int b, int c)", "int64 syscall(int64 n, int64 a, int64 b)"].map(libc.bind);
    const refuses = (result) => { if (Number(result) < 0) throw new Error(); };
    const held = lockDown({ memoryBytes: 2 ** 31, idle: true });
    const tries = {
      read: () => readFileSync("/etc/passwd"),
      write: () => writeFileSync("/tmp/thymus-must-not-be", ""),
      kill: () => process.kill(process.ppid, 0),
      fork: () => refuses(fork()),
      socket: () => refuses(socket(2, 1, 0)),
      rings: () => refuses(call(425, 1, 0)),
    };
    const open = Object.entries(tries).filter(([, run]) => { try { run(); return true; } catch { return false; } });
    writeSync(1, JSON.stringify({ held, open: open.map(([name]) => name) }));
    process.reallyExit(0);
  `;
  const done = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 30_000,
    env: { UV_USE_IO_URING: "0" },
  });
  assert.notEqual(done.stdout, "", done.stderr);
  const said = JSON.parse(done.stdout) as { held: string[]; open: string[] };
  assert.ok(said.held.includes("seccomp"), done.stderr);
  assert.deepEqual(said.open, []);
});

test("what a worker says is taken only in the form that it has to have", () => {
  const hit = {
    ...{ kind: "hit", index: 3, sha256: "0".repeat(64), size: 1, type: "text" },
    matches: [{ namespace: "n", rule: "r", matches: [{ offset: 0, length: 1 }] }],
  };
  assert.deepEqual(readMessage(JSON.stringify(hit)), hit);
  for (const wrong of [
    "",
    "null",
    "{}",
    '{"kind":"done","files":-1,"bytes":0}',
    JSON.stringify({ ...hit, index: -1 }),
    JSON.stringify({ ...hit, index: 1e9 }),
    JSON.stringify({ ...hit, sha256: "../x" }),
    JSON.stringify({ ...hit, matches: [{ namespace: "n", rule: 7, matches: [] }] }),
    JSON.stringify({ ...hit, matches: [{ namespace: "n", rule: "r", matches: [null] }] }),
    JSON.stringify({ kind: "error", index: 0, code: "INTERNAL", message: "", hint: "" }),
  ])
    assert.equal(readMessage(wrong), null, wrong);
});

test("what is missing has a name; a process with neither of two layers takes no files", () => {
  assert.deepEqual(missingLayers(LAYERS), []);
  assert.equal(new Set(missingLayers([])).size, LAYERS.length);
  assert.ok(isHeld(["landlock"]) && isHeld(["seccomp"]));
  assert.ok(!isHeld(LAYERS.filter((layer) => layer !== "landlock" && layer !== "seccomp")));
});
