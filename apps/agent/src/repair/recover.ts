import { rm } from "node:fs/promises";
import { basename } from "node:path";
import {
  asThymusError,
  type FileIdentity,
  type Logger,
  type PrescriptionId,
  silentLogger,
} from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { isLocked, lockAgain } from "../files/flags.ts";
import { type Folder, inFolderOf } from "../files/folder.ts";
import { exchangeNames } from "../files/libc.ts";
import { factsAt, isMissing, readRegular, sha256Of } from "../files/regular.ts";
import { forget, recordFile } from "../monitors/baseline.ts";
import { marksOf } from "../monitors/marks.ts";
import { isProgram } from "../monitors/program-types.ts";
import { recordHandled } from "../scanning/handled.ts";
import { holdAgent } from "../state/hold.ts";
import { takeBack } from "./begin.ts";
import { finishGiveBack } from "./give-back.ts";
import { moveBack } from "./move-back.ts";
import { digestAt, endOperation, type Operation, type OperationContext } from "./operation.ts";

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
      if (isMissing(error)) {
        await endOperation(context.db, operation.id);
        log.warn(`the folder of an unfinished ${operation.kind} is gone`, { path: operation.path });
        continue;
      }
      // One file must not keep the agent from guarding all others: it is tried again at the next start.
      const why = (error as Error).message;
      log.error(`an unfinished ${operation.kind} cannot be recovered now`, { path: operation.path, why });
    }
  }
}

/**
 * For a command: where no agent runs, it holds the agent's folder until its end and recovers what an earlier command
 * left half-done. Beside a running agent nothing is held or recovered. @returns the release
 */
export async function recoverAlone(context: OperationContext, dataDir: string): Promise<() => void> {
  let release: () => void;
  try {
    release = await holdAgent(dataDir, 0);
  } catch (error) {
    if (asThymusError(error).code === "CONFLICT") return () => {};
    throw error;
  }
  await recoverOperations(context, silentLogger);
  return release;
}

/** What lies under the temporary name, when its digest is neither that of before nor of after. */
async function isOwners(
  context: OperationContext,
  folder: Folder,
  name: string,
  operation: Operation,
): Promise<boolean> {
  if ((await factsAt(folder.at(operation.temporary))) === null) return false;
  const aside = await readRegular(folder.at(operation.temporary), context.maxBytes);
  // Too large for any copy of ours.
  if (!aside?.whole) return true;
  const sha256 = sha256Of(aside.bytes);
  if (sha256 === operation.before || sha256 === operation.after) return false;
  // A copy of ours that was half written when we were killed is the beginning of what lies in place.
  const present = await readRegular(folder.at(name), context.maxBytes);
  return !present?.bytes.subarray(0, aside.bytes.length).equals(aside.bytes);
}

/** Takes an operation back, and gives the file in place the locks that were taken from it on the way. */
async function takeBackLocked(
  context: OperationContext,
  operation: Operation,
  folder: Folder,
  name: string,
): Promise<void> {
  const { flags } = await identityIn(context, operation);
  await takeBack(context, operation);
  if (isLocked(flags) && (await digestAt(folder, name, context.maxBytes)) === operation.before)
    await lockAgain(folder.at(name), flags);
}

async function identityIn({ db }: OperationContext, operation: Operation): Promise<Partial<FileIdentity>> {
  const row = await db
    .selectFrom("quarantine")
    .select("file")
    .where("id", "=", operation.quarantine)
    .executeTakeFirst();
  return row ? (JSON.parse(row.file) as FileIdentity) : {};
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
    if (await isOwners(context, folder, name, operation)) {
      // Somebody wrote to the original just before the exchange: that content is the owner's.
      exchangeNames(temporary, folder.at(name));
      await rm(temporary, { force: true });
      await takeBackLocked(context, operation, folder, name);
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
  await takeBackLocked(context, operation, folder, name);
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
  await lockAgain(folder.at(name), (await identityIn(context, operation)).flags);
  const content = await readRegular(folder.at(name), context.maxBytes);
  const type = content && identifyFile(content.bytes, basename(operation.path));
  await context.db.transaction().execute(async (trx) => {
    await markRepaired(trx, operation);
    if (content && type && operation.root)
      await recordFile(trx, {
        root: operation.root,
        path: operation.path,
        facts: content.facts,
        type,
        program: operation.prescription !== null || isProgram(type),
        whole: true,
        sha256: operation.after,
        ...marksOf(content.bytes),
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
  const moved = (await factsAt(folder.at(operation.temporary))) !== null;
  if (!moved && (await factsAt(folder.at(name))) !== null) {
    await takeBackLocked(context, operation, folder, name);
    return "taken back";
  }
  if (moved && (await digestAt(folder, operation.temporary, context.maxBytes)) !== operation.before) {
    // Somebody wrote to it just before it was moved: that content is the owner's.
    await moveBack(folder, operation.temporary, name);
    await takeBackLocked(context, operation, folder, name);
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
  if (present === operation.after && (await isOwners(context, folder, name, operation))) {
    // Somebody wrote to the file just before the exchange: that content is the owner's.
    exchangeNames(folder.at(operation.temporary), folder.at(name));
    await rm(folder.at(operation.temporary), { force: true });
    await endOperation(context.db, operation.id);
    return "taken back";
  }
  await rm(folder.at(operation.temporary), { force: true });
  if (content && present === operation.after && operation.before !== operation.after) {
    await finishGiveBack(context, folder, name, operation, content.bytes);
    return "finished";
  }
  await endOperation(context.db, operation.id);
  return "taken back";
}
