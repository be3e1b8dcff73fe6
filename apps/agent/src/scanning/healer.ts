import { basename } from "node:path";
import {
  asThymusError,
  type CaseId,
  type Config,
  type FileType,
  type Prescription,
  type RepairOutcome,
  type Sha256,
} from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import { repairWith } from "@thymus/repair";
import type { Copies } from "../copies/copies.ts";
import type { ProtectedPaths } from "../files/protected.ts";
import { isMissing, readRegular, sha256Of } from "../files/regular.ts";
import type { Timeline } from "../link/timeline.ts";
import { knownContents } from "../monitors/baseline.ts";
import type { PackageManager } from "../packages/manager.ts";
import { NotAgreed } from "../repair/begin.ts";
import { archived } from "../repair/from-package.ts";
import { holdFile } from "../repair/hold.ts";
import { type KeptContent, keptContent } from "../repair/kept-content.ts";
import type { OperationContext, Subject } from "../repair/operation.ts";
import { rebuildKnown } from "../repair/rebuild-known.ts";
import { replaceContent } from "../repair/replace.ts";
import type { Database } from "../state/open.ts";
import type { ActivePrescriptions } from "./active.ts";
import { BRAKED, type Brake } from "./brake.ts";
import type { ContentJudge } from "./content-judge.ts";
import { recordHandled } from "./handled.ts";

export interface HealerOptions extends OperationContext {
  readonly active: ActivePrescriptions;
  readonly judge: ContentJudge;
  readonly paths: ProtectedPaths;
  readonly timeline: Timeline;
  readonly config: Config;
  readonly copies: Copies;
  readonly brake: Brake;
  readonly packages: PackageManager;
}

export interface Found {
  readonly path: string;
  /** Watched root, or null for a decoy or a path outside. */
  readonly root: string | null;
  readonly prescription: Prescription;
  readonly case: CaseId | null;
}

/** Times that a file which changes under the hand is looked at again. */
const ATTEMPTS = 3;

/** Does what an active prescription says to one file: repair it where that is exact, hold it in quarantine otherwise. */
export class Healer {
  readonly #options: HealerOptions;
  readonly #braked = new Set<string>();

  constructor(options: HealerOptions) {
    this.#options = options;
  }

  /** Never throws for what is wrong with the file itself: the outcome says it. */
  async heal(found: Found): Promise<RepairOutcome> {
    const { db, timeline } = this.#options;
    let outcome: RepairOutcome | null = null;
    for (let attempt = 1; outcome === null; attempt++) {
      try {
        outcome = await this.#once(found);
      } catch (thrown) {
        if (thrown instanceof NotAgreed) {
          outcome = report(found.path, "refused", thrown.message);
          break;
        }
        const error = asThymusError(thrown);
        if (error.code === "CONFLICT" && attempt < ATTEMPTS) continue;
        const refused = error.code === "PROTECTED_PATH";
        outcome = report(found.path, refused ? "refused" : "failed", `${error.code}: ${error.message}`);
      }
    }
    if (outcome.result === "repaired" || outcome.why?.startsWith(HELD)) return outcome;
    const before = await this.#handledBefore(found.prescription.id, found.path);
    // What was done to a file is not forgotten when it is looked at again, e.g. after a crash.
    if (before && outcome.result === "not-infected") return outcome;
    const said = before?.result === outcome.result && before.why === outcome.why;
    await recordHandled(db, found.prescription.id, outcome);
    const braked = outcome.why?.startsWith(BRAKED) === true;
    if (!said && outcome.result !== "not-infected")
      await timeline.note(
        db,
        found.case,
        `not repaired: ${found.path}: ${outcome.why}`,
        braked && this.#toldOfBrake(found),
      );
    return outcome;
  }

