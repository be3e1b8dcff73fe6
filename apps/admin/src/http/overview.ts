import { CaseStage, type Overview, THYMUS_VERSION } from "@thymus/contracts";
import { createQueue } from "@thymus/jobs";
import { listMachines } from "../enrolment/machines.ts";
import type { State } from "../state/state.ts";

/** Is the organisation well? In one document. */
export async function overview(state: State): Promise<Overview> {
  const rows = await state.db
    .selectFrom("incident")
    .select((select) => ["stage", select.fn.countAll<number>().as("cases")])
    .groupBy("stage")
    .execute();
  const of = (stage: string) => rows.find((row) => row.stage === stage)?.cases ?? 0;
  const stages = Object.fromEntries(
    CaseStage.options.map((stage) => [stage, of(stage)]),
  ) as Overview["stages"];
  const open = CaseStage.options.filter((stage) => stage !== "closed" && of(stage) > 0);
  const { machines } = await listMachines(state.db, state.now());
  const agents = machines.filter((machine) => machine.role === "agent");
  const prescriptions = await state.db
    .selectFrom("prescription")
    .select((select) => ["state", select.fn.countAll<number>().as("count")])
    .groupBy("state")
    .execute();
  const count = (name: string) => prescriptions.find((row) => row.state === name)?.count ?? 0;
  return {
    state: open.includes("person") ? "person" : open.length > 0 ? "healing" : "well",
    stages,
    machines: {
      agents: agents.length,
      analysis: machines.length - agents.length,
      silent: agents.filter((machine) => machine.state === "silent").length,
      blind: agents.filter((machine) => machine.state === "blind").length,
    },
    prescriptions: { active: count("active"), recalled: count("recalled"), replaced: count("replaced") },
    queue: await createQueue(state.db, state.now).depth(),
    version: THYMUS_VERSION,
  };
}
