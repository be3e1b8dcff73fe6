/** A rule from a harmful program itself, where it left nothing in other files that could be found. */
import { createHash } from "node:crypto";
import { Family, type FileType, type Verdict } from "@thymus/contracts";
import { loadEngine } from "@thymus/detection";
import { deriveFamilyRule } from "../signature/family/index.ts";
import { type DerivedRule, instrumentation, type NoRule, type Self } from "../signature/index.ts";

/** Verdicts that are about the program, not about what it left in others. */
const HARMFUL: ReadonlySet<Verdict> = new Set(["ransomware", "wiper", "dropper", "worm", "thief"]);
/** What is run as it lies on the disk; packages and archives change with every packing. */
const PROGRAMS: ReadonlySet<FileType> = new Set([
  ...(["elf64", "elf32"] as const),
  ...(["shell", "python", "node", "perl", "php"] as const),
]);

export interface Program {
  readonly bytes: Uint8Array;
  readonly type: FileType;
}

/** Whether a rule may be made from the program alone. */
export const curesProgram = (verdict: Verdict, type: FileType): boolean =>
  HARMFUL.has(verdict) && PROGRAMS.has(type);

/**
 * A rule that finds this program, and may find other versions of it. What belongs to an exercise is not looked at. The rule is tried
 * on the program as it is, which is never the same as what an exercise leaves of it.
 */
export async function cureProgram(
  program: Program,
  family: Family,
  self: Self,
): Promise<Pick<DerivedRule, "rule" | "scope" | "seconds"> | NoRule> {
  const bytes = Uint8Array.from(program.bytes);
  for (const { start, end } of instrumentation(bytes)) bytes.fill(0, start, end);
  const derived = await deriveFamilyRule({
    samples: [{ name: "sample", bytes, type: program.type }],
    self,
    family,
  });
  if ("gaveUp" in derived) return derived;
  const rules = (await loadEngine()).compile([{ namespace: "candidate", source: derived.rule }]);
  try {
    if (derived.scope.includes(program.type) && rules.scan(program.bytes).length > 0) return derived;
  } finally {
    rules.close();
  }
  return { gaveUp: { code: "NO_SOUND_RULE", why: "the rule does not find the sample itself" } };
}

/** Named after what it is and does, and told apart by its content. */
export function programFamily({ bytes, type }: Program, verdict: Verdict): Family {
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
  return Family.parse(`${type}.${verdict}.${digest}`);
}
