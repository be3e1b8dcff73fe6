/** The infection drill: clean programs, then infected ones, then nothing but watching what the installation does. */
import { existsSync } from "node:fs";
import { chmod, copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type BaselineDifference, openBaseline, readEnrolment } from "@thymus/agent";
import {
  Case,
  CaseList,
  type CaseSummary,
  type DrillReport,
  newId,
  parseDocument,
  ThymusError,
} from "@thymus/contracts";
import { drillFile, drillProgramsFolder } from "@thymus/testkit/drills";
import { Api } from "../api.ts";
import type { Context } from "../context.ts";
import { changedFiles, type DrillFile, infectInChamber, writeFiles } from "./stage.ts";

export interface InfectionDrill {
  readonly pathogen: string;
  /** Data folders of further agents on this machine that shall prove immune. */
  readonly others: readonly string[];
  readonly timeoutSeconds: number;
  /** Ends the drill with INTERRUPTED; what it laid out is removed. */
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
  readonly onEvent: (entry: DrillReport["timeline"][number]) => void;
}

const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function enrolmentOf(agentDir: string) {
  const enrolment = await readEnrolment(agentDir);
  if (enrolment) return enrolment;
  throw new ThymusError(
    "NOT_FOUND",
    `${agentDir} has not joined a server`,
    "run: thymus up, or thymus join URL TOKEN",
  );
}

/** Whether the agent's baseline holds these programs as they are. */
async function baselineHolds(context: Context, folder: string): Promise<boolean> {
  const baseline = await openBaseline({ dataDir: join(context.dataDir, "agent"), config: context.config });
  try {
    let differ = 0;
    const count = ({ kind }: BaselineDifference) => {
      if (kind === "file") differ++;
    };
    await baseline.check([folder], { onDifference: count });
    return differ === 0;
  } finally {
    await baseline.close();
  }
}

/** Asks until it is so, or the time is over. */
async function until(seconds: number, signal: AbortSignal, holds: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    if (signal.aborted)
      throw new ThymusError(
        "INTERRUPTED",
        "the drill was interrupted",
        "its files are removed; run it again",
      );
    if (await holds()) return true;
    await sleep(0.1);
  }
  return false;
}

export async function runInfectionDrill(context: Context, drill: InfectionDrill): Promise<DrillReport> {
  const api = Api.of(context);
  const pathogen = drillFile(drill.pathogen);
  const agentDir = join(context.dataDir, "agent");
  const own = await enrolmentOf(agentDir);
  if (!existsSync(join(agentDir, "drill")))
    throw new ThymusError(
      "NOT_FOUND",
      "this machine's agent has no drill folder",
      "start it with: thymus up",
    );
  const id = newId("drill");
  const folder = join(agentDir, "drill", id);
  const folders = [folder];
  const timeline: DrillReport["timeline"] = [];
  let first = Date.now();
  const note = (machine: string, what: string, at = Date.now()) => {
    const entry = { t: Math.max(0, (at - first) / 1000), machine, what: what.replaceAll(`${folder}/`, "") };
    timeline.push(entry);
    drill.onEvent(entry);
  };
  const report = (rest: Omit<DrillReport, "id" | "pathogen" | "started" | "timeline">): DrillReport => ({
    id,
    pathogen: drill.pathogen,
    started: new Date(first).toISOString(),
    timeline,
    ...rest,
  });
  try {
    const files = await infectInChamber(
      context,
      {
        id: drill.pathogen,
        seed: id,
        pathogen,
        programs: drillProgramsFolder,
        work: join(context.dataDir, "drill-work", id),
        signal: drill.signal,
      },
      drill.onProgress,
    );
    drill.onProgress("laying out clean programs and waiting until the agent knows them");
    await writeFiles(folder, files, "clean");
    const known = await until(30, drill.signal, async () => baselineHolds(context, folder));
    if (!known)
      return report({
        case: null,
        patientIdentical: true,
        protectedAfter: null,
        passed: false,
        why: "the agent did not take the drill's programs into its baseline within 30 s; is it running?",
      });

    first = Date.now();
    const released = join(folder, drill.pathogen);
    await copyFile(pathogen, released);
    await chmod(released, 0o755);
    await writeFiles(folder, files, "infected");
    note(
      own.machine,
      `first write: ${files.length} programs are infected, the suspect program lies beside them`,
    );

    const ended = await followCase(api, own.machine, first, drill, note);
    if (!ended)
      return report({
        case: null,
        patientIdentical: false,
        protectedAfter: null,
        passed: false,
        why: `no case came to an end within ${drill.timeoutSeconds} s`,
      });
    const identical = await until(
      5,
      drill.signal,
      async () => (await changedFiles(folder, files)).length === 0,
    );
    note(
      own.machine,
      identical
        ? "the patient's files are identical to before"
        : `still changed: ${(await changedFiles(folder, files)).join(", ")}`,
    );
    const protectedAfter = ended.outcome === "healed" ? (Date.parse(ended.changed) - first) / 1000 : null;
    const refused = await tryOthers(drill, id, files, folders, note);
    const removed = !existsSync(released);
    const why = !identical
      ? "the patient's files are not as before"
      : ended.outcome !== "healed"
        ? `the case ended as ${ended.outcome ?? ended.stage}: ${ended.why ?? "no reason given"}`
        : !removed
          ? "the suspect program is still there"
          : refused;
    return report({ case: ended.id, patientIdentical: identical, protectedAfter, passed: why === null, why });
  } finally {
    for (const made of folders) await rm(made, { recursive: true, force: true });
  }
}

