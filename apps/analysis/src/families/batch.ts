/**
 * Several samples given at once: which case each of them is, written down before its analysis begins, so that the same command
 * goes on where it was interrupted.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CaseId, ImmunizeReport, newId, Prescription, parseJsonDocument } from "@thymus/contracts";
import { writeFileAtomic } from "@thymus/store";
import { z } from "zod";

const Cases = z.strictObject({ version: z.literal(1), cases: z.array(CaseId).max(100_000) });

export interface FinishedCase {
  readonly report: ImmunizeReport;
  readonly prescription: Prescription | null;
  readonly folder: string;
}

export class Batch {
  readonly #file: string;
  readonly #out: string;
  readonly #cases: CaseId[];

  private constructor(file: string, out: string, cases: CaseId[]) {
    this.#file = file;
    this.#out = out;
    this.#cases = cases;
  }

  /** The batch of these paths into this folder, as it was left. */
  static async open(dir: string, samples: readonly string[], out: string): Promise<Batch> {
    const key = JSON.stringify([resolve(out), ...samples.map((sample) => resolve(sample))]);
    const file = join(dir, `batch-${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json`);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const begun = existsSync(file) ? parseJsonDocument(Cases, await readFile(file, "utf8"), file).cases : [];
    return new Batch(file, resolve(out), [...begun]);
  }

  /** The case of the sample in this place of the list; the same after an interruption. */
  async caseOf(place: number): Promise<CaseId> {
    while (this.#cases.length <= place) this.#cases.push(newId("case"));
    await writeFileAtomic(this.#file, `${JSON.stringify({ version: 1, cases: this.#cases })}\n`);
    return this.#cases[place]!;
  }

  /** What was finished before the interruption, or null. */
  async finished(place: number): Promise<FinishedCase | null> {
    const id = this.#cases[place];
    if (id === undefined) return null;
    const folder = join(this.#out, id);
    const file = join(folder, "report.json");
    if (!existsSync(file)) return null;
    const report = parseJsonDocument(ImmunizeReport, await readFile(file, "utf8"), file);
    const made = join(folder, "prescription.json");
    const prescription = report.prescription
      ? parseJsonDocument(Prescription, await readFile(made, "utf8"), made)
      : null;
    return { report, prescription, folder };
  }

  /** All of it is done: the same command begins anew. */
  async end(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}
