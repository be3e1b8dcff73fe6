import { asThymusError, type CaseId, type Config, type Logger } from "@thymus/contracts";
import type { ProtectedPaths } from "../files/protected.ts";
import type { Timeline } from "../link/timeline.ts";
import { baselineRow } from "../monitors/baseline.ts";
import { examine } from "../monitors/examine.ts";
import { cleanOf, putPackageFile } from "../repair/from-package.ts";
import type { OperationContext } from "../repair/operation.ts";
import type { Serial } from "../state/serial.ts";
import { foreignRegions } from "../suspicion/difference.ts";
import type { PackageManager } from "./manager.ts";

export interface BringBackOptions extends OperationContext {
  readonly config: Config;
  readonly log: Logger;
  readonly packages: PackageManager;
  readonly paths: ProtectedPaths;
  readonly serial: Serial;
  readonly timeline: Timeline;
}

/** A changed program of a package, as it was suspected. */
export interface Suspected {
  readonly case: CaseId;
  readonly root: string;
  readonly path: string;
  readonly sha256: string;
}

/** Largest part of a program that may be foreign: what differs more is another program, which the owner may have put there. */
const PATCH = 1 / 4;

/**
 * Brings a patched program of a package back at once, where policy.repair says so. No analysis is needed for that: a compiled program
 * that is its package's except for a part that nobody else writes has no other cause. A script may be the owner's edit, and a whole other
 * program the owner's choice: these wait for a verdict or a person.
 */
export class BringBack {
  readonly #options: BringBackOptions;
  #work: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();

  constructor(options: BringBackOptions) {
    this.#options = options;
  }

  /** Beside all other work: following the signatures takes seconds. */
  consider(suspected: Suspected): void {
    this.#work = this.#work
      .then(() => (this.#stop.signal.aborted ? undefined : this.#one(suspected)))
      .catch((error: Error) =>
        this.#options.log.warn("a program cannot be brought back", {
          path: suspected.path,
          why: error.message,
        }),
      );
  }

  /** After a start: what an open case is about and was not brought back yet. */
  async resume(): Promise<void> {
    const rows = await this.#options.db
      .selectFrom("case_member")
      .innerJoin("suspect_case", "suspect_case.id", "case_member.case_id")
      .select(["case_member.case_id", "case_member.path", "case_member.sha256", "suspect_case.root"])
      .where("suspect_case.step", "!=", "closed")
      .where("case_member.decoy", "=", 0)
      .where("case_member.appeared", "=", 0)
      .execute();
    for (const { case_id, path, sha256, root } of rows)
      this.consider({ case: case_id as CaseId, root, path, sha256 });
  }

  async #one({ case: id, root, path, sha256 }: Suspected): Promise<void> {
    const { config, db, maxBytes, packages, paths, serial, timeline } = this.#options;
    const claim = await packages.claim(path);
    if (claim?.kind !== "file" || claim.underway) return;
    const now = await examine(path, maxBytes);
    if (now?.content?.sha256 !== sha256 || !now.content.whole) return;
    const { bytes } = now.content;
    const allowed = await db
      .selectFrom("allowed")
      .select("path")
      .where("path", "=", path)
      .where("sha256", "=", sha256)
      .executeTakeFirst();
    if (allowed) return;
    const by = `\`thymus repair ${path} --package\``;
    const note = (why: string) =>
      timeline.note(db, id, `not brought back by itself: ${path}: ${why}; ${by} does`);
    if (config.policy.repair === "observe") return;
    if (paths.covers(path))
      return timeline.note(
        db,
        id,
        `not brought back: ${path} is a protected path: install its package again`,
      );
    if (config.policy.repair === "propose") return note("policy.repair is propose");
    if (now.type !== "elf64" && now.type !== "elf32")
      return note("it is a script, which its owner may have edited");
    const signature = (await baselineRow(db, path))?.signature;
    const foreign = signature
      ? foreignRegions(signature, bytes).reduce((sum, region) => sum + region.length, 0)
      : bytes.length;
    if (foreign > bytes.length * PATCH) return note("it is another program as a whole");
    const clean = await cleanOf(db, packages, path, bytes, config.agent.fetchPackages, this.#stop.signal);
    if ("refused" in clean) return note(clean.refused);
    await serial.run(() =>
      putPackageFile(this.#options, {
        ...{ path, root, clean, expected: now.content!.sha256, case: id },
        why: `part of package ${claim.package} ${claim.version}, and changed by another than the package manager`,
        also: (trx) =>
          timeline.note(trx, id, `brought back ${path} ${clean.how}; what lay there is in quarantine`),
      }).catch((thrown) => note(asThymusError(thrown).message)),
    );
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }
}
