import { readlinkSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Image } from "../processes/proc-files.ts";
import type { Known } from "../processes/table.ts";

/** Milliseconds for which an answer is kept. */
const FRESH = 5000;
const DELETED = / \(deleted\)$/;
const answers = new WeakMap<Known, { image: Image; at: number; trusted: boolean }>();

/**
 * Whether a process runs the very file that lies at the path that is named for its program, and nobody but root can have put it there.
 * The path alone proves nothing: in a mount namespace of its own any user can give any file any path.
 */
export function runsTrusted(known: Known): boolean {
  const { image } = known;
  const kept = answers.get(known);
  const now = Date.now();
  if (kept && kept.image === image && now - kept.at < FRESH) return kept.trusted;
  const trusted = image.exe !== null && look(known, image.exe);
  answers.set(known, { image, at: now, trusted });
  return trusted;
}

function look({ ended, image, pid }: Known, exe: string): boolean {
  try {
    if (ended !== null) return image.file !== null && isAt(exe, image.file);
    const at = `/proc/${pid}/exe`;
    const program = statSync(at);
    // It may have become another program meanwhile.
    if (readlinkSync(at).replace(DELETED, "") !== exe.replace(DELETED, "")) return false;
    if (program.nlink > 0) return isAt(exe, `${program.dev}:${program.ino}`);
    // Replaced by an upgrade while it ran: nothing to compare with is left, but a path counts where only root can mount.
    return ofRootAlone(program) && sharesMounts(pid);
  } catch {
    return false;
  }
}

function isAt(path: string, file: string): boolean {
  const stat = statSync(path);
  if (`${stat.dev}:${stat.ino}` !== file || !ofRootAlone(stat)) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid } = statSync(folder);
    // Of a sticky folder nobody can take what is root's.
    if (uid !== 0 || (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && (mode & 0o1000) === 0)) return false;
    if (folder === "/") return true;
  }
}

const ofRootAlone = ({ mode, uid }: { mode: number; uid: number }): boolean =>
  uid === 0 && (mode & 0o022) === 0;

function sharesMounts(pid: number): boolean {
  const mounts = readlinkSync(`/proc/${pid}/ns/mnt`);
  return [1, process.pid].some((other) => {
    try {
      return readlinkSync(`/proc/${other}/ns/mnt`) === mounts;
    } catch {
      return false;
    }
  });
}
