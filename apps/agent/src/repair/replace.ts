import { rename, rm } from "node:fs/promises";
import { type FileIdentity, newId, type QuarantineId, ThymusError } from "@thymus/contracts";
import { durably, failpoint } from "@thymus/store";
import { type Folder, inFolderOf } from "../files/folder.ts";
import { identityOf } from "../files/identity.ts";
import { exchangeNames } from "../files/libc.ts";
import { factsAt, sameFile, sha256Of, xattrsOf } from "../files/regular.ts";
import { marksOf, recordFile } from "../monitors/baseline.ts";
import { isProgram } from "../monitors/examine.ts";
import {
  type Cause,
  digestAt,
  endOperation,
  type Operation,
  type OperationContext,
  type Subject,
  startOperation,
  temporaryName,
} from "./operation.ts";
import { writeCopy } from "./write-copy.ts";

export interface Replacement extends Cause {
  readonly subject: Subject;
  readonly content: Uint8Array;
  /** Modification time of the new content in nanoseconds; that of the subject where null. */
  readonly mtimeNs: string | null;
  /** Owner, mode, times and attributes of the new content; those of the subject where left out. */
  readonly identity?: FileIdentity;
  /** How the baseline calls the new content. */
  readonly how: string;
  /** Runs in the last transaction: what else becomes true with this change. */
  readonly also: (db: OperationContext["db"]) => Promise<void>;
}

/**
 * Puts a new content in place of a file, the original sealed in quarantine first. Atomic: whoever looks sees the old file
 * or the new one, complete. A restart finishes it or takes it back.
 * @throws ThymusError CONFLICT where the file changed since it was read (nothing was done), TOO_LARGE (quarantine full)
 */
export function replaceContent(context: OperationContext, replacement: Replacement): Promise<QuarantineId> {
  const { subject } = replacement;
  return inFolderOf(subject.path, async (folder, name) => {
    const id = newId("q");
    await failpoint("agent.repair.before-quarantine");
    const xattrs = await xattrsOf(folder.at(name), subject.facts);
    if (!xattrs) throw changed(subject.path);
    const original = identityOf(subject.path, subject.facts, xattrs);
    const operation: Operation = {
      id,
      kind: "repair",
      path: subject.path,
      temporary: temporaryName(id),
      before: sha256Of(subject.bytes),
      after: sha256Of(replacement.content),
      quarantine: id,
      prescription: replacement.prescription,
      case_id: replacement.case,
      root: subject.root,
      why: replacement.why,
      at: new Date().toISOString(),
    };
    await begin(context, operation, replacement, original);
    const identity = replacement.identity ?? original;
    const wanted: FileIdentity = { ...identity, mtimeNs: replacement.mtimeNs ?? identity.mtimeNs };
    try {
      await writeCopy(folder, operation.temporary, replacement.content, wanted);
      await failpoint("agent.repair.before-swap");
      await swap(context, folder, name, subject, operation);
    } catch (error) {
      await rm(folder.at(operation.temporary), { force: true });
      await takeBack(context, operation);
      throw error;
    }
    await failpoint("agent.repair.after-swap");
    await finishReplacement(context, folder, name, operation, replacement);
    return id;
  });
}

async function begin(
  context: OperationContext,
  operation: Operation,
  cause: Replacement,
  identity: FileIdentity,
): Promise<void> {
  const { subject } = cause;
  const id = operation.id as QuarantineId;
  const sealed = await context.quarantine.store(id, subject.bytes);
  // On disk before anything is taken away, or a power cut would take the way back with it.
  await durably(context.db, () =>
    context.db.transaction().execute(async (trx) => {
      await context.quarantine.record(trx, { ...cause, id, identity, sha256: operation.before!, sealed });
      await startOperation(trx, operation);
    }),
  );
}

/** Exchanges copy and original; what came out must be what was read, else both go back. */
async function swap(
  context: OperationContext,
  folder: Folder,
  name: string,
  subject: Subject,
  operation: Operation,
): Promise<void> {
  const now = await factsAt(folder.at(name));
  if (!now || !sameFile(now, subject.facts)) throw changed(subject.path);
  const temporary = folder.at(operation.temporary);
  if (!exchangeNames(temporary, folder.at(name))) {
    await rename(temporary, folder.at(name));
    await folder.sync();
    return;
  }
  const out = await digestAt(folder, operation.temporary, context.maxBytes);
  const put = await digestAt(folder, name, context.maxBytes);
  if (out !== operation.before || put !== operation.after) {
    exchangeNames(temporary, folder.at(name));
    throw changed(subject.path);
  }
  await rm(temporary, { force: true });
  await folder.sync();
}

const changed = (path: string) =>
  new ThymusError("CONFLICT", `${path} changed while it was looked at`, "it is looked at again");

/** Undoes the journal of an operation that changed nothing: the file itself is as it was. */
export async function takeBack(context: OperationContext, operation: Operation): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    await trx.deleteFrom("quarantine").where("id", "=", operation.quarantine).execute();
    await endOperation(trx, operation.id);
  });
  await context.quarantine.dropSealed(operation.quarantine);
}

async function finishReplacement(
  context: OperationContext,
  folder: Folder,
  name: string,
  operation: Operation,
  { subject, content, how, also }: Replacement,
): Promise<void> {
  const facts = await factsAt(folder.at(name));
  await context.db.transaction().execute(async (trx) => {
    await trx
      .updateTable("quarantine")
      .set({ state: "repaired", replaced_by: operation.after })
      .where("id", "=", operation.quarantine)
      .execute();
    if (facts && subject.root)
      await recordFile(trx, {
        root: subject.root,
        path: subject.path,
        facts,
        type: subject.type,
        program: operation.prescription !== null || isProgram(subject.type),
        whole: true,
        sha256: operation.after,
        ...marksOf(content),
        how,
        appeared: false,
      });
    await also(trx);
    await endOperation(trx, operation.id);
  });
}
