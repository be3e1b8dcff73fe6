import type { Candidate } from "./candidate.ts";
import { dpkgCandidates } from "./dpkg.ts";
import { folderCandidates } from "./folder.ts";

/** The source that stands for the files of this machine's package manager. */
export const PACKAGE_MANAGER = "dpkg";

/**
 * Every file of the sources once, in order of path; a vouched one wins over the same file in a folder. Empty files and
 * those above `maxFileBytes` are left out.
 * @throws ThymusError NOT_FOUND
 */
export async function collectCandidates(
  sources: readonly string[],
  maxFileBytes: number,
): Promise<Candidate[]> {
  const found = new Map<string, Candidate>();
  for (const source of sources) {
    const candidates = source === PACKAGE_MANAGER ? dpkgCandidates() : await folderCandidates(source);
    for (const candidate of candidates) {
      if (candidate.size === 0 || candidate.size > maxFileBytes) continue;
      if (candidate.vouched || !found.has(candidate.path)) found.set(candidate.path, candidate);
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
