import type { PrescriptionId, RepairOutcome } from "@thymus/contracts";
import type { Database } from "../state/open.ts";

/** Notes what a prescription did to a file; the last word about a path counts. */
export async function recordHandled(
  db: Database,
  prescription: PrescriptionId,
  outcome: RepairOutcome,
): Promise<void> {
  const values = {
    result: outcome.result,
    why: outcome.why,
    before: outcome.sha256Before,
    after: outcome.sha256After,
    at: new Date().toISOString(),
  };
  await db
    .insertInto("handled")
    .values({ prescription, path: outcome.path, ...values })
    .onConflict((conflict) => conflict.columns(["prescription", "path"]).doUpdateSet(values))
    .execute();
}

export async function handledBy(db: Database, prescription: string): Promise<RepairOutcome[]> {
  const rows = await db
    .selectFrom("handled")
    .selectAll()
    .where("prescription", "=", prescription)
    .orderBy("path")
    .limit(10_000)
    .execute();
  return rows.map((row) => ({
    path: row.path,
    result: row.result,
    why: row.why,
    sha256Before: row.before as RepairOutcome["sha256Before"],
    sha256After: row.after as RepairOutcome["sha256After"],
  }));
}

/** Bytes of the files of one outcome, below the limit of its message (8 MiB). */
const MAX_FILES_BYTES = 6 << 20;

/** What fits into one message; where not all do, what went wrong comes before what went well. */
export function fittingFiles(files: readonly RepairOutcome[], maxBytes = MAX_FILES_BYTES): RepairOutcome[] {
  const worst = ["failed", "refused", "repaired", "not-infected"];
  const size = (file: RepairOutcome) => Buffer.byteLength(JSON.stringify(file)) + 1;
  const total = files.reduce((sum, file) => sum + size(file), 0);
  if (total <= maxBytes) return [...files];
  let bytes = 0;
  return files
    .toSorted((a, b) => worst.indexOf(a.result) - worst.indexOf(b.result))
    .filter((file) => {
      bytes += size(file);
      return bytes <= maxBytes;
    });
}
