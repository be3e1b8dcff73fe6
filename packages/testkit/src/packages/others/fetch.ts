/**
 * The other packages: real ones from the registry that npm is set up for, in which a rule for a package worm must find
 * nothing. Installed by npm itself from a lock made of `list.txt`, scripts off; read from npm's content store, each
 * checked against its integrity. Nothing of them is ever run.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface OtherPackage {
  readonly name: string;
  readonly version: string;
  /** Subresource integrity of the tarball, `sha512-` and base64. */
  readonly integrity: string;
}

/** Connections at a time: a registry is shared by many. */
const MAX_SOCKETS = 6;
/** Most packages of one install. */
const BATCH = 500;

/** False, or why packages cannot be fetched here; never a reason in CI, where they must be. */
export function canFetch(): false | string {
  if (process.env.CI) return false;
  const { status } = spawnSync("npm", ["ping"], { stdio: "ignore", timeout: 20_000 });
  return status === 0 ? false : "npm reaches no registry from this machine";
}

/** All of the list, or a part of `count` spread evenly over it. */
export async function listOthers(count = Number.POSITIVE_INFINITY): Promise<OtherPackage[]> {
  const text = await readFile(join(import.meta.dirname, "list.txt"), "utf8");
  const all = text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line): OtherPackage => {
      const [name, version, integrity] = line.split(" ");
      return { name: name!, version: version!, integrity: integrity! };
    });
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(all.length, count) }, (_, i) => all[Math.floor(i * step)]!);
}

/** Where npm's content store keeps these bytes. */
function storedAt(cache: string, { integrity }: OtherPackage): string {
  const hex = Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
  return join(cache, "_cacache/content-v2/sha512", hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
}

/**
 * Brings what is missing into `folder` (git-ignored); what is there stays. One install a batch, so that an interrupted run
 * goes on where it was. @throws Error with npm's last words
 */
export async function fetchOthers(
  folder: string,
  wanted: readonly OtherPackage[],
  onProgress: (there: number) => void = () => {},
): Promise<void> {
  const cache = join(folder, "cache");
  const missing = wanted.filter((each) => !existsSync(storedAt(cache, each)));
  for (let at = 0; at < missing.length; at += BATCH) {
    await install(join(folder, `install-${process.pid}`), cache, missing.slice(at, at + BATCH));
    onProgress(wanted.length - missing.length + Math.min(missing.length, at + BATCH));
  }
}

async function install(work: string, cache: string, batch: readonly OtherPackage[]): Promise<void> {
  await mkdir(work, { recursive: true });
  const dependencies = Object.fromEntries(batch.map(({ name, version }) => [name, version]));
  const root = { name: "other-packages", version: "0.0.0", private: true, dependencies };
  const packages = Object.fromEntries(
    batch.map(({ name, version, integrity }) => [`node_modules/${name}`, { version, integrity }]),
  );
  const lock = { name: root.name, version: root.version, lockfileVersion: 3, requires: true };
  await writeFile(join(work, "package.json"), JSON.stringify(root));
  await writeFile(
    join(work, "package-lock.json"),
    JSON.stringify({ ...lock, packages: { "": root, ...packages } }),
  );
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--legacy-peer-deps", "--force"];
  const limits = ["--ignore-scripts", `--maxsockets=${MAX_SOCKETS}`, "--prefer-offline", "--cache", cache];
  try {
    await run("npm", ["ci", ...quiet, ...limits], work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-2048);
    });
    child.once("error", reject);
    child.once("close", (status) =>
      status === 0 ? resolve() : reject(new Error(`${command} ${args[0]} ended with ${status}: ${said}`)),
    );
  });
}

/** The tarball of a package that was fetched. @throws Error where it is missing or not what the list names */
export async function readOther(folder: string, other: OtherPackage): Promise<Buffer> {
  const bytes = await readFile(storedAt(join(folder, "cache"), other));
  if (`sha512-${createHash("sha512").update(bytes).digest("base64")}` !== other.integrity)
    throw new Error(`the tarball of ${other.name} ${other.version} is not the one of the list`);
  return bytes;
}
