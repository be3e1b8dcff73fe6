import { rm } from "node:fs/promises";
import { basename } from "node:path";
import type { Logger, PrescriptionId } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { type Folder, inFolderOf } from "../files/folder.ts";
import { exchangeNames, renameIfFree } from "../files/libc.ts";
import { factsAt, isMissing, readRegular } from "../files/regular.ts";
import { forget, recordFile } from "../monitors/baseline.ts";
import { recordHandled } from "../scanning/handled.ts";
import { signatureOf } from "../suspicion/difference.ts";
import { finishGiveBack } from "./give-back.ts";
import { digestAt, endOperation, type Operation, type OperationContext } from "./operation.ts";
import { takeBack } from "./replace.ts";

/**
 * Finishes or takes back every change of a file that a crash left half-done. Each ends with the owner's file complete:
 * either as it was (then it is looked at again) or as it was to become.
 */
export async function recoverOperations(context: OperationContext, log: Logger): Promise<void> {
  const operations = await context.db.selectFrom("operation").selectAll().orderBy("at").execute();
  for (const operation of operations) {
    try {
      const ended = await recoverOne(context, operation);
      log.info(`recovered an unfinished ${operation.kind}`, { path: operation.path, ended });
    } catch (error) {
      // The folder itself is gone: nothing of the owner is left half-done there.
      if (!isMissing(error)) throw error;
      await endOperation(context.db, operation.id);
      log.warn(`the folder of an unfinished ${operation.kind} is gone`, { path: operation.path });
    }
  }
}

function recoverOne(context: OperationContext, operation: Operation): Promise<string> {
  return inFolderOf(operation.path, (folder, name) => {
    if (operation.kind === "repair") return recoverRepair(context, operation, folder, name);
    if (operation.kind === "hold") return recoverHold(context, operation, folder, name);
    return recoverRestore(context, operation, folder, name);
  });
}

async function recoverRepair(
  context: OperationContext,
  operation: Operation,
  folder: Folder,
  name: string,
): Promise<string> {
  const present = await digestAt(folder, name, context.maxBytes);
  const aside = await digestAt(folder, operation.temporary, context.maxBytes);
  const temporary = folder.at(operation.temporary);
  if (present === operation.after) {
    if (aside !== null && aside !== operation.before && aside !== operation.after) {
      // Somebody wrote to the original just before the exchange: that content is the owner's.
      exchangeNames(temporary, folder.at(name));
      await rm(temporary, { force: true });
      await takeBack(context, operation);
      return "taken back";
    }
    await rm(temporary, { force: true });
    await folder.sync();
    await recordRepaired(context, operation, folder, name);
    return "finished";
  }
  await rm(temporary, { force: true });
  if (present !== operation.before && aside === operation.before) {
    // It was swapped and then replaced by somebody else: the sealed original is the only copy.
    await context.db.transaction().execute(async (trx) => {
      await markRepaired(trx, operation);
      await endOperation(trx, operation.id);
    });
    return "kept";
  }
  await takeBack(context, operation);
  return "taken back";
}

async function markRepaired(db: OperationContext["db"], operation: Operation): Promise<void> {
  await db
    .updateTable("quarantine")
    .set({ state: "repaired", replaced_by: operation.after })
    .where("id", "=", operation.quarantine)
    .execute();
}

async function recordRepaired(
  context: OperationContext,
  operation: Operation,
  folder: Folder,
  name: string,
): Promise<void> {
  const content = await readRegular(folder.at(name), context.maxBytes);
  await context.db.transaction().execute(async (trx) => {
    await markRepaired(trx, operation);
    if (content && operation.root)
      await recordFile(trx, {
        root: operation.root,
        path: operation.path,
        facts: content.facts,
        type: identifyFile(content.bytes, basename(operation.path)),
        program: true,
        whole: true,
        sha256: operation.after,
        signature: signatureOf(content.bytes),
        how: "repaired",
        appeared: false,
      });
    if (operation.prescription)
      await recordHandled(trx, operation.prescription as PrescriptionId, {
        path: operation.path,
        result: "repaired",
        why: null,
        sha256Before: operation.before as never,
        sha256After: operation.after as never,
      });
    await endOperation(trx, operation.id);
  });
}

async function recoverHold(
  context: OperationContext,
  operation: Operation,
  folder: Folder,
  name: string,
): Promise<string> {
  const aside = await digestAt(folder, operation.temporary, context.maxBytes);
  if (aside === null && (await factsAt(folder.at(name))) !== null) {
    await takeBack(context, operation);
    return "taken back";
  }
  if (aside !== null && aside !== operation.before) {
    // Somebody wrote to it just before it was moved: that content is the owner's.
    renameIfFree(folder.at(operation.temporary), folder.at(name));
    await takeBack(context, operation);
    return "taken back";
  }
  await rm(folder.at(operation.temporary), { force: true });
  await folder.sync();
  await context.db.transaction().execute(async (trx) => {
    await forget(trx, operation.path);
    if (operation.prescription)
      await recordHandled(trx, operation.prescription as PrescriptionId, {
        path: operation.path,
        result: "refused",
        why: operation.why,
        sha256Before: operation.before as never,
        sha256After: null,
      });
    await endOperation(trx, operation.id);
  });
  return "finished";
}

async function recoverRestore(
  context: OperationContext,
  operation: Operation,
  folder: Folder,
  name: string,
): Promise<string> {
  const content = await readRegular(folder.at(name), context.maxBytes);
  const present = await digestAt(folder, name, context.maxBytes);
  await rm(folder.at(operation.temporary), { force: true });
  if (content && present === operation.after && operation.before !== operation.after) {
    await finishGiveBack(context, folder, name, operation, content.bytes);
    return "finished";
  }
  await endOperation(context.db, operation.id);
  return "taken back";
}
