import { createHash } from "node:crypto";
import { alignGroup } from "./align.ts";
import type { InfectedPair, InfectionAnalysis, InfectionGroup } from "./analysis.ts";
import { equalBytes, view } from "./bytes.ts";
import { diffBytes } from "./diff.ts";
import { type HostState, type MechanismName, readHost } from "./host.ts";
import { type Hunk, hunkKind } from "./hunk.ts";
import { commonSegments } from "./invariant.ts";
import { splitAtRegions } from "./regions.ts";
import { type MissingDecoy, type NewFile, pairRenamed } from "./renamed.ts";
import { findSaved, newMemory, type SearchMemory } from "./saved.ts";
import { afterTypeOf, type Specimen, typeFamily } from "./specimen.ts";

/** A group's mechanism is one name where this part of its pairs agrees. */
const AGREE = 0.8;
const MAX_HOSTS_SEARCHED = 8;

/**
 * Compares every decoy before and after and tells how the sample infects: the exact change of each, grouped by kind of host and
 * shape of change, what is constant over all inserted bodies and what became of the hosts. Unchanged specimens are left out.
 * `missing` and `created` are decoys that are gone and files that are new: renamed (and encoded) decoys are found among them.
 */
export function pairInfections(
  specimens: readonly Specimen[],
  missing: readonly MissingDecoy[] = [],
  created: readonly NewFile[] = [],
): InfectionAnalysis {
  // Small files first: what they teach about a key makes the search in large ones short.
  const changed = specimens
    .filter((specimen) => !equalBytes(specimen.before, specimen.after))
    .sort((a, b) => a.after.length - b.after.length || (a.path < b.path ? -1 : 1));
  const memory = newMemory();
  const buckets = new Map<string, { specimen: Specimen; hunks: Hunk[] }[]>();
  for (const specimen of changed) {
    const hunks = editScript(specimen.before, specimen.after, memory);
    const key = `${typeFamily(specimen.type)} ${shapeOf(hunks)}`;
    buckets.set(key, [...(buckets.get(key) ?? []), { specimen, hunks }]);
  }
  const groups = [...buckets]
    .map(([key, members]) => group(key, members, memory))
    .sort((a, b) => b.pairs.length - a.pairs.length);
  const pairs = groups.flatMap((each) => each.pairs);
  return {
    mechanism: pairs.length === 0 ? null : agreed(pairs.map((pair) => pair.mechanism)),
    targets: [...new Set(changed.map((specimen) => specimen.type))].sort(),
    groups,
    invariantBytes: sharedOnce(groups),
    variants: countVariants(pairs),
    host: worst(pairs.map((pair) => pair.host)),
    renamed: pairRenamed(missing, created),
  };
}

/** The edit script of one pair; where most of the host is gone, the whole host is looked for in encoded form. */
export function editScript(
  before: Uint8Array,
  after: Uint8Array,
  memory: SearchMemory = newMemory(),
): Hunk[] {
  const hunks = splitAtRegions(diffBytes(before, after), before);
  const gone = hunks.reduce((sum, hunk) => sum + (hunk.region ? 0 : hunk.beforeEnd - hunk.beforeStart), 0);
  if (gone > before.length * 0.4 && before.length >= 16) {
    const saved = findSaved(before, after, [{ start: 0, end: after.length }], memory);
    if (saved.length > 0 && saved.every((place) => place.encoding !== "plain")) {
      return [{ beforeStart: 0, beforeEnd: before.length, afterStart: 0, afterEnd: after.length }];
    }
  }
  return hunks;
}

/** Kinds of the changed places in order; repeated table entries count once. */
function shapeOf(hunks: readonly Hunk[]): string {
  const names = hunks.map((hunk) => hunk.region ?? hunkKind(hunk));
  return names.filter((name, i) => name !== names[i - 1] || name === "insert").join("+");
}

function group(
  key: string,
  members: readonly { specimen: Specimen; hunks: Hunk[] }[],
  memory: SearchMemory,
): InfectionGroup {
  const aligned = alignGroup(
    members.map(({ specimen, hunks }) => ({ before: specimen.before, after: specimen.after, hunks })),
  );
  const pairs = members.map(({ specimen }, i): InfectedPair => {
    const hunks = aligned[i]!;
    const reading = readHost(hunks, specimen.before, specimen.after, memory);
    return { specimen, afterType: afterTypeOf(specimen), hunks, ...reading };
  });
  const invariant = commonSegments(pairs.map(bodyBytes)).filter((segment) => !isHost(segment.bytes, pairs));
  const sizes = pairs.map((pair) => pair.bodies.reduce((sum, body) => sum + body.end - body.start, 0));
  const [family, shape] = key.split(" ") as [InfectionGroup["family"], string];
  return {
    family,
    shape,
    mechanism: agreed(pairs.map((pair) => pair.mechanism)),
    pairs,
    invariant,
    invariantBytes: invariant.reduce((sum, segment) => sum + segment.bytes.length, 0),
    variants: countVariants(pairs),
    bodyBytes: { min: Math.min(...sizes), max: Math.max(...sizes) },
  };
}

export function bodyBytes(pair: InfectedPair): Uint8Array[] {
  return pair.bodies.map((body) => pair.specimen.after.subarray(body.start, body.end));
}

/** What hosts hold themselves is nothing that the infection brought. */
function isHost(bytes: Uint8Array, pairs: readonly InfectedPair[]): boolean {
  return pairs.slice(0, MAX_HOSTS_SEARCHED).some((pair) => view(pair.specimen.before).includes(bytes));
}

function agreed(mechanisms: readonly MechanismName[]): MechanismName {
  const counts = new Map<MechanismName, number>();
  for (const each of mechanisms) counts.set(each, (counts.get(each) ?? 0) + 1);
  const [name, count] = [...counts].sort((a, b) => b[1] - a[1])[0]!;
  if (count >= mechanisms.length * AGREE) return name;
  // One place by a rule of the host's content may be the front of one host and the middle of another.
  const places: MechanismName[] = ["prepend", "append", "insert"];
  return counts.has("insert") && mechanisms.every((each) => places.includes(each)) ? "insert" : "mixed";
}

function worst(states: readonly HostState[]): HostState {
  const order: HostState[] = ["lost", "encoded", "moved"];
  return order.find((state) => states.includes(state)) ?? "kept";
}

function countVariants(pairs: readonly InfectedPair[]): number {
  const digests = pairs.map((pair) => {
    const hash = createHash("sha256");
    for (const part of bodyBytes(pair)) hash.update(part);
    return hash.digest("hex");
  });
  return new Set(digests).size;
}

function sharedOnce(groups: readonly InfectionGroup[]): number {
  const seen: Uint8Array[] = [];
  let total = 0;
  for (const each of groups) {
    for (const segment of each.invariant) {
      if (seen.some((known) => view(known).includes(segment.bytes))) continue;
      seen.push(segment.bytes);
      total += segment.bytes.length;
    }
  }
  return total;
}
