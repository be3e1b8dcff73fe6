import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { fetchEntries } from "./fetch.ts";
import { readRecipe } from "./make.ts";
import { benchData } from "./parts.ts";
import { entryName } from "./recipe.ts";

/** Packs a program into `to`; false where it cannot be packed (so small, or packed already). */
export type Packer = (from: string, to: string) => boolean;

/**
 * The executable packers of the recipe by version, run out of their packages (nothing is installed) with their own libraries.
 * @throws ThymusError NOT_FOUND where the packages are gone
 */
export async function openPackers(say: (line: string) => void): Promise<Map<string, Packer>> {
  const recipe = readRecipe("tools");
  const folder = join(benchData(), "tools");
  const { packages, missing } = await fetchEntries(recipe.entries, {
    folder,
    made: recipe.made,
    distinct: false,
    say,
  });
  if (missing.length > 0) {
    throw new ThymusError(
      "NOT_FOUND",
      `${missing.map(entryName).join(", ")} cannot be fetched`,
      "make new recipes",
    );
  }
  const fileOf = (name: string, ending: RegExp): string => {
    const found = packages
      .filter(({ entry }) => entry.name === name)
      .flatMap(({ folder: at, files }) =>
        files.filter(({ path }) => ending.test(path)).map(({ path }) => join(at, path)),
      );
    if (found[0] === undefined)
      throw new ThymusError("NOT_FOUND", `no ${ending} in ${name}`, "make new recipes");
    return found[0];
  };
  const loader = fileOf("libc6", /ld-linux-x86-64\.so\.2$|ld-[\d.]+\.so$/);
  chmodSync(loader, 0o755);
  const libraries = [
    dirname(fileOf("libc6", /\/libc\.so\.6$/)),
    ...["libstdc++6", "libgcc-s1", "libucl1", "zlib1g"].map((name) => join(folder, "lib", name)),
  ];
  // Shared libraries are asked for by names that are links in their packages.
  for (const [name, soname, ending] of [
    ["libstdc++6", "libstdc++.so.6", /\/libstdc\+\+\.so\.6\.[\d.]+$/],
    ["libgcc-s1", "libgcc_s.so.1", /\/libgcc_s\.so\.1$/],
    ["libucl1", "libucl.so.1", /\/libucl\.so\.1\.[\d.]+$/],
    ["zlib1g", "libz.so.1", /\/libz\.so\.1\.[\d.]+$/],
  ] as const) {
    mkdirSync(join(folder, "lib", name), { recursive: true });
    copyFileSync(fileOf(name, ending), join(folder, "lib", name, soname));
  }
  const packers = new Map<string, Packer>();
  for (const { entry, folder: at, files } of packages.filter((each) => each.entry.name === "upx-ucl")) {
    const program = join(at, files.find(({ path }) => /bin\/upx-ucl$/.test(path))!.path);
    packers.set(entry.version.replace(/-.*/, ""), (from, to) => {
      if (existsSync(to)) return true;
      mkdirSync(dirname(to), { recursive: true });
      // It packs only what may be run; nothing that was unpacked may, so a copy does.
      const copy = `${to}.copy`;
      copyFileSync(from, copy);
      chmodSync(copy, 0o755);
      const args = ["--library-path", libraries.join(":"), program, "-qq", "-o", to, copy];
      const { status } = spawnSync(loader, args, { stdio: "ignore", env: {} });
      rmSync(copy);
      if (status === 0) chmodSync(to, 0o644);
      if (status === 0) return true;
      rmSync(to, { force: true });
      return false;
    });
  }
  return packers;
}
