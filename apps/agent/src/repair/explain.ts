import { type ErrorCode, ThymusError } from "@thymus/contracts";

const known: Readonly<Record<string, readonly [ErrorCode, string, string]>> = {
  ENOSPC: ["STORE_FAILED", "the file system is full", "make room on it"],
  EDQUOT: ["STORE_FAILED", "the owner's disk quota is used up", "make room, or raise the quota"],
  EROFS: ["STORE_FAILED", "the file system is read-only", "mount it for writing"],
  EPERM: [
    "FORBIDDEN",
    "the system does not let this process change it (it or its folder may be immutable or append-only, see lsattr)",
    "run the agent as root, or take the attribute away with chattr",
  ],
  EACCES: ["FORBIDDEN", "this process may not write in its folder", "run the agent as root"],
  ENOENT: ["NOT_FOUND", "its folder is gone", "make the folder again"],
  ENOTDIR: ["NOT_A_FILE", "a part of its path is no folder any more", "move that away"],
  ELOOP: ["NOT_A_FILE", "a part of its path is a symbolic link", "move that away"],
};

/** Says of an error of the system what it means for the owner's file, which was left as it was. */
export function explained(thrown: unknown, path: string): unknown {
  if (thrown instanceof ThymusError) return thrown;
  const entry = known[(thrown as NodeJS.ErrnoException).code ?? ""];
  if (!entry) return thrown;
  const [code, what, hint] = entry;
  return new ThymusError(code, `${path} was left as it was: ${what}`, hint, { cause: thrown });
}
