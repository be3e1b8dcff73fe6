/** Drill worms of packages: each one program, and the package whose install script it is. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";

export interface PackageWorm {
  readonly id: string;
  readonly about: string;
  /** Name of the package that carries it. */
  readonly packageName: string;
}

/** A file of a package's sources. */
export interface PackageSource {
  readonly path: string;
  readonly content: Uint8Array;
}

/** Folder of the programs, each named by its id: what a worm's chamber shows as its drill programs. */
export const packageWormsFolder: string = join(import.meta.dirname, "programs");

const worms: readonly PackageWorm[] = [
  {
    id: "package-bundle",
    about: "adds a file and an install script, packs the tarball anew in its own way",
    packageName: "tidewater-format",
  },
  {
    id: "package-append",
    about: "appends to the main module and leaves all else of the tarball as it is",
    packageName: "millrace-dates",
  },
];

export const listPackageWorms = (): readonly PackageWorm[] => worms;

/** Sources of the package that carries a worm, to be packed by who needs it. @throws ThymusError NOT_FOUND */
export function packageWormSources(id: string): PackageSource[] {
  const worm = worms.find((each) => each.id === id);
  if (!worm)
    throw new ThymusError(
      "NOT_FOUND",
      `there is no drill worm ${id}`,
      `choose one of ${worms.map((each) => each.id).join(", ")}`,
    );
  const manifest = {
    name: worm.packageName,
    version: "1.4.2",
    description: "Small helpers",
    main: "index.js",
    scripts: { postinstall: "node setup.js" },
    license: "MIT",
  };
  return [
    { path: "package.json", content: Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) },
    {
      path: "index.js",
      content: Buffer.from('"use strict";\nmodule.exports = { small: (text) => text.trim() };\n'),
    },
    { path: "setup.js", content: readFileSync(join(packageWormsFolder, id)) },
  ];
}
