/** The single entry: from what one run shows to a verdict and everything that a person or the next stage needs. Pure. */
import type {
  Behaviour,
  NetworkRecord,
  ProcessFacts,
  StoryStep,
  Theft,
  TouchedFile,
} from "@thymus/contracts";
import { type Facts, factsOf } from "./facts.ts";
import { tellFiles } from "./tell/files.ts";
import { tellNetwork } from "./tell/network.ts";
import { tellProcesses } from "./tell/processes.ts";
import { tellStory } from "./tell/story.ts";
import { describeBehaviour, type Judgement, judge } from "./verdict.ts";
import { type RunInput, viewRun } from "./view.ts";

export interface Understanding extends Judgement {
  readonly behaviour: Behaviour[];
  readonly story: StoryStep[];
  readonly processes: ProcessFacts[];
  readonly files: TouchedFile[];
  readonly network: NetworkRecord[];
  readonly thefts: Theft[];
  readonly facts: Facts;
  /** Before the lists above were cut to their limits. */
  readonly counts: { readonly processes: number; readonly files: number; readonly network: number };
}

export function understand(input: RunInput): Understanding {
  const view = viewRun(input);
  const facts = factsOf(view);
  const judgement = judge(facts);
  const { files, count } = tellFiles(view);
  const { network, count: exchanges } = tellNetwork(view);
  return {
    ...judgement,
    behaviour: describeBehaviour(facts, judgement.verdict),
    story: tellStory(view, facts),
    processes: tellProcesses(view),
    files,
    network,
    thefts: input.thefts.slice(0, 64),
    facts,
    counts: { processes: view.processes.size, files: count, network: exchanges },
  };
}
