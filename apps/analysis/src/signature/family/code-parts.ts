import type { FamilyCandidate } from "./candidates.ts";
import { enoughHolders } from "./candidates.ts";
import { chooseSpread, neededOf } from "./choose.ts";
import type { Group } from "./grouping.ts";
import type { Knowledge } from "./knowledge.ts";
import type { Part } from "./parts.ts";
import type { Member } from "./types.ts";

const WANTED = 10;
const LEAST = 6;
/** Patterns that one scan of self judges. */
const MAX_SCANNED = 128;
/** As improbable as the statistics of goodware say of the fixed bytes of a pattern, at least. */
const IMPROBABLE = -30;

/** What makes a program's code its own and not a runtime's cannot be told in these. */
const CARRIES_RUNTIME =
  /\/rustc\/|RUST_BACKTRACE|go\.buildinfo|runtime\.goexit|Go build ID|_MEIPASS|fatal\.nim|\.d\.elf/;

/**
 * Whether a program may be known by its code: linked with its libraries at run time, and without a runtime of its language inside, for
 * the code of either is in many programs, and no self holds all of them.
 */
export function hasOwnCode({ features }: Member): boolean {
  const { structure } = features;
  if (structure === null || structure.isStatic) return false;
  for (const text of features.strings.keys()) if (CARRIES_RUNTIME.test(text)) return false;
  return features.code.size >= LEAST;
}

export function codeOf(member: Member): Set<string> {
  return new Set(member.features.code.keys());
}

/**
 * Code that all or nearly all members share, its addresses masked, none of it in self: for programs that hide their texts. Needs two
 * members at least. Null where there is too little.
 */
export async function codePart(
  { members }: Group,
  knowledge: Knowledge,
  signal: AbortSignal | undefined,
): Promise<Part | null> {
  if (members.length < 2) return null;
  const holders = new Map<string, Set<Member>>();
  for (const member of members) {
    for (const pattern of member.features.code.keys()) {
      const known = holders.get(pattern);
      if (known === undefined) holders.set(pattern, new Set([member]));
      else known.add(member);
    }
  }
  const places = members[0]!.features.code;
  const candidates: FamilyCandidate[] = [...holders]
    .filter(([, found]) => found.size >= enoughHolders(members.length))
    .map(([hex, found]) => {
      const logProbability = ofFixedBytes(hex, knowledge);
      const at = places.get(hex) ?? 0;
      return { hex, isOwn: true, at, logProbability, worth: -logProbability, holders: found };
    })
    .filter(({ logProbability }) => logProbability <= IMPROBABLE)
    .filter(({ hex, holders: found }) => !isLibraryCode(hex, found, knowledge));
  const pool = chooseSpread(candidates, MAX_SCANNED);
  if (pool.length < LEAST) return null;
  const standing = await knowledge.standing(
    pool.map(({ hex }) => hex),
    signal,
  );
  const proved = pool.filter(({ hex }) => standing.has(hex));
  const chosen = chooseSpread(proved, WANTED);
  if (chosen.length < LEAST) return null;
  return { chosen, needed: neededOf(chosen, proved, members) };
}

/** Told where it stands in a member: what is around it tells more. */
function isLibraryCode(hex: string, holders: ReadonlySet<Member>, knowledge: Knowledge): boolean {
  const plain = [...holders].find(({ packing }) => packing === "none");
  const at = plain?.features.code.get(hex);
  return at !== undefined && knowledge.isShared(plain!.sample.bytes, at);
}

function ofFixedBytes(hex: string, knowledge: Knowledge): number {
  return hex
    .split(/(?:\?\?)+/)
    .filter((run) => run !== "")
    .reduce((sum, run) => sum + knowledge.logProbability(Buffer.from(run, "hex").toString("latin1")), 0);
}
