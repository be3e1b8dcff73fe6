/** Everything that is written down of families, as whole steps: each method is one transaction. */
import { Family, Prescription, PrescriptionId, parseJsonDocument, Sha256 } from "@thymus/contracts";
import { durably, openDatabase } from "@thymus/store";
import type { Kysely } from "kysely";
import { MOST_MEMBERS } from "../../worker/protocol.ts";
import { nearestFamily, sameSketch } from "../sketch/kinship.ts";
import { features, KinSketch } from "../sketch/sketch.ts";
import { type FamilyDatabase, familyMigrations, type MemberTable } from "./schema.ts";
import { isRecalled, recallOne, stand } from "./stands.ts";

/** Members of a family that one submitter may bring. */
const MOST_OF_ONE = 4;
/** Lowest values of each kind by which a member is looked up, and how many must agree before sketches are compared. */
const INDEXED = 128;
const LEAST_AGREED = 2;
/** Members that are compared as a whole at most, those that agree in most values first. */
const MOST_COMPARED = 64;

export interface FamilyMember {
  readonly sha256: Sha256;
  readonly family: Family;
  readonly program: boolean;
  readonly submitter: string | null;
  readonly sketch: KinSketch;
  readonly stands: PrescriptionId | null;
  readonly hasEvidence: boolean;
}

/** What one finished case adds. */
export interface Adoption extends Omit<FamilyMember, "stands" | "hasEvidence"> {
  readonly caseId: string;
  /** Whether it becomes a member: see {@link FamilyStore.hasRoom}. */
  readonly isMember: boolean;
  readonly hasEvidence: boolean;
  /** Its own prescription, or null. */
  readonly prescription: Prescription | null;
  /** The prescription that stands for it. */
  readonly stands: PrescriptionId | null;
  /** Samples for which that prescription stands from now on too. */
  readonly covers: readonly Sha256[];
}

export class FamilyStore {
  readonly #db: Kysely<FamilyDatabase>;
  readonly #now: () => number;

