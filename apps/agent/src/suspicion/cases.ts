import {
  type CaseId,
  newId,
  parseJsonDocument,
  SampleMeta,
  Suspicion,
  type Suspicion as SuspicionDocument,
  type SyncReply,
} from "@thymus/contracts";
import { failpoint } from "@thymus/store";
import type { Selectable } from "kysely";
import type { Database } from "../state/open.ts";
import type { CaseMemberTable, SuspectCaseTable } from "../state/schema.ts";

export type CaseRow = Selectable<SuspectCaseTable>;
export type MemberRow = Selectable<CaseMemberTable>;

/** Cases that may follow one after the other about the same incident. */
const MAX_FOLLOW_UPS = 2;

export interface NewMember {
  readonly path: string;
  readonly sha256: string;
  readonly score: number;
  readonly appeared: boolean;
  readonly decoy: boolean;
  readonly suspicion: SuspicionDocument | null;
}

/** The cases of this machine and the files that belong to them. At most one is open for each root. */
export class Cases {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async openOf(root: string): Promise<CaseRow | null> {
    const row = await this.#db
      .selectFrom("suspect_case")
      .selectAll()
      .where("root", "=", root)
      .where("step", "!=", "closed")
      .orderBy("opened", "desc")
      .executeTakeFirst();
    return row ?? null;
  }

  async get(id: string): Promise<CaseRow | null> {
    return (
      (await this.#db.selectFrom("suspect_case").selectAll().where("id", "=", id).executeTakeFirst()) ?? null
    );
  }

  async open(
    root: string,
    suspicion: SuspicionDocument,
    members: readonly NewMember[],
    after: { follows: string | null; depth: number; source: string | null } = {
      follows: null,
      depth: 0,
      source: null,
    },
  ): Promise<CaseId> {
    const id = newId("case");
    const now = new Date().toISOString();
    const { path, sha256, size, type } = suspicion.subject;
    const name = path.split("/").at(-1)!.slice(0, 255);
    const sample: SampleMeta = { sha256, size, type, name, suspicion };
    await this.#db.transaction().execute(async (trx) => {
      await trx
        .insertInto("suspect_case")
        .values({
          id,
          root,
          path,
          sha256,
          ...after,
          sample: JSON.stringify(sample),
          step: "suspected",
          attempts: 0,
          next_try: 0,
          announced: 0,
          known: null,
          outcome: null,
          verdict: null,
          why: null,
          opened: now,
          changed: now,
        })
        .execute();
      await addMembers(trx, id, members);
    });
    await failpoint("agent.suspected");
    return id;
  }

  join(id: string, members: readonly NewMember[]): Promise<void> {
    return addMembers(this.#db, id, members);
  }

  async members(id: string): Promise<MemberRow[]> {
    return this.#db
      .selectFrom("case_member")
      .selectAll()
      .where("case_id", "=", id)
      .orderBy("score", "desc")
      .orderBy("path")
      .execute();
  }

  /** True where this content at this path already belongs to an open case, or to one that was given up. */
  async knows(path: string, sha256: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom("case_member")
      .innerJoin("suspect_case", "suspect_case.id", "case_member.case_id")
      .select("case_member.case_id")
      .where("case_member.path", "=", path)
      .where("case_member.sha256", "=", sha256)
      .where((eb) => eb.or([eb("step", "!=", "closed"), eb("outcome", "=", "gave-up")]))
      .executeTakeFirst();
    return row !== undefined;
  }

  async close(id: string, ended: Omit<SyncReply["cases"][number], "id">): Promise<void> {
    await this.#db
      .updateTable("suspect_case")
      .set({
        step: "closed",
        outcome: ended.outcome as CaseRow["outcome"],
        verdict: ended.verdict,
        why: ended.why,
        changed: new Date().toISOString(),
      })
      .where("id", "=", id)
      .execute();
  }

  /** The sample's bytes were not there any more when they were to be copied: the incident is looked at anew. */
  async drop(id: string): Promise<void> {
    await this.#db.deleteFrom("suspect_case").where("id", "=", id).execute();
  }

  /** Members of an ended case that can be the subject of one that follows, best first; empty after the last follow-up. */
  async successors(ended: CaseRow): Promise<(MemberRow & { claim: SuspicionDocument })[]> {
    if (ended.depth >= MAX_FOLLOW_UPS) return [];
    const tried = new Set<string>();
    for (let row: CaseRow | null = ended; row; row = row.follows ? await this.get(row.follows) : null)
      tried.add(row.sha256);
    return (await this.members(ended.id)).flatMap((member) =>
      member.suspicion && !tried.has(member.sha256)
        ? [{ ...member, claim: parseJsonDocument(Suspicion, member.suspicion, "suspicion") }]
        : [],
    );
  }
}

async function addMembers(db: Database, id: string, members: readonly NewMember[]): Promise<void> {
  for (const member of members)
    await db
      .insertInto("case_member")
      .values({
        case_id: id,
        path: member.path,
        sha256: member.sha256,
        score: member.score,
        appeared: member.appeared ? 1 : 0,
        decoy: member.decoy ? 1 : 0,
        quarantine: null,
        suspicion: member.suspicion ? JSON.stringify(member.suspicion) : null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

export function sampleOf(row: CaseRow): SampleMeta {
  return parseJsonDocument(SampleMeta, row.sample, `sample of ${row.id}`);
}
