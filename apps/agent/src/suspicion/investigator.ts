import type { CaseId, Config, Logger, MachineId } from "@thymus/contracts";
import { factsAt, readRegular } from "../files/regular.ts";
import type { Outbox } from "../link/outbox.ts";
import type { Timeline } from "../link/timeline.ts";
import { accept, baselineRow } from "../monitors/baseline.ts";
import type { Decoys } from "../monitors/decoys/decoys.ts";
import { examine } from "../monitors/examine.ts";
import { observe } from "../monitors/registry.ts";
import type { BringBack } from "../packages/bring-back.ts";
import type { Confirmer } from "../packages/confirmer.ts";
import type { Claim, PackageManager } from "../packages/manager.ts";
import { holdFile } from "../repair/hold.ts";
import type { OperationContext } from "../repair/operation.ts";
import type { ActivePrescriptions } from "../scanning/active.ts";
import type { ContentJudge } from "../scanning/content-judge.ts";
import type { Healer } from "../scanning/healer.ts";
import type { Changes } from "../watch/pending.ts";
import type { Cases, NewMember } from "./cases.ts";
import { acceptAll, type Collected, collect, type Told } from "./collect.ts";
import type { Change, Incident } from "./incident.ts";
import { type Candidate, rankCandidates, suspicionOf } from "./judge.ts";

export interface InvestigatorOptions extends OperationContext {
  readonly active: ActivePrescriptions;
  readonly cases: Cases;
  readonly config: Config;
  readonly decoys: Decoys;
  readonly healer: Healer;
  readonly judge: ContentJudge;
  readonly log: Logger;
  readonly machine: () => MachineId;
  readonly outbox: Outbox;
  readonly bringBack: BringBack;
  readonly confirmer: Confirmer;
  readonly packages: PackageManager;
  readonly timeline: Timeline;
  /** Programs that got the same foreign bytes: whoever writes them is at it right now. */
  readonly onInfected?: (paths: readonly string[]) => void;
  /** Looks at these paths again after the next quiet time. */
  readonly requeue: (root: string, paths: Iterable<string>) => void;
}

/** Rule of monitors/several-changed.ts. */
const SAME_BYTES = "same-foreign-bytes";
/** Candidates whose suspicion is kept for a case that may follow. */
const KEPT_CANDIDATES = 8;
/** Seconds for which a program that appeared counts as a possible cause of changes; within the first it is likely. */
const RECENT = 3600;
const FRESH = 60;
/** Times that a change of which no package knows waits for a package manager at work, and that a file of a package underway does. */
const MAX_WAITS = 120;
const MAX_UNDERWAY = 3600;
/** Files of projects' own dependencies of which it is remembered how often they waited. */
const MAX_MOVING = 10_000;
/** Milliseconds for which packages count as unchanged where many paths are asked about: as long as it counts who is at work. */
const CLAIMS_HOLD = 50;
/** Files of one package that are named when they are accepted. */
const NAMED = 3;

/** Judges the changes of a root that came together: accepts them, or opens a case about one of them. */
export class Investigator {
  readonly #options: InvestigatorOptions;
  readonly #waits = new Map<string, number>();
  /** Times that a file of a dependency waited: whoever owns a project decides when, so each counts for itself. */
  readonly #moving = new Map<string, number>();

  constructor(options: InvestigatorOptions) {
    this.#options = options;
  }

