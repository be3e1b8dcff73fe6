import {
  asThymusError,
  type CaseId,
  type Logger,
  Prescription,
  type PrescriptionId,
  parseJsonDocument,
  type ReportOutcome,
  ThymusError,
} from "@thymus/contracts";
import { scanPaths } from "@thymus/detection";
import { failpoint } from "@thymus/store";
import type { Timeline } from "../link/timeline.ts";
import type { OperationContext } from "../repair/operation.ts";
import type { PrescriptionState } from "../state/schema.ts";
import { droppedBefore, recordDropped } from "../trial/dropped.ts";
import type { ContentMarks } from "../trial/marks.ts";
import type { Trial } from "../trial/trial.ts";
import type { ActivePrescriptions } from "./active.ts";
import { BRAKED } from "./brake.ts";
import { eachFile } from "./each-file.ts";
import { giveAllBack } from "./give-all-back.ts";
import { fittingFiles, handledBy } from "./handled.ts";
import type { Healer } from "./healer.ts";

/** Where prescriptions come from: the verified TUF repository and nothing else. */
export interface PrescriptionSource {
  /** When what was verified runs out; null where nothing was verified yet. */
  readonly expires: Date | null;
  refresh(): Promise<void>;
  read(path: string): Promise<Uint8Array>;
}

export interface PrescriptionsOptions extends OperationContext {
  readonly active: ActivePrescriptions;
  readonly healer: Healer;
  readonly log: Logger;
  readonly marks: ContentMarks;
  readonly trial: Trial;
  readonly roots: () => readonly string[];
  /** Folders below roots that are not entered. */
  readonly skip: (folder: string) => boolean;
  readonly rootOf: (path: string) => string | null;
  readonly isDecoy: (path: string) => Promise<boolean>;
  readonly timeline: Timeline;
  /** Called when an outcome waits to be reported. */
  readonly onOutcome: () => void;
}

/** Why a prescription is `refused` while what it did is being given back. */
const RECALLED = "recalled";

/** One that was fetched, verified and read. */
interface Ready {
  readonly prescription: Prescription;
  readonly document: string;
}

/** Prescriptions of one trial: a machine that joins gets many at once. */
const TRIED_AT_ONCE = 64;

/** Only what is wrong with the prescription itself is a refusal; a full disk is not. */
const isItsOwnFault = ({ code }: ThymusError) => code === "DOCUMENT_INVALID" || code === "RULE_INVALID";

/** Takes prescriptions from assigned to carried out and reported, and takes recalled ones back. */
export class Prescriptions {
  readonly #options: PrescriptionsOptions;

  constructor(options: PrescriptionsOptions) {
    this.#options = options;
  }

  /**
   * Writes down what the server assigned; what is known already stays as it is. What was withdrawn or had retired is
   * carried out anew: the files may have been given back infected.
   */
  async assign(ids: readonly PrescriptionId[]): Promise<void> {
    const { active, db, timeline } = this.#options;
    const changed = new Date().toISOString();
    for (const id of ids) {
      await db
        .insertInto("prescription")
        .values({ id, state: "wanted", document: null, why: null, case_id: null, scanned: 0, changed })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const row = await db
        .selectFrom("prescription")
        .select(["state", "document", "why"])
        .where("id", "=", id)
        .executeTakeFirstOrThrow();
      const back = row.state === "replaced";
      if (!back && row.state !== "recalled" && !(row.state === "refused" && row.why === RECALLED)) continue;
      // A retired one was verified and tried here before; a withdrawn one is read and tried again.
      const state = back && row.document !== null ? "active" : "wanted";
      await db.transaction().execute(async (trx) => {
        await trx
          .updateTable("prescription")
          .set({ state, why: null, scanned: 0, changed })
          .where("id", "=", id)
          .execute();
        if (back) await timeline.note(trx, null, `${id} is active again: what replaced it was withdrawn`);
      });
      await failpoint("agent.brought-back");
      if (state === "active") await active.load();
    }
  }

  /**
   * Retires prescriptions that another one answers for, where that is active here. What they did stays done, and can
   * still be taken back.
   */
  async retire(
    pairs: readonly { readonly id: PrescriptionId; readonly by: PrescriptionId }[],
  ): Promise<void> {
    const { active, db, timeline } = this.#options;
    for (const { id, by } of pairs) {
      const row = await db.selectFrom("prescription").select("state").where("id", "=", id).executeTakeFirst();
      if (row?.state !== "active" && row?.state !== "wanted") continue;
      if (!active.get(by)) continue;
      await db.transaction().execute(async (trx) => {
        await trx
          .updateTable("prescription")
          .set({ state: "replaced", why: by, changed: new Date().toISOString() })
          .where("id", "=", id)
          .execute();
        await timeline.note(trx, null, `${id} retired: ${by} replaces it`);
      });
      await failpoint("agent.retired");
      await active.load();
    }
  }

