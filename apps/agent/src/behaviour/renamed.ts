import { lstatSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Copy } from "../copies/copies.ts";
import { sha256Of } from "../files/regular.ts";
import type { BaselineRow } from "../monitors/baseline.ts";
import { expectedForm } from "./content/forms.ts";
import type { DocumentChange } from "./facts.ts";
import { isNoise } from "./patterns/documents-turned.ts";

/** What self knew of a document's file. */
export interface Was {
  readonly size: number;
  readonly mtimeNs: string;
  readonly ino: string | null;
  readonly sha256: string | null;
}

export function wasOf(row: BaselineRow | null, copy: Copy | undefined): Was | null {
  if (!row)
    return copy
      ? { size: copy.identity.size, mtimeNs: copy.identity.mtimeNs, ino: null, sha256: copy.sha256 }
      : null;
  const copied = copy?.identity.mtimeNs === row.mtime_ns ? copy.sha256 : null;
  return { size: row.size, mtimeNs: row.mtime_ns, ino: row.ino, sha256: row.sha256 ?? copied };
}

/** Bytes of a file whose digest is taken while somebody waits. */
const HASHED = 32 << 20;

/**
 * Documents that only got another name: both paths of each. A digest decides where there is one. Without it inode, size and time do,
 * though only where neither name nor copy says what it was: times can be set back, a form cannot.
 */
export function renamedOf(
  documents: readonly DocumentChange[],
  was: ReadonlyMap<string, Was>,
): ReadonlySet<string> {
  const renamed = new Set<string>();
  const gone = documents.filter(({ path, fate }) => fate === "gone" && was.has(path));
  for (const { path, fate, after } of documents) {
    if (fate !== "created" || !after || !isNoise(after)) continue;
    const from = gone.find((each) => !renamed.has(each.path) && isSame(path, each, was.get(each.path)!));
    if (from) renamed.add(path).add(from.path);
  }
  return renamed;
}

function isSame(path: string, { path: old, before }: DocumentChange, was: Was): boolean {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat?.isFile() || Number(stat.size) !== was.size) return false;
  if (was.sha256 !== null && was.size <= HASHED)
    try {
      return sha256Of(readFileSync(path)) === was.sha256;
    } catch {
      return false;
    }
  const formed = before ? !isNoise(before) : expectedForm(basename(old)) !== null;
  return !formed && String(stat.ino) === was.ino && String(stat.mtimeNs) === was.mtimeNs;
}
