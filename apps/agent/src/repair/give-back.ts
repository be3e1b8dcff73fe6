import { link, lstat, rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { type FileIdentity, type QuarantineEntry, ThymusError } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { failpoint, groupCommit } from "@thymus/store";
import { lockAgain, removeName, unlock } from "../files/flags.ts";
import { type Folder, inFolderOf } from "../files/folder.ts";
import { makeFoldersAgain } from "../files/folders.ts";
import { exchangeNames, renameIfFree } from "../files/libc.ts";
import { factsAt } from "../files/regular.ts";
import { recordFile } from "../monitors/baseline.ts";
import { marksOf } from "../monitors/marks.ts";
import { isProgram } from "../monitors/program-types.ts";
import { toEntry } from "../quarantine/quarantine.ts";
import { explained } from "./explain.ts";
import {
  digestAt,
  endOperation,
  type Operation,
  type OperationContext,
  startOperation,
  temporaryName,
} from "./operation.ts";
import { linkToOtherName } from "./other-names.ts";
import { writeCopy } from "./write-copy.ts";

export interface GiveBackOptions {
  /** Overwrite what lies there now, whatever it is. */
  readonly force?: boolean;
  /** True where a person asked for it: then this content is never refused at this path again. */
  readonly byOwner: boolean;
  /** Watched root that holds the path, or null. */
  readonly root: string | null;
  readonly why: string;
  /** Runs in the last transaction. */
  readonly also?: (db: OperationContext["db"]) => Promise<void>;
}

/**
 * Brings a quarantined original back identical: content, owner, mode, times, extended attributes, chattr attributes;
 * as a further name of a file where it was one; in folders made again with their owner and mode where they are gone. Restoring it again does nothing.
 * @throws ThymusError CONFLICT where another file lies there now, QUARANTINE_DAMAGED, NOT_FOUND
 */
export async function giveBack(
  context: OperationContext,
  id: string,
  options: GiveBackOptions,
): Promise<QuarantineEntry> {
  const row = await context.quarantine.row(id);
  const entry = toEntry(row);
  if (row.state === "restored") return entry;
  const bytes = await context.quarantine.bytes(row);
  const path = entry.file.path;
  const fail = (error: unknown) => {
    throw explained(error, path);
  };
  await makeFoldersAgain(path, entry.file.folders).catch(fail);
  await inFolderOf(path, async (folder, name) => {
    const present = await digestAt(folder, name, context.maxBytes);
    const occupied = (await factsAt(folder.at(name))) !== null;
    if (occupied && present !== row.sha256 && present !== row.replaced_by && !options.force)
      throw occupiedBy(path);
    const operation: Operation = {
      id: `${id}-back`,
      kind: "restore",
      path,
      temporary: temporaryName(`${id}-back`),
      before: present,
      after: row.sha256,
      quarantine: id,
      prescription: row.prescription,
      case_id: row.case_id,
      root: options.root,
      why: options.byOwner ? `owner: ${options.why}` : options.why,
      at: new Date().toISOString(),
    };
    await groupCommit(context.db).run(async (trx) => {
      await endOperation(trx, operation.id);
      await startOperation(trx, operation);
    });
    const { temporary } = operation;
    let locks = 0;
    try {
      const wanted = { id, identity: entry.file, sha256: row.sha256 };
      if (!(await linkToOtherName(context, folder, temporary, wanted)))
        await writeCopy(folder, temporary, bytes, entry.file);
      await failpoint("agent.restore.before-swap");
      if (occupied) locks = await unlock(folder.at(name));
      await place(context, folder, name, operation, occupied, locks);
    } catch (error) {
      await rm(folder.at(temporary), { force: true });
      if (occupied) await lockAgain(folder.at(name), locks);
      await endOperation(context.db, operation.id);
      throw error;
    }
    await failpoint("agent.restore.after-swap");
    await finishGiveBack(context, folder, name, operation, bytes, options.also);
  }).catch(fail);
  return { ...entry, state: "restored" };
}

const occupiedBy = (path: string) =>
  new ThymusError("CONFLICT", `another file lies at ${path} now`, "move it away, or restore with --force");

async function place(
  context: OperationContext,
  folder: Folder,
  name: string,
  operation: Operation,
  occupied: boolean,
  locks: number,
): Promise<void> {
  const temporary = folder.at(operation.temporary);
  const target = folder.at(name);
  if (!occupied) {
    try {
      if (!renameIfFree(temporary, target)) await linkIfFree(temporary, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw occupiedBy(operation.path);
      throw error;
    }
  } else if (exchangeNames(temporary, target)) {
    if ((await digestAt(folder, operation.temporary, context.maxBytes)) !== operation.before) {
      exchangeNames(temporary, target);
      throw occupiedBy(operation.path);
    }
    await removeName(temporary, locks);
  } else await rename(temporary, target);
  await folder.sync();
}

/** For file systems whose renames cannot refuse to overwrite. */
async function linkIfFree(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // No hard links either, e.g. FAT.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
    if ((await lstat(target).catch(() => null)) !== null)
      throw Object.assign(new Error("taken"), { code: "EEXIST" });
    await rename(temporary, target);
    return;
  }
  await rm(temporary);
}

/** The last transaction of a restore; also what a restart does where the file is already back. */
export async function finishGiveBack(
  context: OperationContext,
  folder: Folder,
  name: string,
  operation: Operation,
  bytes: Buffer,
  also?: GiveBackOptions["also"],
): Promise<void> {
  const row = await context.db
    .selectFrom("quarantine")
    .select(["object", "file"])
    .where("id", "=", operation.quarantine)
    .executeTakeFirst();
  if (row) await lockAgain(folder.at(name), (JSON.parse(row.file) as FileIdentity).flags);
  const facts = await factsAt(folder.at(name));
  const type = identifyFile(bytes, basename(operation.path));
  await groupCommit(context.db).run(async (trx) => {
    await trx
      .updateTable("quarantine")
      .set({ state: "restored" })
      .where("id", "=", operation.quarantine)
      .execute();
    if (facts && operation.root)
      await recordFile(trx, {
        root: operation.root,
        path: operation.path,
        facts,
        type,
        program: isProgram(type),
        whole: true,
        sha256: operation.after,
        ...marksOf(bytes),
        how: "restored",
        appeared: false,
      });
    if (operation.why.startsWith("owner: "))
      await trx
        .insertInto("allowed")
        .values({ path: operation.path, sha256: operation.after! })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    await also?.(trx);
    await endOperation(trx, operation.id);
  });
  if (row) await context.quarantine.drop(row.object);
}
