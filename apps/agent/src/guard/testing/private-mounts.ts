import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bind, errnoName } from "../answerer/library.ts";

const unshare = bind("int unshare(int flags)");
const mount = bind(
  "int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)",
);
const umount = bind("int umount2(const char *target, int flags)");

const CLONE_NEWNS = 0x20000;
const MS_REC = 16384;
const MS_PRIVATE = 1 << 18;
const MNT_DETACH = 2;

let entered = false;

/**
 * A tmpfs that only this test's main thread and the processes that it starts see: use synchronous calls, as threads of the
 * pool stay outside. It ends with the test, whatever happens.
 * @param size bytes
 */
export function privateTmpfs(size = 16 << 20): { path: string; remove(): void } {
  if (!entered && (unshare(CLONE_NEWNS) !== 0 || mount("none", "/", null, MS_REC | MS_PRIVATE, null) !== 0))
    throw new Error(`private mounts: ${errnoName()}`);
  entered = true;
  const path = mkdtempSync(join(tmpdir(), "thymus-guard-"));
  if (mount("thymus-test", path, "tmpfs", 0, `size=${size}`) !== 0) throw new Error(`mount: ${errnoName()}`);
  return {
    path,
    remove() {
      umount(path, MNT_DETACH);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
