import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ErrorDocument } from "@thymus/contracts";

const main = join(import.meta.dirname, "main.ts");
const dir = mkdtempSync(join(tmpdir(), "thymus-errors-"));
after(() => rmSync(dir, { recursive: true, force: true }));
const file = join(dir, "file");
writeFileSync(file, "x\n");
const config = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const data = ["--data", join(dir, "none")];

/** What a person may get wrong, and the line that says so. */
const faults: [string[], RegExp][] = [
  [[], /^thymus: USAGE: no verb was given; see: thymus --help$/],
  [["cases"], /^thymus: USAGE: no verb was given/],
  [["nope"], /^thymus: USAGE: unknown command 'nope'/],
  [["scan", "--nope", "x"], /^thymus: USAGE: unknown option '--nope'/],
  [["cases", "list", ...data], /^thymus: NOT_FOUND: .* has no admin server; run this on the machine/],
  [["scan", dir, "--data", file], /^thymus: UNREADABLE: .*file.*: ENOTDIR: not a directory; check the path/],
  [["quarantine", "show", "q-none", ...data], /^thymus: NOT_FOUND: no quarantine entry q-none/],
  [["baseline", "check", "/none", ...data], /^thymus: NOT_FOUND: \/none is not there/],
  [["admin", "token", "--expires", "soon", ...data], /^thymus: USAGE: .*--expires.*give a number from 1/],
  [["drill", "infection", "--timeout", "0", ...data], /^thymus: USAGE: .*--timeout.*give a number/],
  [["corpus", "build", "--max-bytes", "lots", ...data], /^thymus: USAGE: .*--max-bytes.*give a number/],
  [["admin", "--listen", "here", ...data], /^thymus: CONFIG_INVALID: here is not HOST:PORT/],
  [
    ["admin", "--listen", "127.0.0.1:99999", ...data],
    /^thymus: CONFIG_INVALID: 127.0.0.1:99999 is not HOST:PORT/,
  ],
  [["join", "http://127.0.0.1:1", "short", ...data], /^thymus: TOKEN_INVALID: /],
  [
    ["doctor", "--config", config("unknown.toml", "[agent]\nwatchd = []\n")],
    /^thymus: CONFIG_INVALID: .*unknown.toml: .* at agent.watchd; correct/,
  ],
  [
    ["doctor", "--config", config("broken.toml", "[agent]\n\nwatch = [\n")],
    /^thymus: CONFIG_INVALID: .*broken.toml is not TOML: .* in line \d+; correct/,
  ],
];

for (const [args, line] of faults)
  test(`thymus ${args.join(" ").replaceAll(dir, "DIR")}`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--no-warnings", main, ...args], {
      encoding: "utf8",
    });
    assert.equal(stdout, "");
    assert.match(stderr.trim(), line);
    assert.equal(status, 2);
  });

test("with --json an error is a document", () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--no-warnings", main, "cases", "list", "--json", "--data", join(dir, "never")],
    {
      encoding: "utf8",
    },
  );
  assert.equal(ErrorDocument.parse(JSON.parse(stdout)).error.code, "NOT_FOUND");
  assert.equal(status, 2);
});
