import { entryAt } from "../integrity/entries.ts";
import { kindOf, readStamp } from "../integrity/stamp.ts";
import type { Database } from "../state/open.ts";

/** Who may do what with a file. */
export interface Rights {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Bits that nobody but a package, or its owner's dpkg-statoverride, may give: set-id, sticky, and writing for others than the owner. */
const GIVEN_ONLY = 0o7022;
const SET_ID = 0o6000;

/**
 * Mode and owner of a file that comes back out of a package: as it was accepted on this machine, so that what its owner took away or
 * narrowed stays so; but no dangerous bit that the package does not give, since an infection may have got one accepted before, and no
 * set-id for another owner than the package's.
 * @param accepted what the baseline has, or null where the path is unknown to it
 */
export function rightsOf(packaged: Rights, accepted: Rights | null): Rights {
  if (!accepted) return packaged;
  const { uid, gid } = accepted;
  const own = uid === packaged.uid && gid === packaged.gid;
  const mode = accepted.mode & ~(GIVEN_ONLY & ~packaged.mode);
  return { mode: own ? mode : mode & ~SET_ID, uid, gid };
}

/** Mode and owner of a regular file as it was accepted last; null where the baseline does not know them. */
export async function acceptedRights(db: Database, path: string): Promise<Rights | null> {
  const entry = await entryAt(db, path);
  if (!entry || kindOf(entry.stamp) !== "file") return null;
  const [uid, gid] = entry.stamp.split(" ").slice(5).map(Number);
  // What was recorded before owners were says nothing of them.
  if (uid === undefined || gid === undefined) return null;
  return { mode: readStamp(entry.stamp).mode, uid, gid };
}
