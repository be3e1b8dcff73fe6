import type { Logger, SyncReply } from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import { accept } from "../monitors/baseline.ts";
import type { Decoys } from "../monitors/decoys/decoys.ts";
import { examine } from "../monitors/examine.ts";
import type { Database } from "../state/open.ts";
import type { CaseRow, Cases } from "../suspicion/cases.ts";
import type { Outbox } from "./outbox.ts";
import type { Timeline } from "./timeline.ts";

export interface EndedCasesOptions {
  readonly db: Database;
  readonly cases: Cases;
  readonly decoys: Decoys;
  readonly outbox: Outbox;
  readonly timeline: Timeline;
  readonly log: Logger;
  readonly maxBytes: number;
  readonly requeue: (root: string, paths: Iterable<string>) => void;
}

/** What becomes of the changed files when the server says that a case ended. Doing it again does nothing. */
export async function endCase(options: EndedCasesOptions, ended: SyncReply["cases"][number]): Promise<void> {
  const { cases, db, decoys, outbox, requeue, timeline } = options;
  const row = await cases.get(ended.id);
  if (!row || row.step === "closed") return;
  // Closed last: after a crash in between all of it is done again, which changes nothing.
  if (ended.outcome === "harmless" || ended.outcome === "gave-up") {
    const followed = await follow(options, row);
    if (!followed && ended.outcome === "harmless") await acceptMembers(options, row);
  } else if (ended.outcome === "rejected") await acceptMembers(options, row);
  else {
    // What the prescription did not find may be the owner's, or something else: it is judged by itself.
    const members = await cases.members(row.id);
    requeue(
      row.root,
      members.map(({ path }) => path),
    );
  }
  await failpoint("agent.ended");
  await cases.close(row.id, ended);
  await outbox.forget(row.id);
  await decoys.rested(row.root);
  await timeline.note(
    db,
    row.id,
    `the case ended: ${ended.outcome}${ended.why ? ` (${ended.why})` : ""}`,
    true,
  );
}

/** Opens the next case about the same incident, where another file of it may be the cause. */
async function follow(options: EndedCasesOptions, row: CaseRow): Promise<boolean> {
  const { cases, db, maxBytes, outbox, timeline } = options;
  const already = await db
    .selectFrom("suspect_case")
    .select("id")
    .where("follows", "=", row.id)
    .executeTakeFirst();
  if (already) return true;
  for (const next of await cases.successors(row)) {
    if (!next.quarantine) {
      const now = await examine(next.path, maxBytes, true).catch(() => null);
      if (now?.content?.sha256 !== next.sha256) continue;
    }
    const members = (await cases.members(row.id)).map((member) => ({
      path: member.path,
      sha256: member.sha256,
      score: member.score,
      appeared: member.appeared === 1,
      decoy: member.decoy === 1,
      suspicion: member.suspicion ? JSON.parse(member.suspicion) : null,
    }));
    const id = await cases.open(row.root, next.claim, members, {
      follows: row.id,
      depth: row.depth + 1,
      source: next.quarantine,
    });
    for (const member of await cases.members(row.id))
      if (member.quarantine)
        await db
          .updateTable("case_member")
          .set({ quarantine: member.quarantine })
          .where("case_id", "=", id)
          .where("path", "=", member.path)
          .where("sha256", "=", member.sha256)
          .execute();
    await timeline.note(
      db,
      id,
      `suspected next: ${next.path}, since ${row.path} was not the cause (${row.id})`,
    );
    await outbox.spool(id);
    outbox.wake();
    return true;
  }
  return false;
}

async function acceptMembers(
  { cases, db, maxBytes, timeline }: EndedCasesOptions,
  row: CaseRow,
): Promise<void> {
  for (const member of await cases.members(row.id)) {
    if (member.decoy) continue;
    const now = await examine(member.path, maxBytes, true).catch(() => null);
    if (!now || now.content?.sha256 !== member.sha256) continue;
    await accept(db, row.root, now, "judged-harmless", member.appeared === 1);
    await timeline.note(db, row.id, `accepted ${member.path}: the analysis found no harm`, true);
  }
}
