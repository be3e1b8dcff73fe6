/** All that the runs showed as one document, with every list cut to its limit. */
import type { AnalysisFacts, ChamberInfo, RunFacts, SampleFacts, StoryStep } from "@thymus/contracts";
import type { Understanding } from "../behaviour/understand.ts";
import { diffsOf } from "./excerpts.ts";
import type { Seen } from "./gather.ts";
import type { AnalyseJob } from "./protocol.ts";

const limits = { behaviour: 200, story: 200, processes: 300, files: 1000, network: 300, thefts: 64 };

export function analysisFacts(
  job: Pick<AnalyseJob, "caseId" | "name">,
  sample: SampleFacts,
  chamber: ChamberInfo,
  view: Understanding,
  telling: Seen,
  runs: readonly Seen[],
): AnalysisFacts {
  const { result } = telling.run;
  return {
    version: 1,
    case: job.caseId,
    sample,
    name: job.name.slice(0, 255),
    verdict: view.verdict,
    severity: view.severity,
    why: view.why.slice(0, 4096),
    family: null,
    chamber,
    behaviour: view.behaviour.slice(0, limits.behaviour),
    runs: runs.slice(0, 16).map(runFacts),
    story: view.story.slice(0, limits.story),
    processes: view.processes.slice(0, limits.processes),
    files: view.files.slice(0, limits.files),
    network: view.network.slice(0, limits.network),
    thefts: view.thefts.slice(0, limits.thefts),
    diffs: diffsOf(telling.analysis),
    counts: {
      decoys: result.decoys.length,
      changed: telling.specimens.length,
      missing: telling.touched.filter(({ after }) => after === null).length,
      ...view.counts,
      network: view.counts.network + result.networkLost,
    },
  };
}

export function runFacts({ run, specimens }: Seen): RunFacts {
  const { ended, exitStatus, seconds, trace, traceLost } = run.result;
  return {
    label: run.label.slice(0, 128),
    ...{ ended, exitStatus, seconds, traceLost },
    traceEvents: trace.length,
    changedDecoys: specimens.length,
  };
}

/** Of a sample that was never started. */
export function emptyFacts(
  job: Pick<AnalyseJob, "caseId" | "name">,
  sample: SampleFacts,
  chamber: ChamberInfo,
  why: string,
): AnalysisFacts {
  return {
    ...{
      version: 1,
      case: job.caseId,
      sample,
      name: job.name.slice(0, 255),
      why: why.slice(0, 4096),
      chamber,
    },
    ...{ verdict: "unknown", severity: "low", family: null },
    ...{ behaviour: [], runs: [], story: [], processes: [], files: [], network: [], thefts: [], diffs: [] },
    counts: { decoys: 0, changed: 0, missing: 0, processes: 0, files: 0, network: 0 },
  };
}

/** The story with what infected decoys did in their turn. */
export function withSecond(story: readonly StoryStep[], later: readonly Seen[]): StoryStep[] {
  const infected = later.reduce((sum, { specimens }) => sum + specimens.length, 0);
  if (infected === 0) return [...story];
  const step: StoryStep = {
    t: story.at(-1)?.t ?? 0,
    what: `Programs that it had infected were run and changed ${infected} fresh decoys in turn.`,
    technique: "T1554",
    evidence: later
      .map(({ run, specimens }) => `${run.label}: ${specimens.length} decoys`)
      .join("; ")
      .slice(0, 1024),
    weight: "harmful",
  };
  return [...story.slice(0, limits.story - 1), step];
}
