/** What the fake registry offers: packages of the user's account and packages of others that they depend on. */
import type { RegistryPackage, WorldFile } from "../../chamber/chamber.ts";
import type { SeededRandom } from "../../chamber/decoys/random.ts";
import { noun } from "../../chamber/decoys/words.ts";
import { type Commit, repository } from "../user/git.ts";
import { npmPackage, npmShapes } from "./npm.ts";
import { packNpm } from "./pack-npm.ts";
import { nameGiver, type SourcePackage } from "./package.ts";
import { packSdist, packWheel, pypiPackage } from "./pypi.ts";

const OWN_PYTHON = 3;
/** So many of the npm packages have a repository of their own; the others share one. */
const OWN_REPOSITORY = 5;
const OTHERS_NPM = 6;
const OTHERS_PYTHON = 2;

export interface Offer {
  readonly packages: readonly RegistryPackage[];
  /** Sources of the account's own packages. */
  readonly files: readonly WorldFile[];
  /** Where these lie below the home folder. */
  readonly folders: readonly string[];
}

/** File name of a tarball, as `npm pack` names it. */
const tarballName = (name: string, version: string) =>
  `${name.replace(/^@/, "").replace("/", "-")}-${version}.tgz`;

function npmReleases({ name, releases }: SourcePackage, owner: string): RegistryPackage[] {
  return releases.map(({ version, files }) => ({
    ecosystem: "npm",
    name,
    version,
    file: { name: tarballName(name, version), content: packNpm(files) },
    owners: [owner],
  }));
}

function pypiReleases({ name, releases }: SourcePackage, owner: string): RegistryPackage[] {
  return releases.flatMap((release) =>
    [packSdist(name, release), packWheel(name, release)].map((file) => ({
      ecosystem: "pypi" as const,
      name,
      version: release.version,
      file,
      owners: [owner],
    })),
  );
}

/** Packages that the account may publish, their sources below ~/src, and packages of others. */
export function makeOffer(random: SeededRandom, account: string): Offer {
  const give = nameGiver(random.fork("names"));
  const [npmShelf, pythonShelf] = [`src/${give()}s`, `src/python-${give()}`];
  const others = Array.from({ length: OTHERS_NPM }, (_, index) => {
    const owner = `${noun(random)}${noun(random)}`;
    const own = random.fork(`other ${index}`);
    return {
      owner,
      made: npmPackage(own, { name: give(), folder: "", owner, shape: [0, 5, 1, 3, 0, 5][index]! }),
    };
  });
  const npm = Array.from({ length: npmShapes }, (_, shape) => {
    const name = give();
    const needed = random.shuffle(others).slice(0, shape % 3 === 0 ? 2 : 0);
    const dependencies = Object.fromEntries(
      needed.map(({ made }) => [made.name, `^${made.releases.at(-1)!.version}`]).sort(),
    );
    const folder = shape < OWN_REPOSITORY ? `src/${name}` : `${npmShelf}/packages/${name}`;
    return npmPackage(random.fork(`npm ${shape}`), { name, folder, owner: account, shape, dependencies });
  });
  const python = (label: string, owner: string, index: number): SourcePackage => {
    const name = give();
    return pypiPackage(random.fork(label), {
      name,
      folder: `${pythonShelf}/${name}`,
      owner,
      command: index % 2 === 0,
    });
  };
  const pypi = Array.from({ length: OWN_PYTHON }, (_, index) => python(`pypi ${index}`, account, index));
  const othersPython = Array.from({ length: OTHERS_PYTHON }, (_, index) => {
    const owner = `${noun(random)}${noun(random)}`;
    return { owner, made: python(`other pypi ${index}`, owner, index) };
  });
  const author = `${account} <${account}@users.noreply.github.com>`;
  const remote = (folder: string) => `https://github.com/${account}/${folder.slice(4)}.git`;
  const single = npm.filter(({ folder }) => folder.split("/").length === 2);
  return {
    packages: [
      ...npm.flatMap((one) => npmReleases(one, account)),
      ...pypi.flatMap((one) => pypiReleases(one, account)),
      ...others.flatMap(({ owner, made }) => npmReleases(made, owner)),
      ...othersPython.flatMap(({ owner, made }) => pypiReleases(made, owner)),
    ],
    folders: [...npm, ...pypi].map(({ folder }) => folder),
    files: [
      ...single.flatMap(({ folder, releases }) => repository(folder, remote(folder), author, releases)),
      ...[npmShelf, pythonShelf].flatMap((shelf) => {
        const inside = [...npm, ...pypi].filter(({ folder }) => folder.startsWith(`${shelf}/`));
        return repository(shelf, remote(shelf), author, shelfCommits(shelf, inside));
      }),
    ],
  };
}

/** Releases of several packages that share a repository, in the order of time. */
function shelfCommits(shelf: string, packages: readonly SourcePackage[]): Commit[] {
  const steps = packages.flatMap((one) => one.releases.map((release) => ({ one, release })));
  const now = new Map<string, Commit["files"]>();
  return steps
    .sort((a, b) => a.release.at - b.release.at)
    .map(({ one, release }) => {
      const below = one.folder.slice(shelf.length + 1);
      now.set(
        one.name,
        release.files.map((file) => ({ ...file, path: `${below}/${file.path}` })),
      );
      return { at: release.at, message: `${one.name}: ${release.message}`, files: [...now.values()].flat() };
    });
}
