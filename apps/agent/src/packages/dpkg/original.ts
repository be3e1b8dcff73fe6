import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { asThymusError } from "@thymus/contracts";
import { cachedArchive, fetchArchive } from "../apt/archives.ts";
import { keyOfWanted, signedArchives } from "../apt/lists.ts";
import { aptPlaces } from "../apt/places.ts";
import { type Member, readMember } from "../confined/members.ts";
import type { Original } from "../manager.ts";
import { readOverride } from "./diversions.ts";
import type { Dpkg, Owner } from "./dpkg.ts";

type Refused = { readonly refused: string };

/**
 * A file out of its package's archive: InRelease, Packages, archive, content, each by the digest in the one before; and the content by the
 * manifest of this machine, too, where that is believed.
 */
export async function originalOf(
  dpkg: Dpkg,
  path: string,
  fetch: boolean,
  signal?: AbortSignal,
): Promise<Original | Refused> {
  const owners = (await dpkg.owners(path)).filter(({ version }) => version !== "");
  if (owners.length === 0) return { refused: "it belongs to no package" };
  const places = await aptPlaces(dpkg.aptConfig);
  if (!places) return { refused: "there is no apt" };
  const signed = await signedArchives(places, owners);
  let refused = "";
  for (const owner of owners) {
    const archives = signed.get(keyOfWanted(owner));
    const which = `${owner.package} ${owner.version}`;
    if (!archives) {
      refused = `no verified list of packages has ${which}`;
      continue;
    }
    const cached = await cachedArchive(places, owner, archives);
    if (cached) return content(dpkg, owner, path, cached, "cache");
    if (!fetch) {
      refused = `the archive of ${which} is not on this machine, and agent.fetchPackages is off`;
      continue;
    }
    try {
      const fetched = await fetchArchive(owner, archives, dpkg.aptConfig, signal);
      try {
        return await content(dpkg, owner, path, fetched.path, "download");
      } finally {
        await fetched.forget();
      }
    } catch (error) {
      refused = asThymusError(error).message;
    }
  }
  return { refused };
}

async function content(
  dpkg: Dpkg,
  owner: Owner,
  path: string,
  archive: string,
  from: Original["from"],
): Promise<Original | Refused> {
  const control = owner.kind === "control";
  const names = control ? [path.split(".").at(-1)!] : namesIn(owner.name);
  const found = await readMember(control ? "control" : "files", archive, names);
  const which = `${owner.package} ${owner.version}`;
  if (!found) return { refused: `the archive of ${which} does not have it` };
  const { member, bytes } = found;
  const md5 = hash("md5", bytes);
  const doubted = dpkg.trusted.doubt(owner.info) !== null;
  if (!control && !doubted && owner.listed.length > 0 && !owner.listed.includes(md5)) {
    dpkg.trusted.refuse(
      owner.info,
      dpkg.manifestOf(owner.info) ?? "",
      `the signed archive of ${which} has another ${owner.name}`,
    );
    return { refused: `the archive of ${which} and its manifest on this machine disagree` };
  }
  const rights = await rightsOf(dpkg, owner, member);
  const postinst = join(dpkg.admin, "info", `${owner.info}.postinst`);
  const capable = /\bsetcap\b/.test(await readFile(postinst, "utf8").catch(() => ""));
  const [seconds, part = ""] = member.mtime.split(".");
  const mtimeNs = `${seconds}${part.padEnd(9, "0").slice(0, 9)}`;
  return { package: owner.package, version: owner.version, bytes, ...rights, mtimeNs, from, capable };
}

/** With merged /usr an archive may still have `bin/x` for what the machine calls `usr/bin/x`. */
const namesIn = (name: string): string[] =>
  /^usr\/(?:bin|sbin|lib[^/]*)\//.test(name) ? [name, name.slice("usr/".length)] : [name];

/** Owner and mode as dpkg sets them: by name where this system knows it, else by number; the owner's own wish comes first. */
async function rightsOf(dpkg: Dpkg, owner: Owner, member: Member) {
  const override = await readOverride(dpkg.admin, await dpkg.tree(), owner.name);
  const number = async (file: string, name: string): Promise<number | null> => {
    if (/^#\d+$/.test(name)) return Number(name.slice(1));
    const text = await readFile(join(dpkg.root, "etc", file), "utf8").catch(() => "");
    const line = text.split("\n").find((each) => each.startsWith(`${name}:`));
    return line ? Number(line.split(":")[2]) : null;
  };
  const uid = await number("passwd", override?.user ?? member.user);
  const gid = await number("group", override?.group ?? member.group);
  const mode = (override?.mode ?? member.mode) & 0o7777;
  return { uid: uid ?? member.uid, gid: gid ?? member.gid, mode, fixed: override !== null };
}
