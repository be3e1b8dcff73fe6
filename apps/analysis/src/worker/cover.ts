/** Whether a rule and its recipes do for an earlier sample all that was done for it before, by the evidence kept of it. */
import { basename } from "node:path";
import type { AnyRepair, Detection } from "@thymus/contracts";
import { type CompiledRules, identifyFile, loadEngine } from "@thymus/detection";
import { holdsSomething, type Specimen } from "../infection/index.ts";
import { RuleScanner } from "../packages/rule.ts";
import { readEvidence, readManifest, readSpecimens } from "../proof/evidence.ts";
import { tally } from "../proof/tally.ts";
import type { EvidenceManifest, MemberEvidence } from "./protocol.ts";

const runs = ["train", "fresh", "second"] as const;

export class Coverage {
  readonly #rules: CompiledRules;
  readonly #scanner: RuleScanner;
  readonly #repair: readonly AnyRepair[];

  private constructor(rules: CompiledRules, scanner: RuleScanner, repair: readonly AnyRepair[]) {
    this.#rules = rules;
    this.#scanner = scanner;
    this.#repair = repair;
  }

  /** @throws ThymusError RULE_INVALID */
  static async of(detect: Detection, repair: readonly AnyRepair[]): Promise<Coverage> {
    const rules = (await loadEngine()).compile([{ namespace: "candidate", source: detect.rule }]);
    return new Coverage(rules, await RuleScanner.open(detect), repair);
  }

  /**
   * Finds every infected decoy of every run (or the program itself) and nothing clean; makes nothing wrong of any, and gives
   * back every one that the recipes of before gave back.
   */
  async covers(member: Pick<MemberEvidence, "folder" | "program" | "repair">): Promise<boolean> {
    const { manifest } = await readManifest(member.folder);
    if (await this.#hitsClean(member.folder, manifest)) return false;
    if (member.program) {
      const bytes = await readEvidence(member.folder, manifest.sample.sha256);
      return this.#scanner.hits(bytes, manifest.sample.type);
    }
    const specimens = await specimensOf(member.folder, manifest);
    return specimens.length > 0 && specimens.every((each) => this.#does(each, member.repair));
  }

  #does({ path, before, after }: Specimen, was: readonly AnyRepair[]): boolean {
    const pair = [{ before, after, type: identifyFile(after, basename(path)) }];
    const now = tally(pair, (bytes, type) => this.#scanner.hits(bytes, type), this.#repair);
    if (now.detected === 0 || now.wrong > 0) return false;
    return now.repaired > 0 || tally(pair, () => false, was).repaired === 0;
  }

  async #hitsClean(folder: string, manifest: EvidenceManifest): Promise<boolean> {
    for (const sha256 of new Set(manifest.entries.map(({ before }) => before))) {
      const clean = await readEvidence(folder, sha256);
      if (this.#rules.scan(clean).length > 0 || this.#scanner.hits(clean)) return true;
    }
    return false;
  }

  close(): void {
    this.#rules.close();
    this.#scanner.close();
  }
}

async function specimensOf(folder: string, manifest: EvidenceManifest): Promise<Specimen[]> {
  const all: Specimen[] = [];
  for (const run of runs) all.push(...(await readSpecimens(folder, manifest, run)).filter(holdsSomething));
  return all;
}
