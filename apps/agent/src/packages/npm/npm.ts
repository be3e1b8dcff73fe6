import { createHash, hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { membersOf } from "../confined/members.ts";
import type { Claim, PackageManager, Vouch } from "../manager.ts";
import { type Locked, MAX_LOCKFILE, packageAt, parseLockfile, placeOf } from "./lockfile.ts";

export interface NpmOptions {
  /** npm's cache folders (`_cacache`); left out: those of the owner of the project and of this user. */
  readonly caches?: readonly string[];
}

interface Project {
  readonly stamp: string;
  readonly locked: ReadonlyMap<string, Locked>;
  /** When each entry became what it is: change time of the lockfile that had it first, in nanoseconds since 1970. */
  readonly since: ReadonlyMap<string, bigint>;
}

/** Projects and tarballs that are remembered. */
const REMEMBERED = 256;
/** Tarballs that are read for one question; what is above is judged without them. */
const AT_ONCE = 32;
/** npm moves a package that it replaces aside under such a name, and removes it at the end. */
const ASIDE = /^\.(.+)-[A-Za-z0-9_-]{8}$/;
/** Milliseconds for which a folder that was moved aside counts as npm at work. */
const MOVING = 300_000;
/** Nanoseconds by which a file may be newer than the lockfile that npm writes last. */
const LATE = 2_000_000_000n;

/**
 * npm: what it installs is pinned in lockfiles by the tarball's sha512. Where the tarball itself is in npm's cache, a file of it is known
 * byte by byte (`pinned`). Else it is only known that it came together with another entry in the lockfile: a `dependency`. Lockfile and cache
 * are the project owner's, so that what runs as that user can write them: neither is more than a reason to weigh single signs less.
 */
export class Npm implements PackageManager {
  readonly #caches: readonly string[] | null;
  readonly #projects = new Map<string, Project>();
  readonly #tarballs = new Map<string, ReadonlyMap<string, string>>();

  constructor({ caches }: NpmOptions = {}) {
    this.#caches = caches ?? null;
  }

  async #project(folder: string): Promise<Project | null> {
    const path = join(folder, "node_modules/.package-lock.json");
    const found = await lstat(path, { bigint: true }).catch(() => null);
    if (!found?.isFile() || found.size > MAX_LOCKFILE) return null;
    const stamp = `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
    const before = this.#projects.get(folder);
    if (before?.stamp === stamp) return before;
    const locked = parseLockfile(await readFile(path, "utf8").catch(() => ""));
    const same = (place: string) => {
      const [now, then] = [locked.get(place)!, before?.locked.get(place)];
      return then?.version === now.version && then.sha512 === now.sha512;
    };
    const since = new Map(
      [...locked.keys()].map((place) => [place, (same(place) && before?.since.get(place)) || found.ctimeNs]),
    );
    const project = { stamp, locked, since };
    this.#projects.delete(folder);
    this.#projects.set(folder, project);
    if (this.#projects.size > REMEMBERED) this.#projects.delete(this.#projects.keys().next().value!);
    return project;
  }

  async claim(path: string): Promise<Claim | null> {
    const place = placeOf(path);
    if (!place) return null;
    const project = await this.#project(place.project);
    const locked = project && packageAt(project.locked, place.rest);
    if (!project || !locked?.version) return null;
    const { name, version } = locked;
    if (await isMoving(place.project, place.rest, project.locked))
      return { package: name, version, kind: "dependency", underway: true, doubt: null };
    const file = await lstat(path, { bigint: true }).catch(() => null);
    if (!file || file.ctimeNs > project.since.get(locked.place)! + LATE) return null;
    return { package: name, version, kind: "dependency", underway: false, doubt: null };
  }

  async vouches(contents: ReadonlyMap<string, Uint8Array>): Promise<Map<string, Vouch>> {
    const vouched = new Map<string, Vouch>();
    const asked: { path: string; inside: string; locked: Locked; project: string }[] = [];
    for (const path of contents.keys()) {
      const place = placeOf(path);
      const project = place && (await this.#project(place.project));
      const locked = project && packageAt(project.locked, place.rest);
      if (!locked?.sha512) continue;
      const inside = place!.rest.slice(locked.place.length + 1);
      asked.push({ path, inside, locked, project: place!.project });
    }
    await this.#open(asked);
    for (const { path, inside, locked } of asked) {
      const digest = this.#tarballs.get(locked.sha512!)?.get(inside);
      if (digest === undefined || digest !== hash("sha256", contents.get(path)!)) continue;
      vouched.set(path, { package: locked.name, version: locked.version, level: "pinned" });
    }
    return vouched;
  }

  /** Reads the tarballs that are not known yet, all of them in one confined process. */
  async #open(asked: readonly { locked: Locked; project: string }[]): Promise<void> {
    const paths: string[] = [];
    const digests: string[] = [];
    for (const { locked, project } of asked) {
      const sha512 = locked.sha512!;
      if (paths.length >= AT_ONCE || this.#tarballs.has(sha512) || digests.includes(sha512)) continue;
      const path = await this.#cached(sha512, project);
      if (path === null) continue;
      paths.push(path);
      digests.push(sha512);
    }
    if (paths.length === 0) return;
    const found = digests.map(() => new Map<string, string>());
    try {
      // The first folder of a tarball is `package`, or what its author called it: npm drops it.
      for await (const { archive, name, sha256, type } of membersOf("npm", paths))
        if (type === "0" && sha256) found[archive]?.set(name.replace(/^\.?\/?[^/]+\//, ""), sha256);
    } catch {
      // One of them is no tarball; what was read until then counts, by its digests.
    }
    for (const [index, members] of found.entries()) this.#tarballs.set(digests[index]!, members);
    while (this.#tarballs.size > REMEMBERED) this.#tarballs.delete(this.#tarballs.keys().next().value!);
  }

  /** The tarball in a cache, by its digest, which is checked. */
  async #cached(sha512: string, project: string): Promise<string | null> {
    const name = join("content-v2/sha512", sha512.slice(0, 2), sha512.slice(2, 4), sha512.slice(4));
    for (const cache of this.#caches ?? (await cachesOf(project))) {
      const path = join(cache, name);
      if (!(await lstat(path).catch(() => null))?.isFile()) continue;
      const digest = createHash("sha512");
      for await (const piece of createReadStream(path)) digest.update(piece as Buffer);
      if (digest.digest("hex") === sha512) return path;
    }
    return null;
  }

  async contents(): Promise<Map<string, string[]>> {
    return new Map();
  }
  async stamp(): Promise<string> {
    return "";
  }
  async busy(): Promise<boolean> {
    return false;
  }
  async original(): Promise<{ refused: string }> {
    return { refused: "npm brings it back: `npm ci`" };
  }
  async confirm() {
    return [];
  }
}

/**
 * Whether npm is replacing the package that the place lies in, or one around that: it is locked, and was moved aside a moment ago. Who owns
 * the project can make it look so: it postpones a judgement for a short time, and never decides it.
 */
async function isMoving(
  project: string,
  rest: string,
  locked: ReadonlyMap<string, Locked>,
): Promise<boolean> {
  const parts = rest.split("/");
  for (let at = 0; at < parts.length - 1; at++) {
    if (parts[at] !== "node_modules") continue;
    const end = at + (parts[at + 1]!.startsWith("@") ? 3 : 2);
    if (!locked.has(parts.slice(0, end).join("/"))) continue;
    const folder = join(project, ...parts.slice(0, end - 1));
    for (const name of await readdir(folder).catch(() => [])) {
      if (ASIDE.exec(name)?.[1] !== parts[end - 1]) continue;
      const aside = await lstat(join(folder, name)).catch(() => null);
      if (aside?.isDirectory() && Math.abs(Date.now() - aside.ctimeMs) < MOVING) return true;
    }
  }
  return false;
}

/** Where npm keeps what it fetched, for who owns the project and for this user. */
async function cachesOf(project: string): Promise<string[]> {
  const owner = await stat(project).catch(() => null);
  const passwd = await readFile("/etc/passwd", "utf8").catch(() => "");
  const homes = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([, , uid]) => Number(uid) === owner?.uid || Number(uid) === process.getuid?.())
    .flatMap(([, , , , , home]) => (home ? [home] : []));
  return [...new Set(homes)].map((home) => join(home, ".npm/_cacache"));
}
