import { createHash } from "node:crypto";
import { type FileType, MAX_RULE_BYTES } from "@thymus/contracts";
import type { NoRule } from "../derive.ts";
import { type Cell, codeCells, textCells } from "./cells.ts";
import { Knowledge } from "./knowledge.ts";
import { buildPart, openedFeatures } from "./packed.ts";
import { fulfils } from "./parts.ts";
import { familyRuleText, type RulePart } from "./rule-text.ts";
import {
  type DerivedFamily,
  type DeriveFamilyOptions,
  type FamilySample,
  type Member,
  noRule,
} from "./types.ts"; /** Packed builds that a rule knows by their bytes, besides what is inside. */

const MAX_BUILDS = 10;

/**
 * A rule that finds the samples, other versions and builds of them, and nothing of self; or why there is none. Samples of another
 * family are left out and named.
 */
export async function deriveFamilyRule(options: DeriveFamilyOptions): Promise<DerivedFamily | NoRule> {
  const started = performance.now();
  const members = membersOf(options.samples);
  if (members.length === 0) return noRule("NO_CONSTANT_PART", "the samples are empty");
  const knowledge = new Knowledge(options.self);
  const plain = members.filter(({ packing }) => packing !== "closed");
  if (plain.length === 0) return packedRule(options, members, knowledge, started);
  const { signal } = options;
  const byText = await textCells(plain, members.length, knowledge, signal);
  if (!("gaveUp" in byText)) return finish(options, byText, knowledge, started);
  const byCode = await codeCells(plain, members.length, knowledge, signal);
  return byCode.length > 0 ? finish(options, byCode, knowledge, started) : byText;
}

/** Each content once, empty files left out. */
function membersOf(samples: readonly FamilySample[]): Member[] {
  const byContent = new Map<string, { indices: number[]; sample: FamilySample }>();
  for (const [i, sample] of samples.entries()) {
    if (sample.bytes.length === 0) continue;
    const digest = createHash("sha256").update(sample.bytes).digest("hex");
    const known = byContent.get(digest);
    if (known === undefined) byContent.set(digest, { indices: [i], sample });
    else known.indices.push(i);
  }
  return [...byContent.values()].map((each) => ({ ...each, ...openedFeatures(each.sample) }));
}

function finish(
  { samples, family }: DeriveFamilyOptions,
  cells: readonly Cell[],
  knowledge: Knowledge,
  started: number,
): DerivedFamily | NoRule {
  const fulfilling = cells.flatMap(({ group, parts }) =>
    group.members.filter((each) => fulfils(parts, each)),
  );
  const builds = new Map<Member, RulePart>();
  for (const each of fulfilling.filter(({ packing }) => packing === "opened").slice(0, MAX_BUILDS)) {
    const part = buildPart(each, knowledge);
    if (part !== null) builds.set(each, part);
  }
  const members = fulfilling.filter((each) => each.packing === "none" || builds.has(each));
  if (members.length === 0)
    return noRule("NO_SOUND_RULE", "the samples are packed too small to be known again");
  const types = scopeOf(members);
  const elfOnly = types.every(isElfType);
  const rule = familyRuleText(
    family,
    [
      ...cells.map(({ parts }) =>
        parts.map(({ chosen, needed }) => ({ hexes: chosen.map(({ hex }) => hex), needed })),
      ),
      ...[...builds.values()].map((part) => [part]),
    ],
    elfOnly,
  );
  if (Buffer.byteLength(rule) > MAX_RULE_BYTES)
    return noRule("NO_SOUND_RULE", `the rule would exceed ${MAX_RULE_BYTES} bytes`);
  const flat = cells.flatMap(({ parts }) => parts.flatMap(({ chosen }) => chosen));
  const indices = members.flatMap((each) => each.indices).sort((a, b) => a - b);
  return {
    rule,
    scope: elfOnly ? ["elf32", "elf64"] : types,
    strings: flat
      .filter(({ hex }) => !hex.includes("?"))
      .map(({ hex }) => new Uint8Array(Buffer.from(hex, "hex"))),
    logProbability: flat.map(({ logProbability }) => logProbability),
    candidates: { considered: knowledge.considered, vetoed: knowledge.vetoed },
    scanned: knowledge.scanned,
    seconds: (performance.now() - started) / 1000,
    members: indices,
    outliers: samples.map((_, i) => i).filter((i) => !indices.includes(i)),
    reach: "variants",
  };
}

/** Programs of one processor have relatives for others. */
function scopeOf(members: readonly Member[]): FileType[] {
  return [...new Set(members.map(({ sample }) => sample.type))].sort();
}

function isElfType(type: FileType): boolean {
  return type === "elf32" || type === "elf64";
}

/** Packed programs that nobody can look into have nothing in common but the packer: one build alone can still be known again. */
function packedRule(
  { samples, family }: DeriveFamilyOptions,
  packed: readonly Member[],
  knowledge: Knowledge,
  started: number,
): DerivedFamily | NoRule {
  const cell: RulePart | null = packed.length === 1 ? buildPart(packed[0]!, knowledge) : null;
  if (cell === null) {
    return noRule(
      "NO_SOUND_RULE",
      `${packed.length} packed samples: all that they can have in common is the packer's, which good programs hold too`,
    );
  }
  const indices = [...packed[0]!.indices];
  return {
    rule: familyRuleText(family, [[cell]], true),
    scope: scopeOf(packed),
    strings: cell.hexes.map((hex) => new Uint8Array(Buffer.from(hex, "hex"))),
    logProbability: cell.hexes.map((hex) =>
      knowledge.logProbability(Buffer.from(hex, "hex").toString("latin1")),
    ),
    candidates: { considered: cell.hexes.length, vetoed: 0 },
    scanned: { files: 0, bytes: 0 },
    seconds: (performance.now() - started) / 1000,
    members: indices,
    outliers: samples.map((_, i) => i).filter((i) => !indices.includes(i)),
    reach: "builds",
  };
}
