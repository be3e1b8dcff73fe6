/** `stix.json`: the facts of one case as a bundle of STIX 2.1, for whoever feeds a threat intelligence platform. Pure. */
import {
  type AnalysisFacts,
  type ImmunizeReport,
  type Prescription,
  THYMUS_VERSION,
} from "@thymus/contracts";
import { techniqueName, techniqueUrl } from "../report/attack.ts";
import { clip } from "../report/bounds.ts";
import { credentialWord } from "../report/credentials.ts";
import { repairWords } from "../report/repair-words.ts";
import { sentence, verdictWords } from "../report/words.ts";
import { objectId } from "./identifiers.ts";
import { markingOf, type TrafficLight } from "./markings.ts";
import { addFile, addNetwork, addProcesses, Observables } from "./observables.ts";
import { ALWAYS, producer, type StixBundle, type StixObject } from "./producer.ts";
import { foundWords } from "./stix-prescriptions.ts";
import { capabilitiesOf, languages, malwareTypes, resultOf } from "./vocabulary.ts";

export interface StixOptions {
  /** When the analysis ended; without it the time at which the prescription was made, else now. */
  readonly at?: Date;
  /** Marks every object of the case; without it none is marked. */
  readonly tlp?: TrafficLight;
}

/** Most new files that are told; what matters of a thousand is that they were a thousand. */
const MOST_FILES = 300;
/** Longest text of one property, in characters. */
const LONG = 4000;

/** @returns the bundle; the same case with the same `at` gives the same bundle */
export function toStix(
  facts: AnalysisFacts,
  report: ImmunizeReport,
  prescription: Prescription | null,
  options: StixOptions = {},
): StixBundle {
  const at = options.at ?? (prescription ? new Date(prescription.made.at) : new Date());
  const marking = options.tlp ? markingOf(options.tlp) : null;
  const objects: StixObject[] = [];
  const add = (
    type: string,
    names: readonly string[],
    properties: object,
    time = at.toISOString(),
  ): string => {
    const id = objectId(type, ...names);
    objects.push({
      type,
      spec_version: "2.1",
      id,
      created_by_ref: producer.id,
      created: time,
      modified: time,
      ...(marking ? { object_marking_refs: [marking.id] } : {}),
      ...properties,
    });
    return id;
  };
  const relate = (source: string, kind: string, target: string, description?: string): void => {
    add("relationship", [source, kind, target], {
      relationship_type: kind,
      source_ref: source,
      target_ref: target,
      ...(description ? { description: clip(description, LONG) } : {}),
    });
  };

  const seen = new Observables();
  const sample = addFile(seen, facts.name, facts.sample);
  addProcesses(seen, facts);
  const contacted = addNetwork(seen, facts);
  const dropped = facts.files
    .filter((file) => !file.decoy && file.what !== "deleted" && file.sha256)
    .slice(0, MOST_FILES)
    .map((file) => addFile(seen, file.path, file));
  const started = new Date(at.getTime() - report.seconds.total * 1000).toISOString();

  const observed = add("observed-data", [facts.case], {
    first_observed: started,
    last_observed: at.toISOString(),
    number_observed: 1,
    object_refs: seen.list().map(({ id }) => id),
  });
  const analysis = add("malware-analysis", [facts.case], {
    product: "thymus",
    version: THYMUS_VERSION,
    configuration_version: facts.chamber.image,
    modules: [facts.chamber.kind],
    analysis_started: started,
    analysis_ended: at.toISOString(),
    result: resultOf(facts.verdict),
    result_name: facts.family ?? facts.verdict,
    sample_ref: sample,
    analysis_sco_refs: seen.list().map(({ id }) => id),
  });
  const kind = malwareTypes[facts.verdict];
  const malware = kind ? addMalware(kind) : null;
  const subject = malware ?? analysis;
  if (malware) relate(analysis, "dynamic-analysis-of", malware);

  for (const [technique, shown] of Map.groupBy(facts.behaviour, (each) => each.technique)) {
    const pattern = add(
      "attack-pattern",
      [technique],
      {
        name: techniqueName(technique) ?? technique,
        external_references: [
          { source_name: "mitre-attack", external_id: technique, url: techniqueUrl(technique) },
        ],
      },
      ALWAYS,
    );
    const description = shown.map(({ what, evidence }) => `${what}: ${evidence}`).join("\n");
    relate(subject, malware ? "uses" : "related-to", pattern, description);
  }
  if (malware) {
    for (const id of contacted) relate(malware, "communicates-with", id);
    for (const id of new Set(dropped)) relate(malware, "drops", id);
    const hash = add("indicator", [facts.sample.sha256], {
      name: `The sample of ${facts.case}`,
      indicator_types: ["malicious-activity"],
      pattern: `[file:hashes.'SHA-256' = '${facts.sample.sha256}']`,
      pattern_type: "stix",
      valid_from: at.toISOString(),
    });
    relate(hash, "indicates", malware);
    relate(hash, "based-on", observed);
    if (prescription) addCure(malware, prescription);
  }
  add("report", [facts.case], {
    name: `${verdictWords[facts.verdict]} (${facts.case})`,
    description: clip(storyOf(facts), 40_000),
    report_types: ["malware"],
    published: at.toISOString(),
    object_refs: [...objects, ...seen.list()].map(({ id }) => id),
  });
  return {
    type: "bundle",
    id: objectId("bundle", facts.case, at.toISOString(), options.tlp ?? ""),
    objects: [producer, ...(marking ? [marking] : []), ...objects, ...seen.list()],
  };

  function addMalware(type: string): string {
    const capabilities = capabilitiesOf(facts);
    const language = languages[facts.sample.type];
    return add("malware", [facts.case], {
      name: facts.family ?? `${facts.verdict} ${facts.sample.sha256.slice(0, 12)}`,
      description: clip(`${verdictWords[facts.verdict]}. ${sentence(facts.why)}`, LONG),
      malware_types: [type],
      is_family: false,
      sample_refs: [sample],
      ...(capabilities.length > 0 ? { capabilities } : {}),
      ...(language ? { implementation_languages: [language] } : {}),
    });
  }

  function addCure(target: string, cure: Prescription): void {
    const { id, family, detect, repair, made } = cure;
    const reference = { external_references: [{ source_name: "thymus", external_id: id }] };
    const rule = add("indicator", [id], {
      name: `Rule of family ${family}`,
      description: foundWords(cure),
      indicator_types: ["malicious-activity"],
      pattern: detect.rule,
      pattern_type: "yara",
      valid_from: made.at,
      ...reference,
    });
    relate(rule, "indicates", target);
    relate(rule, "based-on", observed);
    if (repair.length === 0) return;
    const action = add("course-of-action", [id], {
      name: `Repair of family ${family}`,
      description: clip(repair.flatMap(repairWords).join("\n"), LONG),
      ...reference,
    });
    relate(action, "remediates", target);
  }
}

function storyOf({ why, story, thefts }: AnalysisFacts): string {
  return [
    sentence(why),
    ...story.map(({ t, what, evidence, weight }) =>
      `${t.toFixed(2)} s${weight === "note" ? "" : ` (${weight})`}: ${sentence(what)} ${evidence}`.trimEnd(),
    ),
    ...thefts.map(
      ({ credential, path, how, evidence }) => `${credentialWord(credential)} (${path}), ${how}: ${evidence}`,
    ),
  ].join("\n");
}
