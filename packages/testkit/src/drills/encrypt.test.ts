import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { needs } from "../needs.ts";
import { Den } from "./den.ts";
import { drillFile } from "./drills.ts";
import { settle } from "./hosts.ts";

const NOTE = "home/READ-ME-DRILL.txt";

test("encrypt locks documents and programs, and its note unlocks every one", { skip: needs("bwrap") }, () => {
  const den = new Den();
  try {
    settle(den);
    const before = den.snapshot();
    const run = den.runScript(drillFile("encrypt"), { drill: true });
    assert.equal(run.status, 0, run.stderr);
    const key = /key ([0-9a-f]{64})\n$/.exec(run.stdout)?.[1];
    assert.ok(key);
    const after = den.snapshot();
    assert.ok(after.get(NOTE)?.includes(key));
    after.delete(NOTE);
    after.delete("home/Downloads/sample");
    let locked = 0;
    let renamed = 0;
    for (const [path, entry] of before) {
      const found = after.get(path) ?? after.get(`${path}.lockd`);
      assert.ok(found, path);
      if (after.has(`${path}.lockd`)) renamed += 1;
      if (found === entry) {
        assert.match(path, /\.(bin|js|cjs|mjs|php)$/);
        continue;
      }
      locked += 1;
      const at = found.indexOf(" ");
      const plain = unlock(Buffer.from(found.slice(at + 1), "latin1"), Buffer.from(key, "hex"));
      assert.equal(`${found.slice(0, at)} ${plain.toString("latin1")}`, entry, path);
    }
    assert.ok(locked >= 15 && renamed >= locked / 2 - 3 && renamed <= locked / 2 + 1, `${locked} ${renamed}`);

    const once = den.snapshot();
    assert.equal(den.runScript(drillFile("encrypt"), { drill: true }).status, 0);
    assert.deepEqual(den.snapshot(), once, "a second run locks nothing again");
  } finally {
    den.close();
  }
});

/** The inverse of the drill, written from the description at its head. */
function unlock(locked: Buffer, key: Buffer): Buffer {
  const nonce = locked.subarray(0, 16);
  const plain = Buffer.from(locked.subarray(32));
  const depth = Math.min(plain.length, 256 * 1024);
  const number = Buffer.alloc(8);
  for (let block = 0; block * 32 < depth; block++) {
    number.writeBigUInt64LE(BigInt(block));
    const mask = createHash("sha256").update(key).update(nonce).update(number).digest();
    for (let i = block * 32; i < Math.min(depth, block * 32 + 32); i++) plain[i] = plain[i]! ^ mask[i % 32]!;
  }
  return plain;
}
