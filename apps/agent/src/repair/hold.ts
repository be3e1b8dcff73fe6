import { rename, rm } from "node:fs/promises";
import { newId, type QuarantineId, ThymusError } from "@thymus/contracts";
import { durably, failpoint } from "@thymus/store";
import { inFolderOf } from "../files/folder.ts";
import { identityOf } from "../files/identity.ts";
import { factsAt, sameFile, sha256Of, xattrsOf } from "../files/regular.ts";
import { forget } from "../monitors/baseline.ts";
import { moveBack } from "./move-back.ts";
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
import { takeBack } from "./replace.ts";

export interface Hold extends Cause {
  readonly subject: Subject;
  /** Runs in the last transaction. */
  readonly also: (db: OperationContext["db"]) => Promise<void>;
}

/**
 * Takes a file out of its place; only the sealed original in quarantine remains. A restart finishes it or takes it back.
 * @throws ThymusError CONFLICT where the file changed since it was read (it then lies where it was), TOO_LARGE
 */
export function holdFile(context: OperationContext, hold: Hold): Promise<QuarantineId> {
  const { subject } = hold;
  return inFolderOf(subject.path, async (folder, name) => {
    const id = newId("q");
    await failpoint("agent.repair.before-quarantine");
    const xattrs = await xattrsOf(folder.at(name), subject.facts);
    if (!xattrs) throw changed(subject.path);
    const identity = identityOf(subject.path, subject.facts, xattrs);
    const before = sha256Of(subject.bytes);
    const operation: Operation = {
      id,
      kind: "hold",
      path: subject.path,
      temporary: temporaryName(id),
      before,
      after: null,
      quarantine: id,
      prescription: hold.prescription,
      case_id: hold.case,
      root: subject.root,
      why: hold.why,
      at: new Date().toISOString(),
    };
    const sealed = await context.quarantine.store(id, subject.bytes);
    // On disk before anything is taken away, or a power cut would take the way back with it.
    await durably(context.db, () =>
      context.db.transaction().execute(async (trx) => {
        await context.quarantine.record(trx, { ...hold, id, identity, sha256: before, sealed });
        await startOperation(trx, operation);
      }),
    );
    await failpoint("agent.hold.before-move");
    const temporary = folder.at(operation.temporary);
    const now = await factsAt(folder.at(name));
    if (!now || !sameFile(now, subject.facts)) {
      await takeBack(context, operation);
      throw changed(subject.path);
    }
    await rename(folder.at(name), temporary);
    if ((await digestAt(folder, operation.temporary, context.maxBytes)) !== before) {
      await moveBack(folder, operation.temporary, name);
      await takeBack(context, operation);
      throw changed(subject.path);
    }
    await failpoint("agent.hold.after-move");
    await rm(temporary, { force: true });
    await folder.sync();
    await context.db.transaction().execute(async (trx) => {
      await forget(trx, subject.path);
      await hold.also(trx);
      await endOperation(trx, operation.id);
    });
    return id;
  });
}

const changed = (path: string) =>
  new ThymusError("CONFLICT", `${path} changed while it was looked at`, "it is looked at again");
