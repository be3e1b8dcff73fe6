/**
 * The documents as JSON Schema (draft 2020-12), for programs in other languages. Kept out of the package's index: no part
 * of ours needs it while it runs. `scripts/generate.mjs` writes the files of `schemas/`; a test holds them in step.
 */
import { z } from "zod";
import * as contracts from "./index.ts";

/** Every document and message that another program may write or read, by its name. */
export const documents = {
  AnalysisFacts: contracts.AnalysisFacts,
  Case: contracts.Case,
  CaseList: contracts.CaseList,
  ChamberInfo: contracts.ChamberInfo,
  Config: contracts.Config,
  CorpusFile: contracts.CorpusFile,
  CorpusManifest: contracts.CorpusManifest,
  Decision: contracts.Decision,
  Decoy: contracts.Decoy,
  DrillReport: contracts.DrillReport,
  ErrorDocument: contracts.ErrorDocument,
  EvidenceSnapshot: contracts.EvidenceSnapshot,
  Experiment: contracts.Experiment,
  Finding: contracts.Finding,
  ImmunizeReport: contracts.ImmunizeReport,
  JoinToken: contracts.JoinToken,
  Licence: contracts.Licence,
  LinkEnvelope: contracts.LinkEnvelope,
  LinkReply: contracts.LinkReply,
  MachineList: contracts.MachineList,
  Overview: contracts.Overview,
  Policy: contracts.Policy,
  PortableSelf: contracts.PortableSelf,
  Prescription: contracts.Prescription,
  PrescriptionDetail: contracts.PrescriptionDetail,
  PrescriptionList: contracts.PrescriptionList,
  QuarantineEntry: contracts.QuarantineEntry,
  Recall: contracts.Recall,
  Remedy: contracts.Remedy,
  RepairOutcome: contracts.RepairOutcome,
  Ring: contracts.Ring,
  RuleEvaluation: contracts.RuleEvaluation,
  SampleUpload: contracts.SampleUpload,
  ScanSummary: contracts.ScanSummary,
  TokenReply: contracts.TokenReply,
  TokenRequest: contracts.TokenRequest,
  TraceEvent: contracts.TraceEvent,
} as const satisfies Record<string, z.ZodType>;

export type DocumentName = keyof typeof documents;

/** The names under which parts that several documents share appear in `$defs`. */
const names = z.registry<{ id: string }>();
for (const [id, exported] of Object.entries(contracts))
  if (exported instanceof z.ZodType && !names.has(exported)) names.add(exported, { id });

/** The schema of one document as it is written (defaults may be left out). Stands alone: no reference leaves it. */
export function jsonSchemaOf(name: DocumentName): Record<string, unknown> {
  const schema = z.toJSONSchema(documents[name], {
    target: "draft-2020-12",
    io: "input",
    metadata: names,
    override: ({ zodSchema, jsonSchema }) => {
      const { description } = z.globalRegistry.get(zodSchema) ?? {};
      if (description) jsonSchema.description = description;
      // `starts_with` is a word of zod's; the pattern beside it says the same in the standard's.
      if (jsonSchema.format === "starts_with") delete jsonSchema.format;
      delete jsonSchema.id;
    },
  });
  return { ...schema, title: name };
}

/** File name and text of every schema, in the order of the names. */
export function jsonSchemaFiles(): { file: string; text: string }[] {
  const sorted = Object.keys(documents).sort() as DocumentName[];
  return sorted.map((name) => ({
    file: `${name}.schema.json`,
    text: `${JSON.stringify(jsonSchemaOf(name), null, 2)}\n`,
  }));
}
