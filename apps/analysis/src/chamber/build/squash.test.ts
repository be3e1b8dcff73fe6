import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { differences, packRoot } from "./squash.ts";
import { runTool } from "./tool.ts";

test("what is packed is compared with its archive: a damaged image is seen", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thymus-squash-"));
  try {
    const [source, tar, image] = ["source", "root.tar", "root.squashfs"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await mkdir(join(source, "etc"), { recursive: true });
    await writeFile(join(source, "etc/text"), "the same line again\n".repeat(40_000));
    await writeFile(join(source, "etc/noise"), randomBytes(600_000));
    await runTool("tar", ["--create", "--file", tar, "--directory", source, "."]);

    await packRoot(tar, image, undefined);
    assert.deepEqual(await differences(tar, image, undefined), []);

    const bytes = await readFile(image);
    // Noise stands packed as it is: turned bits there are no error that decompression would see.
    bytes[bytes.indexOf((await readFile(join(source, "etc/noise"))).subarray(1000, 1032))]! ^= 1;
    await writeFile(image, bytes);
    assert.match((await differences(tar, image, undefined)).join("\n"), /etc\/noise.*Contents differ/);

    bytes.fill(0xff, 96, 4096);
    await writeFile(image, bytes);
    assert.notEqual((await differences(tar, image, undefined)).length, 0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
