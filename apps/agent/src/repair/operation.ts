import type { CaseId, FileType, PrescriptionId, QuarantineId } from "@thymus/contracts";
import { TEMPORARY_PREFIX } from "@thymus/store";
import type { Selectable } from "kysely";
import type { Folder } from "../files/folder.ts";
import { type FileFacts, readRegular, sha256Of } from "../files/regular.ts";
import type { Quarantine } from "../quarantine/quarantine.ts";
import type { Database } from "../state/open.ts";
import type { OperationTable } from "../state/schema.ts";

/** What every change of an owner's file needs. */
export interface OperationContext {
  readonly db: Database;
  readonly quarantine: Quarantine;
  readonly maxBytes: number;
}

export type Operation = Selectable<OperationTable>;

/** The file that an operation is about, as it was read. */
export interface Subject {
  readonly path: string;
  /** Watched root, or null. */
  readonly root: string | null;
  readonly type: FileType;
  readonly facts: FileFacts;
  readonly bytes: Buffer;
}

export interface Cause {
  readonly why: string;
  readonly prescription: PrescriptionId | null;
  readonly case: CaseId | null;
}

/** Name of the agent's own temporary file for a quarantine entry. */
export function temporaryName(id: QuarantineId | string): string {
  return `${TEMPORARY_PREFIX}${id}`;
}

/** sha256 of what lies under a name, or null where there is no regular file. */
export async function digestAt(folder: Folder, name: string, maxBytes: number): Promise<string | null> {
  const content = await readRegular(folder.at(name), maxBytes);
  return content?.whole ? sha256Of(content.bytes) : null;
}

export async function startOperation(db: Database, operation: Operation): Promise<void> {
  await db.insertInto("operation").values(operation).execute();
}

export async function endOperation(db: Database, id: string): Promise<void> {
  await db.deleteFrom("operation").where("id", "=", id).execute();
}