/** Tells each step of the case that the drill's files opened, until it is closed or waits for a person. */
async function followCase(
  api: Api,
  machine: string,
  since: number,
  { timeoutSeconds, signal }: InfectionDrill,
  note: (machine: string, what: string, at: number) => void,
): Promise<CaseSummary | null> {
  const told = new Set<string>();
  let last: CaseSummary | null = null;
  await until(timeoutSeconds, signal, async () => {
    const value = await api.request("GET", "/api/v1/cases").catch(() => null);
    if (!value) return false;
    const mine = parseDocument(CaseList, value, "the list of cases").cases.filter(
      (item) => item.machine === machine && Date.parse(item.opened) >= since - 1000,
    );
    for (const summary of [...mine].reverse()) {
      // A server that is just starting again is asked again.
      const whole = await api.request("GET", `/api/v1/cases/${summary.id}`).catch(() => null);
      if (!whole) return false;
      const item = parseDocument(Case, whole, "the case");
      for (const event of item.history) {
        const key = `${item.id} ${event.at} ${event.what}`;
        if (told.has(key)) continue;
        told.add(key);
        note(event.machine ?? "server", `${event.stage}: ${event.what}`, Date.parse(event.at));
      }
    }
    last = mine.find((item) => item.outcome === "healed") ?? mine[0] ?? null;
    return (
      last !== null &&
      (last.stage === "closed" || last.stage === "person") &&
      (last.outcome === "healed" || mine.every((item) => item.stage === "closed" || item.stage === "person"))
    );
  });
  const found = last as CaseSummary | null;
  return found && (found.stage === "closed" || found.stage === "person") ? found : null;
}

/** Copies one infected file to each other agent; each must take it away and give the clean one back. */
async function tryOthers(
  { others, signal }: InfectionDrill,
  id: string,
  files: readonly DrillFile[],
  folders: string[],
  note: (machine: string, what: string) => void,
): Promise<string | null> {
  for (const dataDir of others) {
    const agentDir = join(dataDir, "agent");
    const { machine } = await enrolmentOf(agentDir);
    const folder = join(agentDir, "drill", id);
    folders.push(folder);
    const file = files[0]!;
    await writeFiles(folder, [file], "infected");
    note(machine, `an infected file was copied here: ${file.name}`);
    const healed = await until(30, signal, async () => (await changedFiles(folder, [file])).length === 0);
    if (!healed) return `${machine} did not repair the infected file that was copied to it`;
    note(machine, `refused and repaired: ${file.name} is clean`);
  }
  return null;
}
