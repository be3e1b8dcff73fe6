import { link, rm } from "node:fs/promises";
import { FileIdentity } from "@thymus/contracts";
import { lockAgain, unlock } from "../files/flags.ts";
import { type Folder, inFolderOf } from "../files/folder.ts";
import { inodeOf, wholeIdentityOf } from "../files/identity.ts";
import { type FileFacts, factsAt } from "../files/regular.ts";
import type { Database } from "../state/open.ts";
import { digestAt, type OperationContext } from "./operation.ts";

/** Names that are looked at for one file. */
const MOST = 32;

/** The other names (hard links) of an inode that the baseline knows, as far as they still are that. */
export async function otherNames(db: Database, path: string, facts: FileFacts): Promise<string[]> {
  if (facts.links < 2) return [];
  const rows = await db
    .selectFrom("file")
    .select("path")
    .where("ino", "=", String(facts.ino))
    .where("path", "!=", path)
    .limit(MOST)
    .execute();
  const found: string[] = [];
  for (const row of rows) {
    const there = await factsAt(row.path).catch(() => null);
    if (there && inodeOf(there) === inodeOf(facts)) found.push(row.path);
  }
  return found;
}

export interface Wanted {
  /** Entry that this is about. */
  readonly id: string;
  readonly identity: FileIdentity;
  /** Digest of the content that is wanted. */
  readonly sha256: string;
}

/**
 * Makes a file a name of the one that its other names are already again, in place of a copy of its own.
 * @returns false where none of them has this content and identity: then it is written for itself
 */
export async function linkToOtherName(
  context: OperationContext,
  folder: Folder,
  temporary: string,
  { id, identity, sha256 }: Wanted,
): Promise<boolean> {
  if (!identity.inode) return false;
  for (const path of await candidates(context.db, id, identity)) {
    try {
      const made = await inFolderOf(path, async (other, name) => {
        const facts = await factsAt(other.at(name));
        if (!facts || !looksLike(facts, identity)) return false;
        const flags = await unlock(other.at(name));
        try {
          await link(other.at(name), folder.at(temporary));
          // What counts is what lies under the new name, whatever became of the other one.
          if (await isThat(context, folder, temporary, identity, sha256)) return true;
          await rm(folder.at(temporary), { force: true });
        } catch {
          // Another file system by now, or one without hard links.
        }
        await lockAgain(other.at(name), flags);
        return false;
      });
      if (made) return true;
    } catch {
      // Its folder is gone.
    }
  }
  return false;
}

async function candidates(db: Database, id: string, identity: FileIdentity): Promise<string[]> {
  const rows = await db
    .selectFrom("quarantine")
    .select("file")
    .where("inode", "=", identity.inode!)
    .where("id", "!=", id)
    .where("state", "in", ["restored", "repaired"])
    .orderBy("at", "desc")
    .limit(MOST)
    .execute();
  const others = rows.map(({ file }) => FileIdentity.parse(JSON.parse(file)).path);
  return [...new Set([...others, ...(identity.names ?? [])])].filter((path) => path !== identity.path);
}

const looksLike = (facts: FileFacts, identity: FileIdentity) =>
  facts.mode === identity.mode &&
  facts.uid === identity.uid &&
  facts.gid === identity.gid &&
  String(facts.mtimeNs) === identity.mtimeNs;

async function isThat(
  context: OperationContext,
  folder: Folder,
  name: string,
  identity: FileIdentity,
  sha256: string,
): Promise<boolean> {
  const facts = await factsAt(folder.at(name));
  if (!facts || !looksLike(facts, identity)) return false;
  const now = await wholeIdentityOf(identity.path, folder.at(name), facts);
  const same = (a: Record<string, string>, b: Record<string, string>) =>
    JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
  return (
    now !== null &&
    same(now.xattrs, identity.xattrs) &&
    (await digestAt(folder, name, context.maxBytes)) === sha256
  );
}