  async #inState(state: PrescriptionState) {
    return this.#options.db
      .selectFrom("prescription")
      .selectAll()
      .where("state", "=", state)
      .orderBy("id")
      .execute();
  }

  async #set(id: string, state: PrescriptionState, more: { document?: string; why?: string } = {}) {
    await this.#options.db
      .updateTable("prescription")
      .set({ state, ...more, changed: new Date().toISOString() })
      .where("id", "=", id)
      .execute();
  }

  /**
   * Fetches, tries and activates what is wanted. Trouble with the repository leaves all as it was.
   * @throws ThymusError TUF_* and UNREACHABLE: to be tried again
   */
  async activate(source: PrescriptionSource | null): Promise<void> {
    const { marks } = this.#options;
    const wanted = await this.#inState("wanted");
    if (wanted.length === 0 || !source || marks.none) return;
    await source.refresh();
    // One that cannot be had must not keep the others away.
    let trouble: { readonly thrown: unknown } | null = null;
    const ready: Ready[] = [];
    for (const { id } of wanted) {
      try {
        const document = Buffer.from(await source.read(`prescriptions/${id}.json`)).toString("utf8");
        const prescription = await this.#read(id, document);
        if (prescription) ready.push({ prescription, document });
      } catch (thrown) {
        trouble ??= { thrown };
      }
    }
    for (let at = 0; at < ready.length; at += TRIED_AT_ONCE) {
      try {
        await this.#tryOut(ready.slice(at, at + TRIED_AT_ONCE));
      } catch (thrown) {
        trouble ??= { thrown };
      }
    }
    if (trouble) throw trouble.thrown;
  }

  /** The prescription of a document, or null where it is refused. */
  async #read(id: string, document: string): Promise<Prescription | null> {
    const { db } = this.#options;
    try {
      const prescription = parseJsonDocument(Prescription, document, `prescription ${id}`);
      if (prescription.id !== id)
        throw new ThymusError(
          "DOCUMENT_INVALID",
          `prescription ${id} says that it is ${prescription.id}`,
          "report it",
        );
      const before = await droppedBefore(db, document, prescription);
      if (before === null) return prescription;
      throw new ThymusError("RULE_INVALID", `it was dropped here before: ${before}`, "recall it");
    } catch (thrown) {
      const error = asThymusError(thrown);
      if (!isItsOwnFault(error)) throw error;
      await this.drop(id, `${error.code}: ${error.message}`, document);
      return null;
    }
  }

  /** Several are tried together; only where that goes wrong, each half for itself. */
  async #tryOut(ready: readonly Ready[]): Promise<void> {
    const { active, trial } = this.#options;
    try {
      await trial.judge(
        ready.map(({ prescription }) => prescription),
        active.all,
      );
    } catch (thrown) {
      const error = asThymusError(thrown);
      if (!isItsOwnFault(error)) throw error;
      const [first, ...others] = ready;
      if (first && others.length === 0) {
        await this.drop(first.prescription.id, `${error.code}: ${error.message}`, first.document);
        return;
      }
      const middle = Math.ceil(ready.length / 2);
      await this.#tryOut(ready.slice(0, middle));
      await this.#tryOut(ready.slice(middle));
      return;
    }
    for (const { prescription, document } of ready) await this.#set(prescription.id, "active", { document });
    await active.load();
    await this.dropBad();
    await failpoint("agent.assigned");
  }

  /** Drops what could not be loaded. */
  async dropBad(): Promise<void> {
    for (const [id, why] of this.#options.active.takeBad()) await this.drop(id, why);
  }

  /**
   * Refuses a prescription for good, by its content: it is reported, and never loaded again here, under whatever id. What it did stays
   * until it is recalled. One that this version of Thymus cannot read gets another chance with the next version.
   */
  async drop(id: string, why: string, content: string | null = null): Promise<void> {
    const { active, db, log, timeline } = this.#options;
    const row = await db
      .selectFrom("prescription")
      .select(["document", "case_id"])
      .where("id", "=", id)
      .executeTakeFirst();
    const document = content ?? row?.document ?? "";
    log.error("a prescription is refused", { id, why });
    await db.transaction().execute(async (trx) => {
      await recordDropped(trx, id, document, why);
      await trx
        .updateTable("prescription")
        .set({ state: "refused", why, changed: new Date().toISOString() })
        .where("id", "=", id)
        .execute();
      await timeline.note(trx, null, `refused the prescription ${id}: ${why}`);
    });
    await this.#saveOutcome({
      type: "outcome",
      prescription: id as PrescriptionId,
      case: (row?.case_id ?? null) as CaseId | null,
      files: [],
      healthy: false,
      why: why.slice(0, 1024),
    });
    if (active.get(id)) await active.load();
  }

  /** After an update of Thymus: what the version before could not read is wanted again. */
  async wantUnread(): Promise<void> {
    await this.#options.db
      .updateTable("prescription")
      .set({ state: "wanted", why: null, changed: new Date().toISOString() })
      .where("state", "=", "refused")
      .where("why", "like", "DOCUMENT_INVALID%")
      .execute();
  }

  /** Scans the watched roots with every active prescription that has not been carried out here yet. */
  async carryOut(): Promise<void> {
    const { active } = this.#options;
    const rows = (await this.#inState("active")).filter(({ scanned }) => scanned === 0);
    // What replaces others comes before them: it answers for what both find.
    const last = ({ id }: { id: string }) => Number(active.isReplaced(id));
    for (const row of rows.toSorted((a, b) => last(a) - last(b))) {
      const prescription = active.get(row.id);
      if (prescription) await this.#carryOutOne(prescription);
    }
  }

  async #carryOutOne(prescription: Prescription): Promise<void> {
    const { db, healer, isDecoy, log, rootOf, timeline } = this.#options;
    const { id } = prescription;
    const caseId = await this.#caseOf(prescription);
    const heal = async (path: string) => {
      const root = (await isDecoy(path)) ? null : rootOf(path);
      await healer.heal({ path, root, prescription, case: caseId });
    };
    const { found, samples } = await this.#find(prescription);
    // What spreads it goes first: it would undo the rest.
    for (const path of samples) await heal(path);
    await eachFile(found, heal);
    const files = fittingFiles((await handledBy(db, id)).filter(({ result }) => result !== "not-infected"));
    const failed = files.filter(({ result, why }) => result === "failed" || why?.startsWith(BRAKED));
    await this.#saveOutcome({
      type: "outcome",
      prescription: id,
      case: caseId,
      files,
      healthy: failed.length === 0,
      why: failed[0] ? `${failed[0].path}: ${failed[0].why}`.slice(0, 1024) : null,
    });
    await timeline.note(
      db,
      caseId,
      `immune against ${prescription.family} (${id}): ${files.length} files found`,
    );
    log.info("carried out", { prescription: id, files: files.length });
  }

  /** Files that the rule finds below the watched roots, and those that are specimens themselves. */
  async #find(prescription: Prescription): Promise<{ found: string[]; samples: string[] }> {
    const { active, db, log, marks, maxBytes, roots, rootOf, skip } = this.#options;
    const found = new Set<string>();
    await marks.during({ scanning: prescription.id }, () =>
      scanPaths({
        paths: roots(),
        bundle: active.bundleOf([prescription.id]),
        maxFileBytes: maxBytes,
        skip,
        onFinding: ({ path }) => found.add(path),
        onError: (path, error) => log.warn("a file was not scanned", { path, why: error.message }),
      }),
    );
    const samples = active.specimensOf(prescription.id);
    const accepted = await db.selectFrom("file").select("path").where("sha256", "in", samples).execute();
    const suspects = await db
      .selectFrom("case_member")
      .select("path")
      .where("sha256", "in", samples)
      .execute();
    const known = new Set([...accepted, ...suspects].map(({ path }) => path));
    // A root may lie around the data folder; nothing of ours but the drill folder is looked at.
    const ours = (paths: Iterable<string>) => [...paths].filter((path) => rootOf(path) !== null).sort();
    return { found: ours(found.difference(known)), samples: ours(known) };
  }

  /** The case of this machine that the prescription answers, or null. */
  async #caseOf({ id, proof }: Prescription): Promise<CaseId | null> {
    const row = await this.#options.db
      .selectFrom("suspect_case")
      .select("id")
      .where((eb) => eb.or([eb("known", "=", id), eb("sha256", "in", proof.samples as string[])]))
      .orderBy("opened", "desc")
      .executeTakeFirst();
    return (row?.id ?? null) as CaseId | null;
  }

  async #saveOutcome(outcome: ReportOutcome): Promise<void> {
    const body = JSON.stringify(outcome);
    await this.#options.db.transaction().execute(async (trx) => {
      await trx
        .insertInto("outcome")
        .values({ prescription: outcome.prescription, body, sent: 0 })
        .onConflict((conflict) => conflict.column("prescription").doUpdateSet({ body, sent: 0 }))
        .execute();
      await trx
        .updateTable("prescription")
        .set({ scanned: 1, case_id: outcome.case })
        .where("id", "=", outcome.prescription)
        .execute();
    });
    this.#options.onOutcome();
  }

  /**
   * Withdraws prescriptions: first the rule, then everything that it did, byte for byte. A file that somebody changed
   * since stays as it is, and its original stays in quarantine.
   */
  async recall(ids: readonly PrescriptionId[]): Promise<void> {
    const { active, db, timeline } = this.#options;
    for (const id of ids) {
      const row = await db.selectFrom("prescription").select("state").where("id", "=", id).executeTakeFirst();
      if (!row || row.state === "recalled") continue;
      // `refused` until all is back: after a crash the next sync names it as recalled again.
      await this.#set(id, "refused", { why: RECALLED });
      await active.load();
      await failpoint("agent.recall.before-restore");
      const restored = await giveAllBack(this.#options, id);
      await this.#set(id, "recalled");
      await timeline.note(db, null, `recalled ${id}: ${restored} files are back as they were`);
    }
  }
}
