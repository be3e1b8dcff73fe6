import assert from "node:assert/strict";
import { chmod, chown, lstat, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "@thymus/testkit";
import { readFlags, unlock, writeFlags } from "../files/flags.ts";
import { readXattrs, writeXattrs } from "../files/libc.ts";
import { openRegular, readRegular, sha256Of } from "../files/regular.ts";
import { recordFile } from "../monitors/baseline.ts";
import { makeContext } from "../testing/vaulted.ts";
import { putPackageFile } from "./from-package.ts";
import { rightsOf } from "./package-rights.ts";

test("what the owner took away stays away; what only a package may give is taken from no baseline", () => {
  const suid = { mode: 0o4755, uid: 0, gid: 0 };
  const plain = { mode: 0o755, uid: 0, gid: 0 };
  const of = (packaged: typeof suid, mode: number, uid = 0) => rightsOf(packaged, { mode, uid, gid: 0 });
  assert.deepEqual(rightsOf(suid, null), suid);
  assert.deepEqual(of(suid, 0o755), plain);
  assert.deepEqual(of(suid, 0o4755), suid);
  assert.deepEqual(of(suid, 0o4750), { ...suid, mode: 0o4750 });
  assert.deepEqual(of(plain, 0o6777), plain);
  assert.deepEqual(of(plain, 0o700), { ...plain, mode: 0o700 });
  assert.deepEqual(of(suid, 0o4755, 1000), { mode: 0o755, uid: 1000, gid: 0 });
});

test("a packaged program comes back with the mode and owner that were accepted, its attributes and its lock", {
  skip: needs("root"),
}, async (t) => {
  const { context, dir } = await makeContext(t);
  const path = join(dir, "tool");
  const clean = Buffer.from("#!/bin/sh\necho clean\n");
  const put = async (fixed: boolean, expected: string | null) => {
    const original = { package: "tool", version: "1", bytes: clean, mode: 0o4755, uid: 0, gid: 0 };
    await putPackageFile(context, {
      ...{ path, root: dir, expected: expected as never, why: "a test", case: null, also: async () => {} },
      clean: {
        ...{ bytes: clean, how: "of package tool 1", mtimeNs: "1500000000000000000" },
        original: { ...original, fixed, mtimeNs: "1500000000000000000", from: "cache", capable: true },
      },
    });
    const { mode, uid, gid } = await lstat(path);
    return [(mode & 0o7777).toString(8), uid, gid];
  };
  const infect = async () => {
    await unlock(path);
    await writeFile(path, "#!/bin/sh\necho patched\n");
    await chown(path, 0, 0);
    await chmod(path, 0o6777);
    return sha256Of(Buffer.from("#!/bin/sh\necho patched\n"));
  };
  await writeFile(path, clean);
  await chown(path, 0, 7);
  await chmod(path, 0o750);
  const { facts } = (await readRegular(path, 1 << 20))!;
  await recordFile(context.db, {
    ...{ root: dir, path, facts, type: "shell", program: true, whole: true, sha256: sha256Of(clean) },
    ...{ signature: null, fingerprint: null, how: "found", appeared: false },
  });
  const patched = await infect();
  const capability = "0100000200200000000000000000000000000000";
  writeXattrs(path, { "security.capability": capability });
  const handle = (await openRegular(path))!;
  writeFlags(handle, 0x10);
  const locks = readFlags(handle);
  await handle.close();
  assert.deepEqual(await put(false, patched), ["750", 0, 7]);
  assert.deepEqual(readXattrs(path), { "security.capability": capability });
  const again = (await openRegular(path))!;
  assert.equal(readFlags(again), locks, "it is locked again");
  await again.close();
  await infect();
  assert.deepEqual(await put(true, patched), ["4755", 0, 0], "dpkg-statoverride comes first");
  await rm(path);
  assert.deepEqual(
    await put(false, null),
    ["4755", 0, 0],
    "what was accepted last counts, also where it is gone",
  );
});
