import assert from "node:assert/strict";
import { test } from "node:test";
import { countArguments, maskArguments } from "./arguments.ts";

test("what may be a password or a key is not kept of arguments", () => {
  const masked = (line: string) => maskArguments(line.split(" ")).join(" ");
  assert.equal(
    masked("openssl enc -aes-256-cbc -k sesame -in a.txt"),
    "openssl enc -aes-256-cbc -k *** -in a.txt",
  );
  assert.equal(masked("openssl enc -pass pass:sesame -in a"), "openssl enc -pass *** -in a");
  assert.equal(masked("mysqldump -psesame --user=me db"), "mysqldump -p*** --user=me db");
  assert.equal(masked("7z a -psesame all.7z"), "7z a -p*** all.7z");
  assert.equal(masked("gpg --batch --passphrase sesame -c a"), "gpg --batch --passphrase *** -c a");
  assert.equal(masked("x --password=sesame"), "x --password=***");
  assert.equal(masked("zip -P sesame a.zip a"), "zip -P *** a.zip a");
  assert.equal(
    masked("curl -u me:sesame https://me:sesame@example.org/a"),
    "curl -u *** https://me:***@example.org/a",
  );
  assert.deepEqual(maskArguments(["sh", "-c", "for f in *; do openssl enc -k sesame -in $f; done"]), [
    "sh",
    "-c",
    "for f in *; do openssl enc -k *** -in $f; done",
  ]);
  assert.equal(masked("env API_TOKEN=sesame python3 x.py"), "env API_TOKEN=*** python3 x.py");
  assert.equal(masked("python3 /home/a/x.py --depth 3"), "python3 /home/a/x.py --depth 3");
  assert.equal(countArguments(["gpg", "-c"]), "with 1 argument");
});
