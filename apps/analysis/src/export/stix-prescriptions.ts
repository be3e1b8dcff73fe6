/** Prescriptions as a bundle of STIX 2.1: what finds each family, what cures it, and which earlier ones it retires. Pure. */
import type { Prescription } from "@thymus/contracts";
import { clip } from "../report/bounds.ts";
import { repairWords } from "../report/repair-words.ts";
import { count, grouped } from "../report/words.ts";
import { objectId } from "./identifiers.ts";
import { addFile, Observables } from "./observables.ts";
import { ALWAYS, producer, type StixBundle, type StixObject } from "./producer.ts";

/** A prescription, and when it was recalled if it was. */
export interface Prescribed {
  readonly prescription: Prescription;
  readonly recalled?: { readonly at: Date; readonly why: string } | null;
}

/** Longest text of one property, in characters. */
const LONG = 4000;

/**
 * Identifiers are those of the bundles that `thymus immunize` writes: the same rule is the same indicator. An indicator is revoked
 * where its prescription was recalled, or where a later one of the bundle replaces it; a replaced one that is not in the bundle is
 * only named by a relationship, since a revoked object needs all of its properties.
 * @returns the bundle; the same prescriptions give the same bundle
 */
export function prescriptionsToStix(all: readonly Prescribed[]): StixBundle {
  const objects = new Map<string, StixObject>();
  const seen = new Observables();
  const add = (type: string, names: readonly string[], created: string, properties: object): string => {
    const id = objectId(type, ...names);
    const common = { type, spec_version: "2.1", id, created_by_ref: producer.id, created, modified: created };
    objects.set(id, { ...common, ...properties });
    return id;
  };
  const relate = (source: string, kind: string, target: string, at: string, description?: string) =>
    add("relationship", [source, kind, target], at, {
      ...{ relationship_type: kind, source_ref: source, target_ref: target },
      ...(description ? { description } : {}),
    });
  const byFamily = Map.groupBy(all, ({ prescription }) => prescription.family);
  for (const [family, own] of byFamily) {
    const samples = own.flatMap(({ prescription: { proof } }) => samplesOf(proof));
    const aliases = [...new Set(own.flatMap(({ prescription }) => prescription.aliases))];
    add("malware", ["family", family], ALWAYS, {
      modified: latest(own.map(({ prescription }) => prescription.made.at)),
      name: family,
      is_family: true,
      ...(aliases.length > 0 ? { aliases: aliases.sort() } : {}),
      sample_refs: [...new Set(samples.map((sha256) => addFile(seen, "", { sha256 })))].sort(),
    });
  }
  for (const { prescription, recalled } of all) {
    const { id, family, detect, repair } = prescription;
    const at = instant(prescription.made.at);
    const end = endOf(prescription, recalled ?? null, all);
    const reference = { external_references: [{ source_name: "thymus", external_id: id }] };
    const ended = end ? { revoked: true, modified: latest([end, at]) } : {};
    const target = objectId("malware", "family", family);
    const rule = add("indicator", [id], at, {
      name: `Rule of family ${family}`,
      description: `${foundWords(prescription)}${recalled ? clip(` Recalled: ${recalled.why}`, LONG) : ""}`,
      indicator_types: ["malicious-activity"],
      pattern: detect.rule,
      pattern_type: "yara",
      valid_from: at,
      ...reference,
      ...ended,
    });
    relate(rule, "indicates", target, at);
    for (const earlier of prescription.replaces ?? [])
      relate(
        rule,
        "derived-from",
        objectId("indicator", earlier),
        at,
        `Replaces ${earlier}: it was shown to find every specimen of that prescription, which retires.`,
      );
    if (repair.length === 0) continue;
    const action = add("course-of-action", [id], at, {
      name: `Repair of family ${family}`,
      description: clip(repair.flatMap(repairWords).join("\n"), LONG),
      ...reference,
      ...ended,
    });
    relate(action, "remediates", target, at);
  }
  const ids = all.map(({ prescription, recalled }) => `${prescription.id} ${recalled?.at.toISOString()}`);
  return {
    type: "bundle",
    id: objectId("bundle", "prescriptions", ...ids.sort()),
    objects: [producer, ...objects.values(), ...seen.list()],
  };
}

const instant = (time: string) => new Date(time).toISOString();
const latest = (times: readonly string[]) => times.map(instant).reduce((a, b) => (a > b ? a : b));

/** When the prescription ceased to hold, or null. */
function endOf({ id }: Prescription, recalled: Prescribed["recalled"], all: readonly Prescribed[]) {
  const times = all
    .filter(({ prescription, recalled: gone }) => prescription.replaces?.includes(id) && !gone)
    .map(({ prescription }) => prescription.made.at);
  if (recalled) times.push(recalled.at.toISOString());
  return times.length > 0 ? times.sort()[0]! : null;
}

/** Decoys mean nothing outside of their chamber; the first specimen is the sample itself, and all are where it is of programs. */
const samplesOf = ({ samples, programs, members }: Prescription["proof"]) =>
  programs || members ? samples : samples.slice(0, 1);

/** What was shown of the rule. */
export function foundWords({ proof: { decoys, goodware, programs } }: Prescription): string {
  const found = programs
    ? `${grouped(programs.detected)} of ${count(programs.samples, "sample")}`
    : `${grouped(decoys.detected + decoys.freshDetected)} of ${count(decoys.infected + decoys.freshInfected, "infected decoy")}`;
  return `Found ${found} and ${grouped(goodware.matches)} of ${count(goodware.files, "goodware file")}.`;
}
