import { countFiles, type FileCounts, type Listed, listSuite } from "./index-file.ts";
import type { RecipeEntry } from "./recipe.ts";
import { bucket, common, type Split, splitOf } from "./split.ts";

const SUITE = { archive: "debian", suite: "trixie" } as const;
const OLD_SUITES = ["bullseye", "bookworm", "sid"];
const MAX_PACKAGE_BYTES = 2e6;
/** Bytes when unpacked that a part may have; packages are taken in order of their source's digest until it is full. */
const BUDGET: Record<Split, number> = { train: 2.1e9, dev: 0.45e9, test: 15e9 };
const STATIC =
  /^(libc6-dev|libgcc-\d+-dev|zlib1g-dev|libssl-dev|libncurses-dev|libreadline-dev|libcrypt-dev|libpcre2-dev|libevent-dev|libtommath-dev|libtomcrypt-dev|libpopt-dev|musl-dev)$/;

/** Goodware of a released suite by source package: train, dev and test; `use` is the part. */
export async function makeGoodware(indexes: string): Promise<RecipeEntry[]> {
  const listed = await listSuite(indexes, SUITE, "amd64");
  const old = await oldLibraries(indexes);
  const everywhere = new Set([
    ...common,
    ...old.map(({ source }) => source),
    ...listed
      .filter(({ priority }) => ["required", "important", "standard"].includes(priority))
      .map(({ source }) => source),
  ]);
  const counts = new Map(await countFiles(indexes, SUITE.suite, "all"));
  for (const [name, count] of await countFiles(indexes, SUITE.suite, "amd64")) counts.set(name, count);

  const always = [...old, ...listed.filter((each) => isBase(each, everywhere))];
  const entries: RecipeEntry[] = always.map((each) => ({ ...each, use: "train" }));
  const room = { ...BUDGET, train: BUDGET.train - sum(always) };
  const taken = new Set(always.map(({ sha256 }) => sha256));
  const wanted = listed
    .filter(
      (each) =>
        each.size <= MAX_PACKAGE_BYTES &&
        isRich(counts.get(each.name)) &&
        !each.name.endsWith("-cross") &&
        !taken.has(each.sha256),
    )
    .sort(
      (a, b) =>
        bucket(a.source) - bucket(b.source) || (a.source < b.source ? -1 : a.source > b.source ? 1 : 0),
    );
  const chosen = new Map<string, Split>();
  for (const each of wanted) {
    const part = splitOf(each.source, everywhere);
    if (part === null || (part === "train" && everywhere.has(each.source))) continue;
    if (room[part] < each.installed) continue;
    room[part] -= each.installed;
    entries.push({ ...each, use: part });
    chosen.set(each.name, part);
  }
  entries.push(...(await otherArchitectures(indexes, chosen, counts)));
  return entries;
}

/** Enough files, programs or scripts to be worth its line in the recipe. */
function isRich(count: FileCounts | undefined): boolean {
  return count !== undefined && (count.files >= 100 || count.programs >= 5 || count.scripts >= 50);
}

/** What every machine has: the base system and the libraries, interpreters and compilers named in {@link common}. */
function isBase({ name, source, size, priority }: Listed, everywhere: ReadonlySet<string>): boolean {
  if (!everywhere.has(source) || splitOf(source, everywhere) === null) return false;
  if (
    /-(doc|dbg|source|udeb|testsuite|locales)$|cross|multilib|32|x32/.test(name) ||
    /^(manpages|.*-plugin-dev)/.test(name)
  )
    return false;
  if (/^gcc-\d+$/.test(source)) return /^lib(gcc|stdc)/.test(name) || name === "cpp-14-x86-64-linux-gnu";
  if (source === "binutils") return !/^binutils-(?!common|x86)/.test(name);
  return priority === "required" || priority === "important" || priority === "standard" || size <= 12e6;
}

/** Static libraries of older and newer suites and of other architectures: code that any program may have inside. */
async function oldLibraries(indexes: string): Promise<Listed[]> {
  const found: Listed[] = [];
  for (const suite of OLD_SUITES) {
    for (const each of await listSuite(indexes, { archive: "debian", suite }, "amd64"))
      if (STATIC.test(each.name)) found.push(each);
  }
  for (const architecture of ["i386", "arm64"]) {
    for (const each of await listSuite(indexes, SUITE, architecture))
      if (STATIC.test(each.name)) found.push(each);
  }
  return found;
}

/** The same packages of dev and test built for other architectures, where they hold programs. */
async function otherArchitectures(
  indexes: string,
  chosen: ReadonlyMap<string, Split>,
  counts: ReadonlyMap<string, FileCounts>,
): Promise<RecipeEntry[]> {
  const entries: RecipeEntry[] = [];
  for (const architecture of ["i386", "arm64"]) {
    for (const each of await listSuite(indexes, SUITE, architecture)) {
      const use = chosen.get(each.name);
      if (use === undefined || use === "train" || each.architecture === "all") continue;
      if ((counts.get(each.name)?.programs ?? 0) >= 8) entries.push({ ...each, use });
    }
  }
  return entries;
}

function sum(packages: readonly Listed[]): number {
  return packages.reduce((total, { installed }) => total + installed, 0);
}
