import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { guestUser } from "../layout.ts";
import { guestExtras, guestPackages, i386Packages, kernelPackages } from "../packages.ts";
import type { ChamberPaths } from "../paths.ts";
import { hostSources, sourcesList } from "./sources.ts";
import { packRoot } from "./squash.ts";
import { runTool } from "./tool.ts";

/** Parts of packages that no sample misses. */
const left = ["doc", "man", "info", "locale", "lintian", "bug", "file"].map(
  (folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`,
);

/**
 * Makes the guest's root file system and downloads kernel and 32-bit packages beside it.
 * Needs the network, as apt does; nothing is installed on the host.
 */
export async function buildRoot(
  paths: ChamberPaths,
  signal: AbortSignal | undefined,
  note: (what: string) => void,
) {
  const { codename, sources } = await hostSources();
  const temp = await mkdtemp(join(paths.temp, "root-"));
  const extras = await offered(guestExtras);
  // As text: where an ordinary user builds, hooks run as another user, who may not read this folder.
  const collect = await readFile(join(import.meta.dirname, "../guest/collect.sh"), "utf8");
  let failure: unknown;
  // A mirror may lack 32-bit packages for some or all of its parts: then with less.
  for (const [architectures, narrow] of [
    ["amd64,i386", false],
    ["amd64,i386", true],
    ["amd64", false],
  ] as const) {
    const packages = join(temp, "packages");
    await rm(packages, { recursive: true, force: true });
    await mkdir(packages, { mode: 0o755 });
    await writeFile(join(temp, "sources.list"), sourcesList(sources, codename, narrow));
    const tar = join(temp, "root.tar");
    const args = [
      ...["--variant=essential", `--architectures=${architectures}`],
      `--include=${[...guestPackages, ...extras].join(",")}`,
      ...['--aptopt=APT::Install-Recommends "false"', '--aptopt=APT::Sandbox::User "root"'],
      '--aptopt=Acquire::Retries "4"',
      ...left,
      `--customize-hook=${collect}`,
      `--customize-hook=sync-out /thymus-packages "${packages}"`,
      '--customize-hook=rm -rf "$1/thymus-packages"',
      ...[codename, tar, join(temp, "sources.list")],
    ];
    const env = {
      KERNELS: kernelPackages.join(" "),
      I386: architectures.includes("i386") ? i386Packages.join(" ") : "",
      USER_NAME: guestUser.name,
      USER_ID: String(guestUser.id),
    };
    try {
      await runTool("mmdebstrap", args, {
        env,
        signal,
        onLine: (line) => line.startsWith("I: ") && note(line.slice(3)),
      });
      note("packing the root file system");
      await packRoot(tar, join(temp, "root.squashfs"), signal);
      await rm(paths.packages, { recursive: true, force: true });
      await rename(packages, paths.packages);
      await rename(join(temp, "root.squashfs"), paths.root);
      await rm(temp, { recursive: true, force: true });
      return;
    } catch (error) {
      if (error instanceof ThymusError && ["INTERRUPTED", "TOOL_MISSING"].includes(error.code)) throw error;
      failure ??= error;
      note("once more with fewer 32-bit packages");
    }
  }
  throw failure;
}

/** Which of the wanted packages the distribution has. */
async function offered(names: readonly string[]): Promise<string[]> {
  const known = (await runTool("apt-cache", ["pkgnames"])).toString("utf8").split("\n");
  const set = new Set(known);
  return names.filter((name) => set.has(name));
}
