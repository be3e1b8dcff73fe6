import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { partOf, type Sha256, type VouchedFile } from "@thymus/contracts";
import { type FileFacts, factsAt } from "../files/regular.ts";
import { examine } from "../monitors/examine.ts";
import type { PackageManager } from "../packages/manager.ts";
import type { Database } from "../state/open.ts";

export interface CollectOptions {
  readonly db: Database;
  readonly packages: PackageManager;
  /** Larger files are left out. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

const OTHERS_READ = 0o004;

/**
 * The programs that the package manager vouches for, by part, as they lie on the disk now. Files that did not change since
 * the last time are not read again; at most half of one processor is used.
 * @throws what `signal` was aborted with
 */
export async function collectVouched(options: CollectOptions): Promise<Map<number, VouchedFile[]>> {
  const { db, packages, signal } = options;
  const folders = new Map<string, string | null>();
  const present = new Set<string>();
  const found = new Map<string, VouchedFile>();
  for (const [listed, digests] of await packages.contents()) {
    signal.throwIfAborted();
    const began = performance.now();
    const path = await withoutLinks(listed, folders);
    // /bin/x of one package and /usr/bin/x of another may be one file.
    if (path === null || present.has(path)) continue;
    const facts = await factsAt(path).catch(() => null);
    // What not everybody may read is nobody's business elsewhere either.
    if (!facts || !(facts.mode & OTHERS_READ) || facts.size === 0) continue;
    present.add(path);
    const known = await remembered(db, path, facts, digests);
    const sha256 = known ? known.sha256 : await look(options, path, facts, digests);
    if (sha256) found.set(sha256, { sha256: sha256 as Sha256, size: facts.size });
    if (!known) await pause(performance.now() - began);
  }
  await forgetOthers(db, present);
  const parts = new Map<number, VouchedFile[]>();
  for (const file of found.values()) {
    const part = partOf(file.sha256);
    parts.set(part, [...(parts.get(part) ?? []), file]);
  }
  return parts;
}

/** `/bin/x` is `/usr/bin/x` where /bin is a link; each folder is asked once. */
async function withoutLinks(path: string, folders: Map<string, string | null>): Promise<string | null> {
  const folder = dirname(path);
  let real = folders.get(folder);
  if (real === undefined) {
    real = await realpath(folder).catch(() => null);
    folders.set(folder, real);
  }
  return real === null ? null : join(real, basename(path));
}

/** Size, times and place of a file, and what the manifests say of it: while all of it is the same, so is the content. */
function marksOf({ size, ino, mtimeNs, ctimeNs }: FileFacts, digests: readonly string[]): string {
  return [size, ino, mtimeNs, ctimeNs, ...digests.toSorted()].join(" ");
}

async function remembered(db: Database, path: string, facts: FileFacts, digests: readonly string[]) {
  const row = await db.selectFrom("vouched").selectAll().where("path", "=", path).executeTakeFirst();
  return row && row.marks === marksOf(facts, digests) ? row : null;
}

/** sha256 of a program whose content is one that the manifests name; null for all else. */
async function look(
  { db, maxBytes }: CollectOptions,
  path: string,
  facts: FileFacts,
  digests: readonly string[],
): Promise<string | null> {
  const now = await examine(path, maxBytes).catch(() => null);
  const content = now?.program && now.content?.whole ? now.content : null;
  const md5 = content && createHash("md5").update(content.bytes).digest("hex");
  const sha256 = md5 && digests.includes(md5) ? content.sha256 : null;
  const values = { marks: marksOf(now?.facts ?? facts, digests), sha256 };
  await db
    .insertInto("vouched")
    .values({ path, ...values })
    .onConflict((conflict) => conflict.column("path").doUpdateSet(values))
    .execute();
  return sha256;
}

async function forgetOthers(db: Database, present: ReadonlySet<string>): Promise<void> {
  const rows = await db.selectFrom("vouched").select("path").execute();
  for (const { path } of rows)
    if (!present.has(path)) await db.deleteFrom("vouched").where("path", "=", path).execute();
}
