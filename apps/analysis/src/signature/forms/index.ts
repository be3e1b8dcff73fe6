import type { InfectedPair } from "../../infection/analysis.ts";
import { type Clause, fittingClauses } from "../clause.ts";
import { scriptForm } from "../script/index.ts";
import type { Scanning, Self } from "../self.ts";
import { firstStanding, type Veto } from "../veto.ts";
import { base64Form } from "./base64.ts";
import { codeForm } from "./code.ts";
import { differencesForm } from "./differences.ts";
import { type Form, formInput } from "./form.ts";
import { nocaseForm } from "./nocase.ts";
import { wildcardForm } from "./wildcards.ts";
import { xorForm } from "./xor.ts";

/** Plain ones first: what is cheap to scan and easy to read. */
const forms: readonly Form[] = [
  nocaseForm,
  base64Form,
  xorForm,
  scriptForm,
  codeForm,
  wildcardForm,
  differencesForm,
];

/** With fewer files nothing tells what varies from what happens to be equal. */
const MIN_PAIRS = 4;
const FOLDS = 3;
/** Files that one check by the engine looks at, at most; the whole rule is checked on all of them in the end. */
const MAX_CLEAN = 64;

export interface FormResult extends Veto {
  /** Forms that fitted the files at hand but did not hold for those kept back. */
  readonly unsteady: readonly string[];
}

/**
 * A clause by which all of these files are found although no run of bytes is constant, or none: it fits every one of them and no
 * clean file, holds for files that were kept back while it was made, and fits nothing in self.
 */
export async function findForm(
  pairs: readonly InfectedPair[],
  clean: readonly Uint8Array[],
  self: Self,
  scanning: Scanning,
): Promise<FormResult> {
  const unsteady: string[] = [];
  let [considered, vetoed] = [0, 0];
  let scanned = { files: 0, bytes: 0 };
  if (pairs.length < MIN_PAIRS) return { standing: null, considered, vetoed, scanned, unsteady };
  const infected = pairs.map(({ specimen }) => specimen.after);
  for (const form of forms) {
    scanning.signal?.throwIfAborted();
    const proposed = form.propose(formInput(pairs, self));
    const fitting = await fittingClauses(proposed, infected, clean.slice(0, MAX_CLEAN));
    if (fitting.length === 0) continue;
    if (!(await holds(form, pairs, clean.slice(0, MAX_CLEAN), self))) {
      unsteady.push(form.name);
      continue;
    }
    const veto = await firstStanding(fitting, self, scanning);
    considered += veto.considered;
    vetoed += veto.vetoed;
    if (veto.scanned.files > 0) scanned = veto.scanned;
    if (veto.standing !== null) return { standing: veto.standing, considered, vetoed, scanned, unsteady };
  }
  return { standing: null, considered, vetoed, scanned, unsteady };
}

/** Cross-validation: made from a part of the files, the same form must find the others. */
async function holds(
  form: Form,
  pairs: readonly InfectedPair[],
  clean: readonly Uint8Array[],
  self: Self,
): Promise<boolean> {
  const folds = Math.min(FOLDS, pairs.length);
  for (let fold = 0; fold < folds; fold++) {
    const learned = pairs.filter((_, i) => i % folds !== fold);
    const kept = pairs.filter((_, i) => i % folds === fold);
    const proposed: Clause[] = form.propose(formInput(learned, self));
    const after = (list: readonly InfectedPair[]) => list.map(({ specimen }) => specimen.after);
    const [first] = await fittingClauses(proposed, after(learned), clean);
    if (first === undefined) return false;
    if ((await fittingClauses([first], after(kept), [])).length === 0) return false;
  }
  return true;
}
