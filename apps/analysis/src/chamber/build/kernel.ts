import { mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync, zstdDecompressSync } from "node:zlib";
import { ThymusError } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { kernelModules } from "../packages.ts";
import type { ChamberPaths } from "../paths.ts";
import { type CpioEntry, writeCpio } from "./cpio.ts";
import { moduleName, resolveModules } from "./modules.ts";
import { allGuestFiles, readGuestFile, serverFiles } from "./program.ts";
import { runTool } from "./tool.ts";

const empty = new Uint8Array(0);

/** Takes kernel and modules out of their packages, busybox out of the root, and makes the guest's initial RAM disk. */
export async function buildKernel(paths: ChamberPaths, signal: AbortSignal | undefined): Promise<void> {
  const temp = await mkdtemp(join(paths.temp, "kernel-"));
  for (const name of await readdir(paths.packages))
    if (/^linux-(image|modules)-.*_amd64\.deb$/.test(name))
      await runTool("dpkg-deb", ["-x", join(paths.packages, name), join(temp, "system")], { signal });
  const files = (await readdir(join(temp, "system"), { recursive: true })).map((name) =>
    join(temp, "system", name),
  );
  const kernel = files.find((path) => /\/boot\/vmlinuz-[^/]+$/.test(path));
  if (!kernel)
    throw new ThymusError(
      "CHAMBER_FAILED",
      "the kernel package holds no kernel",
      "remove the chamber folder and build again",
    );
  const byName = new Map(
    files.flatMap((path) => (moduleName(path) ? [[moduleName(path)!, path] as const] : [])),
  );
  const modules = await resolveModules(kernelModules, async (name) => {
    const path = byName.get(name);
    return path ? readModule(path) : null;
  });
  await runTool(
    "unsquashfs",
    ["-q", "-n", "-d", join(temp, "box"), paths.root, "usr/bin/busybox", "bin/busybox"],
    { signal },
  );
  const busybox = await readFile(join(temp, "box/usr/bin/busybox")).catch(() =>
    readFile(join(temp, "box/bin/busybox")),
  );
  const folder = (name: string): CpioEntry => ({ name, mode: 0o040755, content: empty });
  const guest = async (name: string): Promise<CpioEntry> => ({
    name,
    mode: 0o100755,
    content: await readGuestFile(name),
  });
  const entries = [
    ...["bin", "dev", "modules", "packages", "server", "server/internet", "server/run"].map(folder),
    { name: "bin/busybox", mode: 0o100755, content: busybox },
    ...(await Promise.all((await allGuestFiles()).map(guest))),
    ...(await serverFiles()).map(({ name, content }) => ({
      name: `server/${name}`,
      mode: 0o100644,
      content,
    })),
    ...modules.map(({ name, content }) => ({ name: `modules/${name}`, mode: 0o100644, content })),
    {
      name: "modules/order",
      mode: 0o100644,
      content: Buffer.from(modules.map(({ name }) => `${name}\n`).join("")),
    },
  ];
  await writeFileAtomic(paths.initramfs, gzipSync(writeCpio(entries), { level: 6 }));
  await rename(kernel, paths.kernel);
  await rm(temp, { recursive: true, force: true });
}

async function readModule(path: string): Promise<Uint8Array> {
  if (path.endsWith(".xz")) return runTool("xz", ["-dc", path]);
  const bytes = await readFile(path);
  if (path.endsWith(".zst")) return zstdDecompressSync(bytes);
  return path.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}
