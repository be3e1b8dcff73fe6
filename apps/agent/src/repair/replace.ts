import { rename, rm } from "node:fs/promises";
import { type FileIdentity, newId, type QuarantineId } from "@thymus/contracts";
import { failpoint, groupCommit } from "@thymus/store";
import { isLocked, lockAgain, removeName, unlock } from "../files/flags.ts";
import { type Folder, inFolderOf } from "../files/folder.ts";
import { exchangeNames } from "../files/libc.ts";
import { factsAt, sameFile, sha256Of } from "../files/regular.ts";
import { recordFile } from "../monitors/baseline.ts";
import { marksOf } from "../monitors/marks.ts";
import { isProgram } from "../monitors/program-types.ts";
import { beginOperation, changed, takeBack } from "./begin.ts";
import { explained } from "./explain.ts";
import {
  type Cause,
  digestAt,
  endOperation,
  type Operation,
  type OperationContext,
  type Subject,
  temporaryName,
} from "./operation.ts";
import { linkToOtherName } from "./other-names.ts";
import { writeCopy } from "./write-copy.ts";

export interface Replacement extends Cause {
  readonly subject: Subject;
  readonly content: Uint8Array;
  /** True where the new content was never self. */
  readonly unproven?: boolean;
  /** Modification time of the new content in nanoseconds; that of the subject where null. */
  readonly mtimeNs: string | null;
  /** Owner, mode, times and attributes of the new content; those of the subject where left out. */
  readonly identity?: FileIdentity;
  /** How the baseline calls the new content. */
  readonly how: string;
  /** Why it may not be done after all, or null; see Beginning. */
  readonly agree?: (db: OperationContext["db"]) => Promise<string | null>;
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
    const original = await beginOperation(context, operation, replacement, folder, name);
    // Locks stay whatever else changes.
    const identity = replacement.identity
      ? { ...(original.flags !== undefined && { flags: original.flags }), ...replacement.identity }
      : original;
    const wanted: FileIdentity = { ...identity, mtimeNs: replacement.mtimeNs ?? identity.mtimeNs };
    const { temporary } = operation;
    try {
      const known = { id, identity: { ...wanted, path: subject.path }, sha256: operation.after! };
      if (replacement.identity || !(await linkToOtherName(context, folder, temporary, known)))
        await writeCopy(folder, temporary, replacement.content, wanted);
      await failpoint("agent.repair.before-swap");
      await swap(context, folder, name, subject, operation, original.flags);
    } catch (error) {
      await rm(folder.at(temporary), { force: true });
      await takeBack(context, operation);
      await lockAgain(folder.at(name), original.flags);
      throw explained(error, subject.path);
    }
    await failpoint("agent.repair.after-swap");
    await finishReplacement(context, folder, name, operation, replacement, wanted);
    return id;
  }).catch((error) => {
    throw explained(error, subject.path);
  });
}

/** Exchanges copy and original; what came out must be what was read, else both go back. */
async function swap(
  context: OperationContext,
  folder: Folder,
  name: string,
  subject: Subject,
  operation: Operation,
  flags: number | undefined,
): Promise<void> {
  const now = await factsAt(folder.at(name));
  if (!now || !sameFile(now, subject.facts)) throw changed(subject.path);
  if (isLocked(flags)) await unlock(folder.at(name));
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
  await removeName(temporary, flags);
  await folder.sync();
}

async function finishReplacement(
  context: OperationContext,
  folder: Folder,
  name: string,
  operation: Operation,
  { subject, content, how, also }: Replacement,
  { flags }: FileIdentity,
): Promise<void> {
  await lockAgain(folder.at(name), flags);
  const facts = await factsAt(folder.at(name));
  await groupCommit(context.db).run(async (trx) => {
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
