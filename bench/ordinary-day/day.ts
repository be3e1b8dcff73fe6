import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { openAgentDatabase } from "../../apps/agent/src/state/open.ts";
import { has, put, run, type Work } from "./work.ts";
import { works } from "./works/index.ts";

const command = join(import.meta.dirname, "../../apps/cli/src/main.ts");

export interface DayOptions {
  /** An empty folder; on a file system of its own where the agent is root. */
  readonly folder: string;
  readonly scale: number;
  readonly only?: readonly string[];
  /** Milliseconds of quiet between two pieces of work. */
  readonly quiet?: number;
  readonly say?: (what: string) => void;
}

export interface WorkDone {
  readonly name: string;
  readonly seconds: number;
  /** Null where it was done. */
  readonly leftOut: string | null;
  /** What the agent made of it: cases, processes that it stopped, what it refused. Should be empty. */
  readonly alarms: readonly string[];
}

export interface DayResult {
  readonly works: readonly WorkDone[];
  /** Events that the agent noted, by their first words. */
  readonly events: Readonly<Record<string, number>>;
  readonly files: number;
}

/** Words with which the agent's timeline begins where it did, or thought of doing, something to somebody. */
const ALARM =
  /^(suspected|refused|would have|suspended|ended|denied|also changed|decoy|a decoy|behaviour|stopped|held|quarantined)/i;

interface Noted {
  readonly at: string;
  readonly case: string | null;
  readonly what: string;
}

/** Lives through a day of ordinary work under a running agent. Ends the agent, and leaves the folder to the caller. */
export async function liveThroughADay(options: DayOptions): Promise<DayResult> {
  const { folder, scale, say = () => {} } = options;
  const data = join(folder, "data");
  const documents = join(folder, "documents");
  const chosen = works.filter(({ name }) => options.only?.includes(name) ?? true);
  const desks = chosen.map((work) => ({ work, folder: join(folder, "day", work.name) }));
  for (const desk of desks) await mkdir(desk.folder, { recursive: true });
  await mkdir(documents);
  await put(join(documents, "plan.txt"), "the plan\n");
  const list = (paths: readonly string[]) => paths.map((path) => JSON.stringify(path)).join(", ");
  await put(
    join(data, "thymus.toml"),
    `[agent]\nwatch = [${list([documents, ...desks.map((desk) => desk.folder)])}]\n[agent.behaviour]\ndocuments = [${list([documents])}]\n`,
  );
  const events = join(data, "agent/events.ndjson");
  const read = async (): Promise<Noted[]> =>
    (await readFile(events, "utf8").catch(() => ""))
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Noted);
  const quiet = options.quiet ?? 1800;
  const settled = async () => {
    let size = -1;
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, quiet));
      const now = await stat(events).then(
        (facts) => facts.size,
        () => 0,
      );
      if (now === size) return;
      size = now;
    }
  };
  const agent = await startAgent(data);
  const done: WorkDone[] = [];
  try {
    await settled();
    for (const { work, folder: own } of desks) {
      let leftOut = await whyNot(work);
      const before = (await read()).length;
      const started = performance.now();
      if (leftOut === null) {
        say(work.name);
        const elsewhere = join(folder, "elsewhere", work.name);
        await mkdir(elsewhere, { recursive: true });
        await work
          .carryOut({ folder: own, documents, elsewhere, scale, run, put, pause: settled })
          .catch((error: Error) => {
            leftOut = `failed: ${error.message}`;
          });
        await settled();
      }
      const alarms = (await read())
        .slice(before)
        .filter(({ what, case: id }) => id !== null || ALARM.test(what));
      done.push({
        name: work.name,
        seconds: (performance.now() - started) / 1000,
        leftOut,
        alarms: alarms.map(({ what }) => what),
      });
      if (agent.exitCode !== null)
        throw new Error(`the agent ended with status ${agent.exitCode} during ${work.name}`);
    }
  } finally {
    await stop(agent);
  }
  return { works: done, events: tally(await read()), ...(await known(data)) };
}

async function whyNot(work: Work): Promise<string | null> {
  if (work.root && process.getuid?.() !== 0) return "needs root";
  for (const each of work.needs) if (!(await has(each))) return `needs ${each}`;
  return null;
}

function tally(events: readonly Noted[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { what } of events) {
    const words = what.replace(/\/\S*/g, "PATH").split(/[:(,]/)[0]!.split(" ").slice(0, 4).join(" ");
    counts[words] = (counts[words] ?? 0) + 1;
  }
  return counts;
}

/** How many files the agent knew, and whether its database holds a case that no event told of. */
async function known(data: string): Promise<{ files: number }> {
  const db = await openAgentDatabase(join(data, "agent"));
  try {
    const row = await db
      .selectFrom("file")
      .select((eb) => eb.fn.countAll<number>().as("files"))
      .executeTakeFirstOrThrow();
    return { files: Number(row.files) };
  } finally {
    await db.destroy();
  }
}

function startAgent(data: string): Promise<ChildProcess> {
  const agent = spawn(process.execPath, ["--no-warnings", command, "agent", "--data", data], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  return new Promise((resolve, reject) => {
    let said = "";
    agent.stderr!.setEncoding("utf8").on("data", (text: string) => {
      if (said.length < 1 << 20) said += text;
      if (process.env.THYMUS_DEBUG) process.stderr.write(text);
      if (said.includes("the agent watches")) resolve(agent);
    });
    agent.once("exit", (status) => reject(new Error(`the agent ended with status ${status}: ${said}`)));
  });
}

async function stop(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => agent.once("exit", () => resolve()));
  agent.removeAllListeners("exit");
  agent.once("exit", () => {});
  const over = new Promise<void>((resolve) => agent.once("exit", () => resolve()));
  agent.kill("SIGTERM");
  const killer = setTimeout(() => agent.kill("SIGKILL"), 20_000);
  await Promise.race([gone, over]);
  clearTimeout(killer);
}