  /**
   * @param paths each with who wrote it last, as far as it is known
   * @param early the root is not quiet yet: what is clear by itself is judged, nothing is accepted
   * @returns paths that changed since they were told and are not judged: they belong to what is told next
   */
  async settle(root: string, paths: Changes, told: Told, early = false): Promise<readonly string[]> {
    const due = await this.#postpone(root, paths, early);
    const collected = await collect(this.#options, root, due, told);
    await this.#judge(root, collected, early);
    return collected.later;
  }

  async #judge(root: string, collected: Collected, early: boolean): Promise<void> {
    if (!early && collected.left.length > 0) this.#options.requeue(root, collected.left);
    const { unknown, claims } = await this.#withoutPackages(root, collected, early);
    const { lostDecoys, signatures } = collected;
    if (unknown.length === 0 && lostDecoys.length === 0) return;
    const incident: Incident = {
      root,
      changes: [...unknown, ...(await this.#recentlyAppeared(root, unknown))],
      lostDecoys,
      signatures,
      claims,
    };
    const candidates = rankCandidates(incident, observe(incident));
    const open = await this.#options.cases.openOf(root);
    const best = candidates[0];
    if (open) await this.#join(open.id as CaseId, candidates, incident);
    else if (best && best.score >= this.#options.config.agent.threshold)
      await this.#open(incident, candidates, best);
    else if (early) return;
    else await this.#accept(incident, candidates);
    await this.#restoreLost(incident, open?.id ?? null);
  }

  /**
   * True for a program of a package that somebody else than the package manager just wrote: such a change is judged at once. The rest
   * waits until the folder is quiet.
   */
  async isUrgent(path: string): Promise<boolean> {
    const { db, maxBytes, packages } = this.#options;
    const claim = await packages.claim(path, CLAIMS_HOLD);
    if (claim?.kind !== "file" || claim.underway) return false;
    const now = await examine(path, maxBytes);
    if (!now?.program || !now.content?.whole) return false;
    if ((await baselineRow(db, path))?.sha256 === now.content.sha256) return false;
    return (await packages.vouches(new Map([[path, now.content.bytes]]))).size === 0;
  }

  /**
   * While a package manager is at work its manifests come after its files: what may be its own waits, for a limited time. A file of
   * a package that is not being changed, and a decoy, do not wait: that somebody installs something excuses nobody else.
   */
  async #postpone(root: string, paths: Changes, early: boolean): Promise<Changes> {
    const { packages, requeue } = this.#options;
    const decoys = await this.#options.decoys.paths();
    const waits = this.#waits.get(root) ?? 0;
    const busy = await packages.busy();
    const later = new Set<string>();
    const moved = new Set<string>();
    for (const path of paths.keys()) {
      if (decoys.has(path)) continue;
      const claim = await packages.claim(path, CLAIMS_HOLD);
      if (claim?.kind === "dependency" && claim.underway) {
        const moving = this.#moving.get(path) ?? 0;
        if (moving >= MAX_WAITS) continue;
        if (!early) this.#moving.set(path, moving + 1);
        moved.add(path);
      } else if (claim ? claim.underway && waits < MAX_UNDERWAY : busy && waits < MAX_WAITS) later.add(path);
      else this.#moving.delete(path);
    }
    if (!early) {
      if (this.#moving.size > MAX_MOVING) this.#moving.clear();
      if (busy || later.size > 0) this.#waits.set(root, waits + 1);
      else this.#waits.delete(root);
      if (later.size + moved.size > 0) requeue(root, [...later, ...moved]);
    }
    return new Map([...paths].filter(([path]) => !later.has(path) && !moved.has(path)));
  }

  /** Takes in what the package manager vouches for. @returns the rest, with what the package manager says of it */
  async #withoutPackages(
    root: string,
    { changes }: Collected,
    early: boolean,
  ): Promise<{ unknown: Change[]; claims: Map<string, Claim> }> {
    const { db, packages, requeue, timeline } = this.#options;
    const contents = new Map(
      changes.flatMap(({ path, now, decoy }) =>
        now.content?.whole && !decoy ? [[path, now.content.bytes] as const] : [],
      ),
    );
    const vouched = await packages.vouches(contents);
    const unknown: Change[] = [];
    const claims = new Map<string, Claim>();
    const brought = new Map<string, string[]>();
    for (const change of changes) {
      const { path } = change;
      let by = vouched.get(path);
      const claim = by || change.decoy ? null : await packages.claim(path);
      // Its package may have been finished since the others were asked about, which takes a while where there are many.
      if (claim && !claim.underway && change.now.content?.whole)
        by = (await packages.vouches(new Map([[path, change.now.content.bytes]]))).get(path);
      if (by === undefined) {
        const waits =
          claim?.kind === "dependency"
            ? (this.#moving.get(path) ?? 0) < MAX_WAITS
            : (this.#waits.get(root) ?? 0) < MAX_UNDERWAY;
        if (claim?.underway && waits) {
          // The package manager came to it between two looks.
          if (!early) requeue(root, [path]);
          continue;
        }
        if (claim && (await packages.busy()) && !(await isAsItWas(change))) {
          // What was read is not there any more.
          if (!early) requeue(root, [path]);
          continue;
        }
        // That it is being replaced excuses nothing once the wait is over.
        if (claim && !(claim.underway && claim.kind === "dependency")) claims.set(path, claim);
        unknown.push(change);
        continue;
      }
      if (by.level === "pinned") {
        claims.set(path, { ...by, kind: "dependency", underway: false, doubt: null });
        unknown.push(change);
        continue;
      }
      await accept(db, root, change.now, "package-manager", change.before === null);
      this.#options.confirmer.add(by);
      const name = `${by.package} ${by.version} (${by.level})`;
      brought.set(name, [...(brought.get(name) ?? []), path]);
    }
    for (const [name, paths] of brought) {
      const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : "";
      const what = `accepted ${paths.slice(0, NAMED).join(", ")}${more}: package ${name} brought it`;
      await timeline.note(db, null, what, true);
    }
    return { unknown, claims };
  }

  /** Programs that appeared a while ago and were accepted: one of them may have changed the others only now. */
  async #recentlyAppeared(root: string, changes: readonly Change[]): Promise<Change[]> {
    if (!changes.some((change) => change.before !== null || change.decoy)) return [];
    const since = new Date(Date.now() - RECENT * 1000).toISOString();
    const rows = await this.#options.db
      .selectFrom("file")
      .select(["path", "appeared"])
      .where("root", "=", root)
      .where("program", "=", 1)
      .where("appeared", ">", since)
      .orderBy("appeared", "desc")
      .limit(16)
      .execute();
    const found: Change[] = [];
    for (const row of rows) {
      if (changes.some(({ path }) => path === row.path)) continue;
      const now = await examine(row.path, this.#options.maxBytes).catch(() => null);
      const earlier = Date.parse(row.appeared!) < Date.now() - FRESH * 1000 ? "old" : "fresh";
      if (now?.content) found.push({ path: row.path, before: null, now, decoy: false, earlier, foreign: [] });
    }
    return found;
  }

  async #open(incident: Incident, candidates: readonly Candidate[], best: Candidate): Promise<void> {
    const { cases, config, db, machine, outbox, timeline } = this.#options;
    const suspicion = suspicionOf(best, incident, machine());
    const id = await cases.open(incident.root, suspicion, this.#members(incident, candidates));
    this.#tellInfected(candidates);
    const why = best.evidence.map(({ what }) => what).join("; ");
    await timeline.note(db, id, `suspected ${best.change.path} (score ${best.score.toFixed(2)}): ${why}`);
    await outbox.spool(id);
    if (config.policy.submit === "observe") {
      await cases.close(id, { outcome: "gave-up", verdict: null, why: "policy.submit is observe" });
      await timeline.note(db, id, "not submitted: policy.submit is observe");
    }
    await this.#coverDecoys(id, incident);
    this.#bringBack(id, incident);
    outbox.wake();
  }

  async #join(id: CaseId, candidates: readonly Candidate[], incident: Incident): Promise<void> {
    const { cases, db, timeline } = this.#options;
    const members = this.#members(incident, candidates);
    await cases.join(id, members);
    this.#tellInfected(candidates);
    for (const { path } of members) await timeline.note(db, id, `also changed: ${path}`);
    await this.#coverDecoys(id, incident);
    this.#bringBack(id, incident);
  }

  #tellInfected(candidates: readonly Candidate[]): void {
    const same = candidates.flatMap(({ evidence }) => evidence.filter(({ rule }) => rule === SAME_BYTES));
    if (same.length > 0) this.#options.onInfected?.([...new Set(same.map(({ path }) => path))]);
  }

  /** After the sample was copied: what its package knows need not wait for a verdict. */
  #bringBack(id: CaseId, { changes, claims, root }: Incident): void {
    for (const { path, now, before } of changes)
      if (before && claims.get(path)?.kind === "file" && now.content)
        this.#options.bringBack.consider({ case: id, root, path, sha256: now.content.sha256 });
  }

  #members(incident: Incident, candidates: readonly Candidate[]): NewMember[] {
    return candidates.map((candidate, rank) => ({
      path: candidate.change.path,
      sha256: candidate.change.now.content!.sha256,
      score: candidate.score,
      appeared: candidate.change.before === null && !candidate.change.decoy,
      decoy: candidate.change.decoy,
      suspicion: rank < KEPT_CANDIDATES ? suspicionOf(candidate, incident, this.#options.machine()) : null,
    }));
  }

  /** Takes touched decoys into quarantine, as evidence, and makes them anew. */
  async #coverDecoys(id: CaseId, incident: Incident): Promise<void> {
    const { db, decoys, log, maxBytes } = this.#options;
    for (const { path, now, decoy } of incident.changes) {
      if (!decoy) continue;
      const row = await decoys.get(path);
      if (!row || row.touched >= 10) continue;
      try {
        const content = await readRegular(path, maxBytes);
        if (content?.whole) {
          const subject = { path, root: null, type: now.type, facts: content.facts, bytes: content.bytes };
          const quarantine = await holdFile(this.#options, {
            subject,
            why: "a touched decoy",
            prescription: null,
            case: id,
            also: async () => {},
          });
          await db
            .updateTable("case_member")
            .set({ quarantine })
            .where("case_id", "=", id)
            .where("path", "=", path)
            .where("sha256", "=", now.content!.sha256)
            .execute();
        }
        await decoys.restore(path);
      } catch (error) {
        log.warn("a touched decoy cannot be replaced", { path, why: (error as Error).message });
      }
    }
  }

  async #restoreLost({ lostDecoys, root }: Incident, caseId: string | null): Promise<void> {
    const { db, decoys, timeline } = this.#options;
    for (const path of lostDecoys)
      if ((await decoys.restore(path)) && !caseId)
        await timeline.note(db, null, `a decoy of ${root} was gone and is there again`, true);
  }

  /** Not enough speaks against it: the owner's changes become self. */
  async #accept(incident: Incident, candidates: readonly Candidate[]): Promise<void> {
    const { db, maxBytes, timeline } = this.#options;
    const scores = new Map(candidates.map(({ change, score }) => [change.path, score]));
    const accepted: Change[] = [];
    for (const change of incident.changes) {
      const { path, earlier, decoy } = change;
      if (earlier !== undefined || decoy || incident.signatures.has(path)) continue;
      if ((await factsAt(path).catch(() => null)) !== null) accepted.push(change);
    }
    await acceptAll(
      db,
      incident.root,
      accepted.map(({ now, before }) => ({ now, how: "owner-change", appeared: before === null })),
    );
    const notes = accepted.map(({ path, before }) => {
      const score = scores.get(path);
      const said = before === null ? "appeared" : "changed";
      const what =
        score === undefined
          ? `accepted ${path}: it ${said}, and is larger than ${maxBytes} bytes: it cannot be submitted`
          : `accepted ${path}: it ${said}, score ${score.toFixed(2)}`;
      return { what, local: score !== undefined };
    });
    await timeline.noteAll(db, notes);
  }
}

async function isAsItWas({ path, now }: Change): Promise<boolean> {
  const facts = await factsAt(path).catch(() => null);
  return facts?.ctimeNs === now.facts.ctimeNs && facts.ino === now.facts.ino;
}
