/** Members of infected packages as specimens: what the analysis of files knows how to compare. */
import { identifyFile } from "@thymus/detection";
import { MANIFEST, memberType } from "@thymus/repair";
import type { Specimen } from "../infection/index.ts";
import { filesOf, type MemberChange, type PackagePair } from "./pair.ts";

const nothing = new Uint8Array(0);

/** `for`: a rule is written for types as a scanner tells them, a member's recipe for types as the interpreter does. */
export function specimenOf(pair: PackagePair, change: MemberChange, use: "rule" | "repair"): Specimen {
  const typeOf = (bytes: Uint8Array) =>
    use === "rule" ? identifyFile(bytes, change.path) : memberType(change.path, bytes);
  const after = change.after ?? nothing;
  const before = change.before ?? nothing;
  return {
    path: `${pair.path}!package/${change.path}`,
    kind: change.before === null ? "npm-added" : "npm-changed",
    type: typeOf(change.before === null ? after : before),
    before,
    after,
    afterType: typeOf(after),
  };
}

const grown = ({ before, after }: MemberChange) => (after?.length ?? 0) - (before?.length ?? 0);
const isManifest = ({ path }: MemberChange) => path === MANIFEST;

/** Members that carry what was brought in, the largest gain first, the manifest last. */
function carriersOf(pair: PackagePair): MemberChange[] {
  return pair.changes
    .filter(({ after }) => after !== null && after.length > 0)
    .sort((a, b) => Number(isManifest(a)) - Number(isManifest(b)) || grown(b) - grown(a));
}

/**
 * Choices of one member a package, by which every infected package could be found: what gained most first, at last the
 * manifests.
 */
export function carrierChoices(pairs: readonly PackagePair[]): Specimen[][] {
  const ordered = pairs.map(carriersOf);
  const ranks = Math.min(...ordered.map((list) => list.length));
  const choices = Array.from({ length: ranks }, (_, rank) =>
    pairs.map((pair, i) => specimenOf(pair, ordered[i]![rank]!, "rule")),
  );
  const manifests = pairs.flatMap((pair, i) =>
    ordered[i]!.filter(isManifest).map((change) => specimenOf(pair, change, "rule")),
  );
  return manifests.length === pairs.length ? [...choices, manifests] : choices;
}

/** Every member of every clean package, as specimens that did not change: what a rule must not rest on. */
export function cleanSpecimens(pairs: readonly PackagePair[]): Specimen[] {
  return pairs.flatMap((pair) =>
    [...filesOf(pair.clean)].map(([path, bytes]) =>
      specimenOf(pair, { path, before: bytes, after: bytes }, "rule"),
    ),
  );
}

/** Changed members other than the manifest, for byte recipes. */
export function changedCode(pairs: readonly PackagePair[]): Specimen[] {
  return pairs.flatMap((pair) =>
    pair.changes
      .filter((change) => change.before !== null && change.after !== null && !isManifest(change))
      .map((change) => specimenOf(pair, change, "repair")),
  );
}
