import assert from "node:assert/strict";
import { test } from "node:test";
import { DRILL_MARK } from "@thymus/contracts";
import { needs } from "../needs.ts";
import { Den } from "./den.ts";
import { type Drill, listDrills } from "./drills.ts";
import { type Host, runAll, settle } from "./hosts.ts";
import { undo } from "./undo.ts";

/** Hosts that a drill is meant to change. */
const victims: Record<string, (host: Host) => boolean> = {
  "prepend-sh": (h) => h.kind === "shell",
  "insert-sh": (h) => h.kind === "shell",
  "append-sh": (h) => h.kind === "shell" || h.kind === "python",
  "append-elf": (h) => h.kind === "elf64",
  "cavity-elf": (h) => h.kind === "elf64" && !/small|busybox/.test(h.path),
  "insert-js": (h) => h.kind === "cjs" || h.kind === "esm",
  "insert-php": (h) => h.kind === "php",
  "xor-stub": (h) => h.kind === "python",
  overwrite: (h) =>
    /^(home\/bin\/hello|.*\/(strict|plain|at-root|report.py|sum|old.js|perlish|plain.php))$/.test(h.path),
  "full-encode": (h) => h.kind === "elf64",
};

/** The ELF hosts and what append-elf writes are for x86-64. */
const lacks = needs("bwrap") || (process.arch === "x64" ? false : "needs an x86-64 processor");

const infectors = listDrills().filter((drill) => drill.expect.verdict === "infector");

for (const drill of infectors) {
  test(`${drill.id} changes its hosts, which go on as before`, { skip: lacks }, (context) => {
    const den = new Den();
    try {
      infect(den, drill, (text) => context.diagnostic(text));
    } finally {
      den.close();
    }
  });
}

function infect(den: Den, drill: Drill, note: (text: string) => void): void {
  const hosts = settle(den);
  den.put("home/bin/fixed", "#!/bin/sh\necho fixed\n", 0o555);
  den.put("home/package.json", "{}\n", 0o644);
  const before = den.snapshot();
  const output = runAll(den, hosts, { drill: false });

  const run = den.runScript(drill.file, { drill: true });
  assert.deepEqual([run.status, run.stdout, run.stderr], [drill.expect.exit, "", ""]);
  const sample = den.snapshot().get("home/Downloads/sample")!;
  const after = den.snapshot();
  after.delete("home/Downloads/sample");
  assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort());
  const changed = [...after.keys()].filter((path) => after.get(path) !== before.get(path)).sort();
  const meant = hosts.filter(victims[drill.id]!);
  // A busybox may or may not have a gap: both are fine.
  const certain = changed.filter((path) => !(drill.id === "cavity-elf" && path.endsWith("busybox")));
  assert.deepEqual(certain, meant.map((h) => h.path).sort());
  for (const path of changed) {
    const marked = after.get(path)!.includes(DRILL_MARK);
    assert.equal(marked, drill.expect.detectable, path);
    assert.equal(after.get(path)!.split(" ")[0], before.get(path)!.split(" ")[0], `mode of ${path}`);
  }
  assert.deepEqual(den.calls(), []);

  if (drill.id !== "overwrite") {
    assert.deepEqual(runAll(den, hosts, { drill: false }), output, "without the drill folder");
    assert.deepEqual(runAll(den, hosts, { drill: true }), output, "with the drill folder");
  } else {
    for (const host of meant) den.run([host.inside], { drill: true });
  }
  const runnable = meant.filter((h) => h.command || drill.id === "overwrite").length;
  assert.deepEqual(den.calls(), Array(drill.expect.secondGeneration ? runnable : 0).fill(drill.id));

  if (drill.expect.repairable) {
    for (const path of changed) {
      const [mode, text] = split(before.get(path)!);
      const [, infected] = split(after.get(path)!);
      assert.equal(mode, split(after.get(path)!)[0]);
      assert.ok(undo(drill.id, Buffer.from(infected, "latin1")).equals(Buffer.from(text, "latin1")), path);
    }
  }

  assert.equal(den.runScript(drill.file, { drill: true }).status, drill.expect.exit);
  after.set("home/Downloads/sample", sample);
  assert.deepEqual(den.snapshot(), after, "a second run changes nothing");

  if (drill.expect.secondGeneration) secondGeneration(den, drill, meant, before, note);
}

/** An infected host that runs must let the drill reach a host that came later. */
function secondGeneration(
  den: Den,
  drill: Drill,
  meant: readonly Host[],
  before: ReadonlyMap<string, string>,
  note: (text: string) => void,
): void {
  const carrier = meant.find((h) => h.command);
  const model = meant.find((h) => h !== carrier);
  if (!carrier?.command || !model) {
    note(`no host of ${drill.id} can run on this machine: no second generation`);
    return;
  }
  den.allowSecondGeneration();
  const fresh = `home/fresh${/\.\w+$/.exec(model.path)?.[0] ?? ""}`;
  den.put(fresh, Buffer.from(split(before.get(model.path)!)[1], "latin1"));
  den.run([...carrier.command], { drill: true });
  assert.ok(den.snapshot().get(fresh)!.includes(DRILL_MARK), `second generation from ${carrier.path}`);
}

function split(entry: string): [mode: string, content: string] {
  const at = entry.indexOf(" ");
  return [entry.slice(0, at), entry.slice(at + 1)];
}
