import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Sha256 } from "@thymus/contracts";
import { ProtectedPaths } from "../files/protected.ts";
import { prescriptionFor } from "../testing/infection.ts";
import { noPackages } from "../testing/scene.ts";
import { Trial, type TrialOptions } from "./trial.ts";

const paths = new ProtectedPaths("/var/lib/none/agent", ["/var/lib/none/agent/drill"]);
const trial = (options: Partial<TrialOptions> = {}) => new Trial({ paths, packages: noPackages, ...options });
const withRule = (condition: string, scope: "php" | "shell" = "php") =>
  prescriptionFor(["1".repeat(64) as Sha256], {
    detect: { engine: "yara-x", rule: `rule r { condition: ${condition} }`, scope: [scope] },
  });

async function folder(t: TestContext): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "thymus-trial-")));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test("a rule that finds everything is refused, also where its scope is something that this machine has not", async () => {
  const refused = { code: "RULE_INVALID", message: /belongs to the system or to Thymus/ };
  await assert.rejects(trial().judge([withRule("true")], []), refused);
  await assert.rejects(trial().judge([withRule("uint32(0) == 0x464c457f")], []), refused);
  await trial().judge([withRule("uint32(0) == 0x01020304")], [withRule("false")]);
});

test("a rule that does not compile, or takes for ever, is refused with the reason", async () => {
  await assert.rejects(trial().judge([withRule("nothing")], []), {
    code: "RULE_INVALID",
    message: /nothing/,
  });
  const endless =
    "for all i in (1..filesize) : (for all j in (1..filesize) : (for all k in (1..filesize) : (uint8(i) + uint8(j) + uint8(k) >= 0)))";
  await assert.rejects(trial({ limits: { fileMs: 300 } }).judge([withRule(endless, "shell")], []), {
    code: "RULE_INVALID",
    message: /within its time|did not survive/,
  });
});

test("a rule that finds more than a handful of what packages brought is refused; what was changed since does not count", async (t) => {
  const dir = await folder(t);
  const contents = new Map<string, string[]>();
  for (let index = 0; index < 8; index++) {
    const path = join(dir, `tool${index}.sh`);
    await writeFile(path, `#!/bin/sh\necho marker-in-many ${index}\n`);
    contents.set(path, [createHash("md5").update(`#!/bin/sh\necho marker-in-many ${index}\n`).digest("hex")]);
  }
  const packages = { ...noPackages, stamp: async () => "1", contents: async () => contents };
  const detect = {
    engine: "yara-x" as const,
    rule: 'rule r { strings: $a = "marker-in-many" condition: $a }',
    scope: ["shell" as const],
  };
  const prescription = prescriptionFor(["1".repeat(64) as Sha256], { detect });
  await assert.rejects(trial({ packages }).judge([prescription], []), {
    code: "RULE_INVALID",
    message: /finds 4 of \d programs that are just as their packages brought them/,
  });
  for (const path of [...contents.keys()].slice(2))
    await writeFile(path, "#!/bin/sh\necho marker-in-many, infected\n");
  await trial({ packages }).judge([prescription], []);
});

const deaths: [name: string, program: string, how: RegExp][] = [
  ["crashes the engine", "process.abort();", /SIGABRT/],
  ["is killed twice", "process.kill(process.pid, 'SIGKILL');", /SIGKILL/],
  [
    "asks for memory without end",
    "const all = []; for (;;) all.push(Buffer.alloc(16 << 20, 1));",
    /did not survive/,
  ],
  ["never ends", "for (;;);", /SIGXCPU|SIGKILL/],
];
for (const [name, body, how] of deaths)
  test(`whatever ${name} does so in a process of its own`, async (t) => {
    const program = join(await folder(t), "child.mjs");
    const limits = new URL("./limits.ts", import.meta.url).href;
    await writeFile(
      program,
      `import { limitSelf } from ${JSON.stringify(limits)}; limitSelf({ processorSeconds: 1, memory: 512 << 20 }); ${body}`,
    );
    await assert.rejects(trial({ program }).judge([withRule("false")], []), {
      code: "RULE_INVALID",
      message: how,
    });
  });

test("a trial that is killed once from outside is made again", async (t) => {
  const dir = await folder(t);
  process.env.THYMUS_FAILPOINT = "agent.trial.child";
  process.env.THYMUS_FAILPOINT_ONCE = join(dir, "died");
  t.after(() => {
    delete process.env.THYMUS_FAILPOINT;
    delete process.env.THYMUS_FAILPOINT_ONCE;
  });
  await trial().judge([withRule("false")], []);
  await rm(join(dir, "died"));
});

test("a trial that is late decides nothing", async (t) => {
  const program = join(await folder(t), "child.mjs");
  await writeFile(program, "setInterval(() => {}, 1000);");
  await assert.rejects(trial({ program, wallSeconds: 0.5 }).judge([withRule("false")], []), {
    code: "TOOL_FAILED",
  });
});
