import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chown, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import type { SignedArchive, Wanted } from "./lists.ts";
import { type AptPlaces, aptEnvironment } from "./places.ts";

/** Seconds that a download may take. */
const DOWNLOAD_SECONDS = 300;

/** A file that is one of these archives, by size and sha256. */
async function isOne(path: string, archives: readonly SignedArchive[]): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile() || !archives.some(({ size }) => size === found.size)) return false;
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  const digest = hash.digest("hex");
  return archives.some(({ sha256 }) => sha256 === digest);
}

/** File name of an archive in apt's cache: `%3a` for the colon of a version. */
export function archiveName({ package: name, version, architecture }: Wanted): string {
  const quote = (text: string) => text.replaceAll("%", "%25").replaceAll("_", "%5f").replaceAll(":", "%3a");
  return `${quote(name)}_${quote(version)}_${quote(architecture)}.deb`;
}

/** The archive in apt's cache, where it is there and is the signed one. */
export async function cachedArchive(
  places: AptPlaces,
  wanted: Wanted,
  archives: readonly SignedArchive[],
): Promise<string | null> {
  const path = join(places.archives, archiveName(wanted));
  return (await isOne(path, archives)) ? path : null;
}

/**
 * Has apt fetch the archive, as its own unprivileged user where this is root, into a folder of its own; then checks it as a cached one.
 * @throws ThymusError TOOL_FAILED where apt cannot, or what it fetched is not the signed archive
 */
export async function fetchArchive(
  wanted: Wanted,
  archives: readonly SignedArchive[],
  config: string | null,
  signal?: AbortSignal,
): Promise<{ path: string; forget(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), "thymus-fetch-"));
  const forget = () => rm(dir, { recursive: true, force: true });
  try {
    const user = process.getuid?.() === 0 ? await aptUser() : null;
    if (user) await chown(dir, user.uid, user.gid);
    const { package: name, version, architecture } = wanted;
    const full = architecture === "all" ? `${name}=${version}` : `${name}:${architecture}=${version}`;
    await apt(["-q", "download", full], dir, user, config, signal);
    // From here on it is out of the reach of whoever fetched it.
    if (user) await chown(dir, process.getuid!(), process.getgid!());
    for (const file of await readdir(dir))
      if (await isOne(join(dir, file), archives)) return { path: join(dir, file), forget };
    throw new ThymusError(
      "TOOL_FAILED",
      `apt fetched another ${name} than the signed one`,
      "run `apt-get update`",
    );
  } catch (error) {
    await forget();
    throw error;
  }
}

async function aptUser(): Promise<{ uid: number; gid: number } | null> {
  const line = /^_apt:[^:]*:(\d+):(\d+):/m.exec(await readFile("/etc/passwd", "utf8").catch(() => ""));
  return line ? { uid: Number(line[1]), gid: Number(line[2]) } : null;
}

function apt(
  args: readonly string[],
  cwd: string,
  user: { uid: number; gid: number } | null,
  config: string | null,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("apt-get", args, {
      ...{ cwd, env: aptEnvironment(config), stdio: ["ignore", "ignore", "pipe"] },
      ...{ timeout: DOWNLOAD_SECONDS * 1000, killSignal: "SIGKILL" as const },
      ...(user ?? {}),
      ...(signal && { signal }),
    });
    let said = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-500);
    });
    const fail = (why: string) =>
      reject(new ThymusError("TOOL_FAILED", `apt-get download failed: ${why}`, "look at apt's sources"));
    child.once("error", (error) => fail(error.message));
    child.once("close", (code) => (code === 0 ? resolve() : fail(said.trim() || `status ${code}`)));
  });
}
