import { type FileIdentity, type QuarantineId, ThymusError } from "@thymus/contracts";
import { durably } from "@thymus/store";
import type { Folder } from "../files/folder.ts";
import { wholeIdentityOf } from "../files/identity.ts";
import {
  type Cause,
  endOperation,
  type Operation,
  type OperationContext,
  type Subject,
  startOperation,
} from "./operation.ts";
import { otherNames } from "./other-names.ts";

export interface Beginning extends Cause {
  readonly subject: Subject;
  /** True where nothing that this machine knows shows that what is done is right. */
  readonly unproven?: boolean;
}

/**
 * Seals the original and writes into the journal what is about to happen to it. Nothing was done to the file yet.
 * @returns what the file is beside its content
 * @throws ThymusError CONFLICT where the file changed since it was read, TOO_LARGE (quarantine full)
 */
export async function beginOperation(
  context: OperationContext,
  operation: Operation,
  { subject, unproven = false, ...cause }: Beginning,
  folder: Folder,
  name: string,
): Promise<FileIdentity> {
  const described = await wholeIdentityOf(subject.path, folder.at(name), subject.facts);
  if (!described) throw changed(subject.path);
  const names = await otherNames(context.db, subject.path, subject.facts);
  const identity = names.length > 0 ? { ...described, names } : described;
  const sha256 = operation.before!;
  const sealed = await context.quarantine.store(subject.bytes, sha256);
  const id = operation.quarantine as QuarantineId;
  // On disk before anything is taken away, or a power cut would take the way back with it.
  await durably(context.db, () =>
    context.db.transaction().execute(async (trx) => {
      await context.quarantine.record(trx, { ...cause, id, identity, sha256, sealed, unproven });
      await startOperation(trx, operation);
    }),
  );
  return identity;
}

export const changed = (path: string) =>
  new ThymusError("CONFLICT", `${path} changed while it was looked at`, "it is looked at again");

/** Undoes the journal of an operation that changed nothing: the file itself is as it was. */
export async function takeBack({ db, quarantine }: OperationContext, operation: Operation): Promise<void> {
  const gone = await db.transaction().execute(async (trx) => {
    await endOperation(trx, operation.id);
    return trx
      .deleteFrom("quarantine")
      .where("id", "=", operation.quarantine)
      .returning("object")
      .executeTakeFirst();
  });
  if (gone) await quarantine.drop(gone.object);
}
