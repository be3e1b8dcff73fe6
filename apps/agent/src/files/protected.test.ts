import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtectedPaths } from "./protected.ts";

const paths = new ProtectedPaths("/var/lib/none/agent", ["/var/lib/none/agent/drill"]);
test("what logs people in, starts the system or is Thymus is protected wherever it lies; its neighbours are not", () => {
  for (const path of [
    "/usr/bin/bash",
    "/etc/passwd",
    "/etc/sudoers.d/admins",
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/lib/aarch64-linux-gnu/libpam.so.0",
    "/usr/lib/aarch64-linux-gnu/security/pam_unix.so",
    "/lib64/ld-linux-x86-64.so.2",
    "/usr/lib/libc.so.6",
    "/var/lib/none/agent/agent.db",
    process.execPath,
    import.meta.filename,
  ])
    assert.ok(paths.covers(path), path);
  for (const path of ["/usr/bin/tool", "/etc/motd", "/srv/lib/libc.so.6", "/var/lib/none/agent/drill/a.sh"])
    assert.ok(!paths.covers(path), path);
});
