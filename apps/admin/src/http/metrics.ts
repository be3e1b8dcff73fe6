import { CaseStage, THYMUS_VERSION } from "@thymus/contracts";
import { listMachines } from "../enrolment/machines.ts";
import type { State } from "../state/state.ts";
import { overview } from "./overview.ts";

/** Counters of this process. Labels come from closed sets only: routes and message types, never what somebody sent. */
export class Meters {
  readonly #counts = new Map<string, number>();

  count(name: string, labels: Readonly<Record<string, string>>): void {
    const text = Object.entries(labels)
      .map(([key, value]) => `${key}="${value.replace(/[\\"\n]/g, "_")}"`)
      .join(",");
    const series = `${name}{${text}}`;
    this.#counts.set(series, (this.#counts.get(series) ?? 0) + 1);
  }

  lines(name: string): string[] {
    return [...this.#counts]
      .filter(([series]) => series.startsWith(`${name}{`))
      .map(([series, value]) => `${series} ${value}`);
  }
}

/** The text of GET /metrics (Prometheus exposition format 0.0.4). */
export async function metricsText(state: State, meters: Meters): Promise<string> {
  const now = await overview(state);
  const { machines } = await listMachines(state.db, state.now());
  const lost = machines.reduce((sum, machine) => sum + machine.lostEvents, 0);
  const agents = machines.filter((machine) => machine.role === "agent");
  const gaps = agents.reduce((sum, { coverage }) => sum + (coverage?.gaps ?? 0), 0);
  const watchedBy = (source: string) => agents.filter(({ coverage }) => coverage?.source === source).length;
  const count = (kind: string) => agents.filter((machine) => machine.state === kind).length;
  const blocks = [
    gauge("thymus_build_info", "The running version.", [`{version="${THYMUS_VERSION}"} 1`]),
    gauge(
      "thymus_cases",
      "Cases by stage.",
      CaseStage.options.map((stage) => `{stage="${stage}"} ${now.stages[stage]}`),
    ),
    gauge(
      "thymus_agents",
      "Agents by how they are.",
      ["well", "blind", "silent"].map((kind) => `{state="${kind}"} ${count(kind)}`),
    ),
    gauge("thymus_analysis_centres", "Enrolled analysis centres.", [` ${now.machines.analysis}`]),
    gauge("thymus_lost_events", "Events that agents say they lost.", [` ${lost}`]),
    gauge("thymus_watch_gaps", "Times that agents could not watch and compared instead.", [` ${gaps}`]),
    gauge(
      "thymus_watch_source",
      "Agents by where their events come from.",
      ["fanotify", "inotify", "mixed", "none"].map((source) => `{source="${source}"} ${watchedBy(source)}`),
    ),
    gauge("thymus_prescriptions", "Prescriptions by state.", [
      `{state="active"} ${now.prescriptions.active}`,
      `{state="recalled"} ${now.prescriptions.recalled}`,
      `{state="replaced"} ${now.prescriptions.replaced}`,
    ]),
    gauge("thymus_queue_depth", "Samples that wait for an analysis or are in one.", [` ${now.queue}`]),
    counter("thymus_http_requests_total", "Requests by route and status.", meters),
    counter("thymus_link_messages_total", "Sealed messages by type and result.", meters),
  ];
  return `${blocks.join("\n")}\n`;
}

function gauge(name: string, help: string, samples: string[]): string {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...samples.map((sample) => `${name}${sample}`),
  ].join("\n");
}

function counter(name: string, help: string, meters: Meters): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`, ...meters.lines(name)].join("\n");
}
