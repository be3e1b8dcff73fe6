import { type FileIdentity, type QuarantineId, ThymusError } from "@thymus/contracts";
import { groupCommit } from "@thymus/store";
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
  /** Asked in the transaction that begins it, so that no two count the same room: why it may not be done after all, or null. */
  readonly agree?: (db: OperationContext["db"]) => Promise<string | null>;
}

/** Thrown where `agree` did not: nothing was done to the file. */
export class NotAgreed extends Error {}

/**
 * Seals the original and writes into the journal what is about to happen to it. Nothing was done to the file yet.
 * @returns what the file is beside its content
 * @throws ThymusError CONFLICT where the file changed since it was read, TOO_LARGE (quarantine full); NotAgreed
 */
export async function beginOperation(
  context: OperationContext,
  operation: Operation,
  { subject, unproven = false, agree, ...cause }: Beginning,
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
  try {
    await groupCommit(context.db).durable(async (trx) => {
      const against = (await agree?.(trx)) ?? null;
      if (against !== null) throw new NotAgreed(against);
      await context.quarantine.record(trx, { ...cause, id, identity, sha256, sealed, unproven });
      await startOperation(trx, operation);
    });
  } catch (error) {
    await context.quarantine.discard(sealed).catch(() => {});
    throw error;
  }
  return identity;
}

export const changed = (path: string) =>
  new ThymusError("CONFLICT", `${path} changed while it was looked at`, "it is looked at again");

/** Undoes the journal of an operation that changed nothing: the file itself is as it was. */
export async function takeBack({ db, quarantine }: OperationContext, operation: Operation): Promise<void> {
  const gone = await groupCommit(db).run(async (trx) => {
    await endOperation(trx, operation.id);
    return trx
      .deleteFrom("quarantine")
      .where("id", "=", operation.quarantine)
      .returning("object")
      .executeTakeFirst();
  });
  if (gone) await quarantine.drop(gone.object);
}
