/** Facts of an analysis that tells only what `AnalyseResult` holds. Goes when the analysis hands over facts of its own. */
import { AnalysisFacts, type ImmunizeReport, parseDocument } from "@thymus/contracts";
import type { AnalyseResult } from "../worker/protocol.ts";

export const factsOfAnalysed = (
  report: ImmunizeReport,
  analysed: AnalyseResult,
  name: string,
): AnalysisFacts =>
  parseDocument(
    AnalysisFacts,
    {
      version: 1,
      case: report.case,
      sample: analysed.sample,
      name: name.slice(0, 255),
      verdict: analysed.verdict,
      severity: analysed.severity,
      why: analysed.why.slice(0, 4096),
      family: analysed.family,
      chamber: analysed.chamber,
      behaviour: analysed.behaviour.slice(0, 200),
      runs: [],
      story: [],
      processes: [],
      files: analysed.dropped.map(({ path, size, type }) => ({
        path: path.slice(0, 4096),
        what: "created",
        decoy: false,
        type,
        size,
        sha256: null,
      })),
      network: [],
      thefts: [],
      diffs: analysed.excerpts.map(({ path, type, hunks }) => ({
        path: path.slice(0, 4096),
        type,
        hunks: hunks.map((hunk) => ({ ...hunk, before: "", after: "" })),
      })),
      counts: {
        decoys: analysed.counts.decoys,
        changed: analysed.counts.changed,
        missing: analysed.counts.missing,
        processes: 0,
        files: analysed.dropped.length,
        network: 0,
      },
    },
    "the facts of the analysis",
  );