  private constructor(db: Kysely<FamilyDatabase>, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  /** @throws ThymusError STORE_FAILED, STORE_NEWER */
  static async open(file: string, now: () => number = Date.now): Promise<FamilyStore> {
    return new FamilyStore(await openDatabase<FamilyDatabase>(file, familyMigrations), now);
  }

  close(): Promise<void> {
    return this.#db.destroy();
  }

  /** The family that a sample is of, and how like; null for one like nothing known. The sample itself does not count. */
  async nearest(sha256: Sha256, sketch: KinSketch): Promise<{ family: Family; similarity: number } | null> {
    const values = indexed(sketch);
    if (values.length === 0) return null;
    const near = await this.#db
      .selectFrom("feature")
      .innerJoin("member", "member.sha256", "feature.sha256")
      .select((select) => ["member.family", select.fn.countAll<number>().as("agreed")])
      .where("feature.value", "in", values)
      .where("feature.sha256", "<>", sha256)
      .groupBy("feature.sha256")
      .having((select) => select.fn.countAll(), ">=", LEAST_AGREED)
      .orderBy("agreed", "desc")
      .limit(MOST_COMPARED)
      .execute();
    const names = [...new Set(near.map(({ family }) => family))];
    if (names.length === 0) return null;
    const rows = await this.#db.selectFrom("member").selectAll().where("family", "in", names).execute();
    const found = nearestFamily(
      sketch,
      rows.map(memberOf).filter((each) => each.sha256 !== sha256),
    );
    return found && { family: Family.parse(found.family), similarity: found.similarity };
  }

  async members(family: string): Promise<FamilyMember[]> {
    const rows = await this.#db
      .selectFrom("member")
      .selectAll()
      .where("family", "=", family)
      .orderBy("added")
      .orderBy("sha256")
      .execute();
    return rows.map(memberOf);
  }

  async member(sha256: string): Promise<FamilyMember | null> {
    const row = await this.#db
      .selectFrom("member")
      .selectAll()
      .where("sha256", "=", sha256)
      .executeTakeFirst();
    return row ? memberOf(row) : null;
  }

  /** It is out: from now on others of its family are measured by it, and may replace it. */
  async published(id: string): Promise<void> {
    await this.#db
      .updateTable("prescription")
      .set({ state: "active" })
      .where("id", "=", id)
      .where("state", "=", "made")
      .execute();
  }

  /** Published prescriptions of a family that are neither replaced nor recalled. */
  async active(family: string): Promise<Prescription[]> {
    const rows = await this.#db
      .selectFrom("prescription")
      .select("document")
      .where("family", "=", family)
      .where("state", "=", "active")
      .orderBy("made", "desc")
      .orderBy("id")
      .execute();
    return rows.flatMap(({ document }) => readable(document) ?? []);
  }

  async prescription(id: string): Promise<Prescription | null> {
    const row = await this.#db
      .selectFrom("prescription")
      .select("document")
      .where("id", "=", id)
      .executeTakeFirst();
    return row ? readable(row.document) : null;
  }

  async replacedBy(id: string): Promise<PrescriptionId | null> {
    const row = await this.#db
      .selectFrom("prescription")
      .select("replaced_by")
      .where("id", "=", id)
      .where("state", "=", "retired")
      .executeTakeFirst();
    return row?.replaced_by ? PrescriptionId.parse(row.replaced_by) : null;
  }

  /**
   * Whether a sample may become a member: a family keeps so many, of one submitter fewer, and none twice. What came first stays:
   * whoever sends many cannot drive others out.
   */
  async hasRoom(
    family: string,
    sample: Pick<FamilyMember, "sha256" | "submitter" | "sketch">,
  ): Promise<boolean> {
    const others = (await this.members(family)).filter(({ sha256 }) => sha256 !== sample.sha256);
    if (others.length >= MOST_MEMBERS) return false;
    if (others.some(({ sketch }) => sameSketch(sketch, sample.sketch))) return false;
    const { submitter } = sample;
    return submitter === null || others.filter((each) => each.submitter === submitter).length < MOST_OF_ONE;
  }

  /** The end of a case: the new member, its prescription, and what that replaces. Idempotent. */
  async adopt(each: Adoption): Promise<void> {
    await durably(this.#db, () => this.#db.transaction().execute((trx) => this.#adopt(trx, each)));
  }

  async #adopt(trx: Kysely<FamilyDatabase>, each: Adoption): Promise<void> {
    const now = this.#now();
    const { family, sha256, prescription } = each;
    await trx
      .insertInto("family")
      .values({ name: family, made: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    if (prescription) {
      const document = JSON.stringify(prescription);
      await trx
        .insertInto("prescription")
        .values({ id: prescription.id, family, document, state: "made", replaced_by: null, made: now })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    // Brought again after its withdrawal became known: what stands by now is left alone.
    const withdrawn = each.stands !== null && (await isRecalled(trx, each.stands));
    const stands = withdrawn ? null : each.stands;
    if (prescription && !withdrawn) await this.#retire(trx, prescription.replaces ?? [], prescription.id);
    const before = await trx
      .selectFrom("member")
      .select("stands")
      .where("sha256", "=", sha256)
      .executeTakeFirst();
    if (before) {
      if (!withdrawn) await stand(trx, [sha256], stands);
      if (each.hasEvidence)
        await trx.updateTable("member").set({ evidence: 1 }).where("sha256", "=", sha256).execute();
      // The same sample analysed again: one prescription stands for it.
      if (prescription && !withdrawn && before.stands && before.stands !== prescription.id)
        await this.#retireUnused(trx, before.stands, prescription.id);
    } else if (each.isMember) await this.#insert(trx, { ...each, stands }, now);
    if (stands && each.covers.length > 0) await stand(trx, each.covers, stands);
  }

  async #retire(trx: Kysely<FamilyDatabase>, ids: readonly string[], by: string): Promise<void> {
    if (ids.length === 0) return;
    await trx
      .updateTable("prescription")
      .set({ state: "retired", replaced_by: by })
      .where("id", "in", ids)
      .where("state", "in", ["made", "active"])
      .execute();
  }

  async #retireUnused(trx: Kysely<FamilyDatabase>, id: string, by: string): Promise<void> {
    const user = await trx.selectFrom("member").select("sha256").where("stands", "=", id).executeTakeFirst();
    if (!user) await this.#retire(trx, [id], by);
  }

  async #insert(trx: Kysely<FamilyDatabase>, each: Adoption, now: number): Promise<void> {
    const { sha256, family, submitter, stands } = each;
    await trx
      .insertInto("member")
      .values({
        ...{ sha256, family, submitter, stands, case_id: each.caseId, added: now },
        ...{ program: each.program ? 1 : 0, evidence: each.hasEvidence ? 1 : 0 },
        sketch: JSON.stringify(each.sketch),
      })
      .execute();
    const rows = indexed(each.sketch).map((value) => ({ value, sha256 }));
    if (rows.length > 0) await trx.insertInto("feature").values(rows).execute();
  }

  /**
   * These were withdrawn: no rule is made of or measured by them any more. What they took the place of stands again, unless
   * another one has taken theirs.
   */
  async recall(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const rows = await this.#db
      .selectFrom("prescription")
      .select("id")
      .where("id", "in", ids)
      .where("state", "<>", "recalled")
      .execute();
    if (rows.length === 0) return;
    await durably(this.#db, () =>
      this.#db.transaction().execute(async (trx) => {
        for (const { id } of rows) await recallOne(trx, id);
      }),
    );
  }

  /** Members whose evidence is kept. */
  async withEvidence(): Promise<Sha256[]> {
    const rows = await this.#db.selectFrom("member").select("sha256").where("evidence", "=", 1).execute();
    return rows.map(({ sha256 }) => Sha256.parse(sha256));
  }

  /** Members whose evidence is kept, those first that can best be without it: of the smallest families, the oldest. */
  async leastNeeded(): Promise<Sha256[]> {
    const rows = await this.#db
      .selectFrom("member")
      .innerJoin(
        (from) =>
          from
            .selectFrom("member")
            .select((select) => ["family as of", select.fn.countAll<number>().as("members")])
            .groupBy("family")
            .as("size"),
        (join) => join.onRef("size.of", "=", "member.family"),
      )
      .select("member.sha256")
      .where("member.evidence", "=", 1)
      .orderBy("size.members")
      .orderBy("member.added")
      .orderBy("member.sha256")
      .execute();
    return rows.map(({ sha256 }) => Sha256.parse(sha256));
  }

  /** The evidence of this member is kept no longer: nothing is learned from it or proved on it any more. */
  async loseEvidence(sha256: Sha256): Promise<void> {
    await this.#db.updateTable("member").set({ evidence: 0 }).where("sha256", "=", sha256).execute();
  }
}

/** Null for one of another version of the format: as if it were not there. */
function readable(document: string): Prescription | null {
  const parsed = Prescription.safeParse(JSON.parse(document));
  return parsed.success ? parsed.data : null;
}

/** The lowest values of each kind, so that related sketches agree in many of them. */
function indexed(sketch: KinSketch): number[] {
  return [...new Set(features.flatMap((feature) => sketch[feature].values.slice(0, INDEXED)))];
}

function memberOf(row: MemberTable): FamilyMember {
  const { sha256, family, submitter, stands } = row;
  return {
    sha256: Sha256.parse(sha256),
    family: Family.parse(family),
    ...{ program: row.program === 1, submitter, hasEvidence: row.evidence === 1 },
    sketch: parseJsonDocument(KinSketch, row.sketch, "a remembered sketch"),
    stands: stands === null ? null : PrescriptionId.parse(stands),
  };
}
