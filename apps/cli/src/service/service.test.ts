import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { needs } from "@thymus/testkit";
import { refuseForeignCode } from "./trusted-code.ts";
import { type Role, roles, unitName, unitOf, unitWord } from "./unit.ts";

const main = join(import.meta.dirname, "../main.ts");
const thymus = (...args: string[]) =>
  spawnSync(process.execPath, ["--no-warnings", main, "service", ...args], { encoding: "utf8" });
const everything = (folder: string) => readdirSync(folder, { recursive: true }) as string[];

/** Exposure in tenths, 0 to 100, that no unit may go beyond: a line that falls out of it shows. */
const EXPOSURE: Readonly<Record<Role, number>> = { agent: 65, up: 88, analysis: 88, admin: 20 };

test("systemd accepts each unit without a word, and its own judgement stays as good as it is", {
  skip: needs("systemd"),
}, () => {
  const dir = mkdtempSync(join(tmpdir(), "thymus-unit-"));
  try {
    for (const role of roles) {
      const file = join(dir, unitName(role));
      writeFileSync(
        file,
        unitOf({ role, node: process.execPath, main, dataDir: "/var/lib/thymus", args: [], answers: false }),
      );
      const verified = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
      const ours = `${verified.stdout}${verified.stderr}`
        .split("\n")
        .filter((line) => line.includes("thymus"));
      assert.deepEqual(ours, [], role);
      const judged = execFileSync(
        "systemd-analyze",
        ["security", "--offline=true", "--threshold=100", "--no-pager", file],
        { encoding: "utf8" },
      );
      const level = /Overall exposure level for \S+: ([\d.]+)/.exec(judged);
      assert.ok(Number(level![1]) * 10 <= EXPOSURE[role], `${role}: ${level![1]}`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test("the agent's rights reach everything that it does, and the threat model names them all", () => {
  const unit = unitOf({
    ...{ role: "agent", node: process.execPath, main, dataDir: "/var/lib/thymus", args: [], answers: false },
  });
  const model = readFileSync(join(import.meta.dirname, "../../../../docs/threat-model.md"), "utf8");
  const rights = /^CapabilityBoundingSet=(.+)$/m.exec(unit)![1]!.split(" ");
  // A file that was locked by chattr is unlocked, mended, and locked again.
  assert.ok(rights.includes("CAP_LINUX_IMMUTABLE"));
  for (const right of rights) assert.ok(model.includes(right.replace("CAP_", "")), right);
});

test("installed into an image it starts with that system, and uninstalled it leaves nothing", {
  skip: needs("systemd"),
}, () => {
  const root = mkdtempSync(join(tmpdir(), "thymus-image-"));
  try {
    const done = thymus("install", "--root", root, "--data", "/srv/with blank/100%");
    assert.equal(done.status, 0, done.stderr);
    const unit = readFileSync(join(root, "etc/systemd/system/thymus.service"), "utf8");
    assert.match(unit, /^ExecStart=\S+ --no-warnings \S+ agent --data "\/srv\/with blank\/100%%"$/m);
    assert.ok(everything(root).includes("etc/systemd/system/multi-user.target.wants/thymus.service"));
    assert.equal(thymus("uninstall", "--root", root).status, 0);
    assert.deepEqual(everything(root), []);
    assert.match(thymus("uninstall", "--root", root).stdout, /was not installed/);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

const runs = existsSync("/run/systemd/system") && "systemd runs this machine";

test("where systemd does not run it says who does, and what to do", { skip: runs }, () => {
  for (const verb of ["install", "uninstall", "status"]) {
    const said = thymus(verb);
    assert.equal(said.status, 2);
    assert.match(said.stderr, /^thymus: RUNTIME_MISSING: this machine is run by .*docs\/guide\/service\.md/);
  }
  assert.match(thymus("print", "--role", "admin").stdout, /^ProtectSystem=strict$/m);
});

test("words of a command line reach the program as they are", () => {
  assert.equal(unitWord("/usr/bin/node"), "/usr/bin/node");
  assert.equal(unitWord("a b"), '"a b"');
  assert.equal(unitWord('5% of $HOME "x" \\'), '"5%% of $$HOME \\"x\\" \\\\"');
});

test("an agent that others wait for keeps its full share of the processors", () => {
  const of = (answers: boolean) =>
    unitOf({ role: "agent", node: "/n", main: "/m", dataDir: "/d", args: [], answers });
  assert.match(of(false), /^Nice=5$/m);
  assert.doesNotMatch(of(true), /^Nice=/m);
  assert.match(of(true), /^CPUWeight=100$/m);
});

test("code that somebody else may change is no service of root", () => {
  const stat = (bad: Record<string, Partial<Stats>>) => (path: string) =>
    ({ uid: 0, mode: 0o40755, ...bad[path] }) as Stats;
  refuseForeignCode([process.execPath], stat({}));
  refuseForeignCode([process.execPath], stat({ "/": { mode: 0o41777 } }));
  const refused = { code: "KEY_PERMISSIONS" };
  assert.throws(() => refuseForeignCode([process.execPath], stat({ "/": { uid: 1000 } })), refused);
  assert.throws(() => refuseForeignCode([process.execPath], stat({ "/": { mode: 0o40775 } })), refused);
});