  /** What the brake leaves is one word for the server; each file is in events.ndjson. */
  #toldOfBrake({ prescription: { id } }: Found): boolean {
    const told = this.#braked.has(id);
    this.#braked.add(id);
    return told;
  }

  async #once({ path, root, prescription, case: caseId }: Found): Promise<RepairOutcome> {
    const { active, brake, config, judge, maxBytes, paths } = this.#options;
    paths.refuse(path);
    const content = await readRegular(path, maxBytes).catch((error: Error) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (!content) return report(path, "not-infected", "it is gone, or no regular file");
    if (!content.whole) return report(path, "failed", `it is larger than ${maxBytes} bytes`);
    const { bytes, facts } = content;
    const sha256 = sha256Of(bytes);
    const type = identifyFile(bytes, basename(path));
    const found = await judge.judgeOne({ path, bytes, type, sha256 });
    if (typeof found === "string") return report(path, "failed", notApplied(found), sha256);
    const another = active.inPlaceOf(prescription.id, sha256, found);
    if (another) return report(path, "not-infected", `${another}, which replaces it, answers for it`, sha256);
    const sample = active.isSpecimen(prescription.id, sha256);
    if (!sample && !found.includes(prescription.id)) return report(path, "not-infected", null, sha256);
    if (await this.#allowed(path, sha256))
      return report(path, "not-infected", "the owner took it back from quarantine", sha256);
    if (config.policy.repair !== "automatic")
      return report(path, "refused", `policy.repair is ${config.policy.repair}: a person decides`, sha256);

    const subject: Subject = { path, root, type, facts, bytes };
    const cause = { prescription: prescription.id, case: caseId };
    const result = repairWith(prescription.repair, bytes, type, (clean) =>
      identifyFile(clean, basename(path)),
    );
    const attempts: (() => Promise<KeptContent>)[] = [
      async () => ({ ...result, how: "" }),
      async () => {
        // A program that was analysed is no host, whatever lay at its path before.
        if (sample) return { refused: "it is the program that was analysed, not a host", how: "" };
        const known = await rebuildKnown(this.#options.db, path, bytes, sha256);
        return "refused" in known
          ? { refused: `${why}; by its fingerprint: ${known.refused}`, how: "" }
          : { ...known, how: `, by its fingerprint (${known.how})` };
      },
      async (): Promise<KeptContent> => {
        if (sample) return { refused: "it is the program that was analysed, not a host", how: "" };
        const kept = await keptContent(this.#options.db, this.#options.copies, path, sha256);
        return "refused" in kept ? { ...kept, refused: `${why}; ${kept.refused}` } : kept;
      },
      async (): Promise<KeptContent> => {
        if (sample || !(await this.#options.packages.claim(path))) return { refused: why!, how: "" };
        // Not fetched: other files wait meanwhile. By hand it can be.
        const original = await archived(this.#options.packages, path, false);
        if ("refused" in original) return { refused: `${why}; ${original.refused}`, how: "" };
        return { repaired: original.bytes, how: `: it is that ${original.how}` };
      },
    ];
    let why: string | null = null;
    for (const attempt of attempts) {
      const tried = await attempt();
      why = "refused" in tried ? tried.refused : null;
      if (!("repaired" in tried)) continue;
      const clean = await this.#checkRepaired(prescription, path, type, tried.repaired, sha256);
      if (!("refused" in clean)) {
        const braked = clean.known ? null : await brake.holds(prescription);
        if (braked) return report(path, "refused", braked, sha256);
        const outcome = { ...report(path, "repaired", null, sha256), sha256After: clean.sha256 };
        await replaceContent(this.#options, {
          ...cause,
          subject,
          content: tried.repaired,
          unproven: !clean.known,
          ...(!clean.known && { agree: (trx: Database) => brake.holds(prescription, trx) }),
          mtimeNs: clean.mtimeNs,
          ...(tried.identity && { identity: tried.identity, mtimeNs: tried.identity.mtimeNs }),
          how: "repaired",
          why: `infected with ${prescription.family}`,
          also: async (trx) => {
            await recordHandled(trx, prescription.id, outcome);
            await this.#options.timeline.note(
              trx,
              caseId,
              `repaired ${path}: ${prescription.family} is out${tried.how}, the original is in quarantine`,
            );
          },
        });
        return outcome;
      }
      why = clean.refused;
    }
    if (sample) why = "it is the program that was analysed, not a host";
    const braked = sample ? null : await brake.holds(prescription);
    if (braked) return report(path, "refused", braked, sha256);
    const outcome = report(path, "refused", `${HELD}: ${why}`, sha256);
    await holdFile(this.#options, {
      ...cause,
      subject,
      unproven: !sample,
      ...(!sample && { agree: (trx: Database) => brake.holds(prescription, trx) }),
      why: outcome.why!,
      also: async (trx) => {
        await recordHandled(trx, prescription.id, outcome);
        await this.#options.timeline.note(
          trx,
          caseId,
          `quarantined ${path} (${prescription.family}): ${why}`,
        );
      },
    });
    return outcome;
  }

  /** A re-check finds what could not be repaired again and again: it is told once. */
  async #handledBefore(prescription: string, path: string) {
    return this.#options.db
      .selectFrom("handled")
      .select(["result", "why"])
      .where("prescription", "=", prescription)
      .where("path", "=", path)
      .executeTakeFirst();
  }

  async #allowed(path: string, sha256: string): Promise<boolean> {
    const row = await this.#options.db
      .selectFrom("allowed")
      .select("path")
      .where("path", "=", path)
      .where("sha256", "=", sha256)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** The result must be free of the rule, and be what self knows wherever self knows what was there before. */
  async #checkRepaired(
    prescription: Prescription,
    path: string,
    type: FileType,
    repaired: Uint8Array,
    infected: string,
  ): Promise<{ sha256: Sha256; mtimeNs: string | null; known: boolean } | { refused: string }> {
    const { db, judge } = this.#options;
    const after = identifyFile(repaired, basename(path));
    const sha256 = sha256Of(repaired);
    const types = after === type ? [type] : [after, type];
    const found = await judge.judge(types.map((each) => ({ path, bytes: repaired, type: each, sha256 })));
    for (const verdict of found) {
      if (typeof verdict === "string") return { refused: notApplied(verdict) };
      if (verdict.includes(prescription.id)) return { refused: "the rule still finds the repaired content" };
    }
    const known = await knownContents(db, path);
    const same = known.find((content) => content.sha256 === sha256);
    if (same) return { sha256, mtimeNs: same.mtimeNs, known: true };
    // Where the infected content itself was accepted (an old infection), self cannot say what was there before.
    const current = known[0];
    if (current && current.sha256 !== infected)
      return { refused: "the repaired content is not the one that self knows" };
    return { sha256, mtimeNs: null, known: false };
  }
}

const notApplied = (verdict: "unsure" | "aside") =>
  verdict === "unsure"
    ? "the rules could not be applied to it now"
    : "it ended, or held up, the process that applies the rules";

/** Begins the reason of an outcome whose file lies in quarantine. */
export const HELD = "held in quarantine";

function report(
  path: string,
  result: RepairOutcome["result"],
  why: string | null,
  before: Sha256 | null = null,
): RepairOutcome {
  return { path, result, why: why?.slice(0, 1024) ?? null, sha256Before: before, sha256After: null };
}
