import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cachedArchive } from "../apt/archives.ts";
import { keyOfWanted, signedArchives } from "../apt/lists.ts";
import { aptPlaces } from "../apt/places.ts";
import { membersOf } from "../confined/members.ts";
import type { Confirmation } from "../manager.ts";
import type { Dpkg } from "./dpkg.ts";
import type { PackageStatus } from "./status.ts";

const SCRIPTS = new Set(["preinst", "postinst", "prerm", "postrm", "config"]);

/**
 * Compares the manifests and scripts that dpkg put down with those in the signed archives in apt's cache. One confined process reads all
 * of them. Where they differ, the package's manifest is believed no more.
 */
export async function confirmAll(dpkg: Dpkg, packages: readonly PackageStatus[]): Promise<Confirmation[]> {
  const places = await aptPlaces(dpkg.aptConfig);
  if (!places || packages.length === 0) return [];
  const signed = await signedArchives(places, packages);
  const archives: string[] = [];
  const about: PackageStatus[] = [];
  for (const status of packages) {
    const path = await cachedArchive(places, status, signed.get(keyOfWanted(status)) ?? []);
    if (path === null) continue;
    archives.push(path);
    about.push(status);
  }
  if (archives.length === 0) return [];
  const found = about.map(() => ({ manifest: null as string | null, scripts: new Map<string, string>() }));
  for await (const { archive, name, sha256, type } of membersOf("control", archives)) {
    const into = found[archive];
    const plain = name.replace(/^\.\//, "");
    if (!into || type !== "0" || !sha256) continue;
    if (plain === "md5sums") into.manifest = sha256;
    else if (SCRIPTS.has(plain)) into.scripts.set(plain, sha256);
  }
  const said: Confirmation[] = [];
  for (const [index, status] of about.entries()) said.push(await compare(dpkg, status, found[index]!));
  return said;
}

async function compare(
  dpkg: Dpkg,
  status: PackageStatus,
  { manifest, scripts }: { manifest: string | null; scripts: ReadonlyMap<string, string> },
): Promise<Confirmation> {
  const { info, version } = status;
  const here = dpkg.manifestOf(info);
  const reasons: string[] = [];
  const paths: string[] = [];
  // A package without a manifest of its own gets one from dpkg: no archive has that.
  if (manifest !== null && here !== null && manifest !== here) {
    const why = `the signed archive of ${status.package} ${version} has another manifest`;
    dpkg.trusted.refuse(info, here, why);
    reasons.push(why);
    paths.push(...(await dpkg.filesOf(info)));
  } else if (manifest !== null && here !== null) await dpkg.trusted.confirm(info, { version, digest: here });
  for (const [name, sha256] of scripts) {
    const path = join(dpkg.admin, "info", `${info}.${name}`);
    const bytes = await readFile(path).catch(() => null);
    const digest = bytes && hash("sha256", bytes);
    if (digest === null || digest === sha256) continue;
    dpkg.deny(path, digest);
    reasons.push(`its signed archive has another ${name}`);
    paths.push(path);
  }
  return {
    ...{ package: status.package, version, paths },
    contradicts: reasons.length > 0 ? reasons.join("; ") : null,
  };
}
