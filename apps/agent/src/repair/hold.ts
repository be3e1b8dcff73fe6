import { rename } from "node:fs/promises";
import { newId, type QuarantineId } from "@thymus/contracts";
import { failpoint, groupCommit } from "@thymus/store";
import { isLocked, lockAgain, removeName, unlock } from "../files/flags.ts";
import { type Folder, inFolderOf } from "../files/folder.ts";
import { factsAt, sameFile, sha256Of } from "../files/regular.ts";
import { forget } from "../monitors/baseline.ts";
import { beginOperation, changed, takeBack } from "./begin.ts";
import { explained } from "./explain.ts";
import { moveBack } from "./move-back.ts";
import {
  type Cause,
  digestAt,
  endOperation,
  type Operation,
  type OperationContext,
  type Subject,
  temporaryName,
} from "./operation.ts";

export interface Hold extends Cause {
  readonly subject: Subject;
  /** False where the content itself was analysed; left out, it counts as unproven. */
  readonly unproven?: boolean;
  /** Why it may not be done after all, or null; see Beginning. */
  readonly agree?: (db: OperationContext["db"]) => Promise<string | null>;
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
    const identity = await beginOperation(context, operation, { unproven: true, ...hold }, folder, name);
    await failpoint("agent.hold.before-move");
    try {
      await moveAway(context, folder, name, operation, subject, identity.flags);
    } catch (error) {
      if ((await factsAt(folder.at(operation.temporary)).catch(() => null)) !== null)
        await moveBack(folder, operation.temporary, name);
      await takeBack(context, operation);
      await lockAgain(folder.at(name), identity.flags);
      throw explained(error, subject.path);
    }
    await failpoint("agent.hold.after-move");
    await removeName(folder.at(operation.temporary), identity.flags);
    await folder.sync();
    await groupCommit(context.db).run(async (trx) => {
      await forget(trx, subject.path);
      await hold.also(trx);
      await endOperation(trx, operation.id);
    });
    return id;
  }).catch((error) => {
    throw explained(error, subject.path);
  });
}

async function moveAway(
  context: OperationContext,
  folder: Folder,
  name: string,
  { temporary, before }: Operation,
  subject: Subject,
  flags: number | undefined,
): Promise<void> {
  const now = await factsAt(folder.at(name));
  if (!now || !sameFile(now, subject.facts)) throw changed(subject.path);
  if (isLocked(flags)) await unlock(folder.at(name));
  await rename(folder.at(name), folder.at(temporary));
  if ((await digestAt(folder, temporary, context.maxBytes)) !== before) throw changed(subject.path);
}
