import { basename } from "node:path";
import { type CaseId, type FileIdentity, type Sha256, ThymusError } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { readWithXattrs, sha256Of } from "../files/regular.ts";
import { knownContents } from "../monitors/baseline.ts";
import type { Original, PackageManager } from "../packages/manager.ts";
import type { Database } from "../state/open.ts";
import type { OperationContext } from "./operation.ts";
import { acceptedRights, rightsOf } from "./package-rights.ts";
import { putMissing } from "./put-back.ts";
import { rebuildKnown } from "./rebuild-known.ts";
import { replaceContent } from "./replace.ts";

/** What goes back in place of a changed program of a package. */
export interface Clean {
  readonly bytes: Buffer;
  /** Plain words: of which package, and how far the content was followed. */
  readonly how: string;
  readonly original: Original | null;
  /** Null: as it is. */
  readonly mtimeNs: string | null;
}

/**
 * The content that a package brought to a path: by the fingerprint of the baseline where the package's manifest vouches for the result, else
 * out of the signed archive.
 */
export async function cleanOf(
  db: Database,
  packages: PackageManager,
  path: string,
  changed: Uint8Array,
  fetch: boolean,
  signal?: AbortSignal,
): Promise<Clean | { refused: string }> {
  const known = await rebuildKnown(db, path, changed, sha256Of(changed));
  if ("repaired" in known) {
    const bytes = Buffer.from(known.repaired);
    const vouch = (await packages.vouches(new Map([[path, bytes]]))).get(path);
    if (vouch) {
      const how = `of package ${vouch.package} ${vouch.version}, by its fingerprint (${known.how}) and the package's manifest`;
      const sha256 = sha256Of(bytes);
      const before = (await knownContents(db, path)).find((content) => content.sha256 === sha256);
      return { bytes, how, original: null, mtimeNs: before?.mtimeNs ?? null };
    }
  }
  return archived(packages, path, fetch, signal);
}

/** The content out of the package's signed archive alone. */
export async function archived(
  packages: PackageManager,
  path: string,
  fetch: boolean,
  signal?: AbortSignal,
): Promise<Clean | { refused: string }> {
  const original = await packages.original(path, fetch, signal);
  if ("refused" in original) return original;
  const where = original.from === "cache" ? "in apt's cache" : "fetched by apt";
  const how = `of package ${original.package} ${original.version}, from its signed archive (${where})`;
  return { bytes: original.bytes, how, original, mtimeNs: original.mtimeNs };
}

/**
 * Owner and mode as this machine accepted them, within what the package gives (a dpkg-statoverride is taken as it is); the time as the
 * package sets it; the other attributes stay, except for capabilities of a program whose package gives it none. Without root the owner stays.
 */
async function identityFor(
  db: Database,
  path: string,
  { bytes, original, mtimeNs }: Clean,
  now: { mode: number; uid: number; gid: number; mtimeNs: bigint },
  xattrs: Record<string, string>,
): Promise<FileIdentity> {
  const root = process.getuid?.() === 0;
  const kept = { ...xattrs };
  if (original && !original.capable) delete kept["security.capability"];
  const rights = original && (original.fixed ? original : rightsOf(original, await acceptedRights(db, path)));
  const time = mtimeNs ?? String(now.mtimeNs);
  return {
    path,
    mode: rights?.mode ?? now.mode,
    uid: root && rights ? rights.uid : now.uid,
    gid: root && rights ? rights.gid : now.gid,
    ...{ size: bytes.length, atimeNs: time, mtimeNs: time, xattrs: kept },
  };
}

export interface PutPackageFile {
  readonly path: string;
  readonly root: string | null;
  readonly clean: Clean;
  /** sha256 of what is to be replaced; null where nothing lies there. */
  readonly expected: Sha256 | null;
  readonly why: string;
  readonly case: CaseId | null;
  readonly also: (db: Database) => Promise<void>;
}

/** Puts it there; what lay there is sealed in quarantine. @throws ThymusError CONFLICT where another content lies there by now, TOO_LARGE */
export async function putPackageFile(context: OperationContext, put: PutPackageFile): Promise<void> {
  const { path, root, clean, why } = put;
  const read = await readWithXattrs(path, context.maxBytes);
  if (!read && put.expected === null) {
    const now = { mode: 0o755, uid: 0, gid: 0, mtimeNs: 0n };
    const identity = await identityFor(context.db, path, clean, now, {});
    const copy = { path, identity, sha256: sha256Of(clean.bytes), at: new Date().toISOString() };
    return putMissing(context, copy, clean.bytes, { root, why });
  }
  if (!read?.content.whole || sha256Of(read.content.bytes) !== put.expected)
    throw new ThymusError("CONFLICT", `${path} changed while its package was looked at`, "try again");
  const { bytes, facts } = read.content;
  await replaceContent(context, {
    subject: { path, root, type: identifyFile(clean.bytes, basename(path)), facts, bytes },
    content: clean.bytes,
    mtimeNs: clean.mtimeNs,
    identity: await identityFor(context.db, path, clean, facts, read.xattrs),
    how: "package",
    ...{ why, prescription: null, case: put.case, also: put.also },
  });
}
