import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { newId, type QuarantineId, ThymusError } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { failpoint } from "@thymus/store";
import type { Copy } from "../copies/copies.ts";
import { inFolderOf } from "../files/folder.ts";
import { renameIfFree } from "../files/libc.ts";
import { factsAt, sha256Of } from "../files/regular.ts";
import { finishGiveBack } from "./give-back.ts";
import {
  endOperation,
  type Operation,
  type OperationContext,
  startOperation,
  temporaryName,
} from "./operation.ts";
import { type Replacement, replaceContent } from "./replace.ts";
import { writeCopy } from "./write-copy.ts";

export interface PutBack extends Omit<Replacement, "content" | "mtimeNs" | "identity"> {
  readonly copy: Copy;
  readonly bytes: Buffer;
}

/**
 * Puts a copy in place of what overwrote it: content, owner, mode, times and extended attributes. What lies there now is sealed in
 * quarantine first.
 * @throws ThymusError CONFLICT, TOO_LARGE as `replaceContent`
 */
export function putBack(context: OperationContext, { copy, bytes, ...rest }: PutBack): Promise<QuarantineId> {
  const type = identifyFile(bytes, basename(copy.path));
  return replaceContent(context, {
    ...rest,
    subject: { ...rest.subject, type },
    content: bytes,
    mtimeNs: copy.identity.mtimeNs,
    identity: copy.identity,
  });
}

/**
 * Puts a copy where nothing lies any more. A restart finishes it or takes it back.
 * @throws ThymusError CONFLICT where a file lies there by now, NOT_FOUND where its folder is gone
 */
export function putMissing(
  context: OperationContext,
  copy: Copy,
  bytes: Buffer,
  { root, why }: { root: string | null; why: string },
): Promise<void> {
  return inFolderOf(copy.path, async (folder, name) => {
    const id = newId("q");
    const operation: Operation = {
      ...{ id, kind: "restore", path: copy.path, temporary: temporaryName(id), quarantine: id },
      ...{ before: null, after: sha256Of(bytes), prescription: null, case_id: null, root, why },
      at: new Date().toISOString(),
    };
    await startOperation(context.db, operation);
    const temporary = folder.at(operation.temporary);
    try {
      await writeCopy(folder, operation.temporary, bytes, copy.identity);
      await failpoint("agent.copy.before-rename");
      if ((await factsAt(folder.at(name))) !== null) throw occupied(copy.path);
      if (!renameIfFree(temporary, folder.at(name))) await rename(temporary, folder.at(name));
      await folder.sync();
    } catch (error) {
      await rm(temporary, { force: true });
      await endOperation(context.db, operation.id);
      throw (error as NodeJS.ErrnoException).code === "EEXIST" ? occupied(copy.path) : error;
    }
    await failpoint("agent.copy.after-rename");
    await finishGiveBack(context, folder, name, operation, bytes);
  });
}

const occupied = (path: string) =>
  new ThymusError("CONFLICT", `another file lies at ${path} now`, "move it away, then try again");
