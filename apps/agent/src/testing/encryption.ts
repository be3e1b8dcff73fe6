/** A drill encryptor at work on a machine with an agent: what it got through, and what came back. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Config } from "@thymus/contracts";
import { DRILL_USER, type EncryptorVariant, makeDrillArea, placeEncryptor } from "@thymus/testkit/live-drill";
import { StoppedTrees } from "../behaviour/stopping/records.ts";
import { sha256Of } from "../files/regular.ts";
import { readStat } from "../processes/proc-files.ts";
import { openAgentDatabase } from "../state/open.ts";
import { until } from "./scene.ts";

export interface EncryptionOptions {
  readonly documents: number;
  readonly perFolder?: number;
  readonly variant: EncryptorVariant;
  readonly behaviour?: Partial<Config["agent"]["behaviour"]>;
}

export interface Encryption {
  readonly dir: string;
  readonly dataDir: string;
  readonly area: string;
  readonly config: Config;
  readonly encryptor: ChildProcess;
  /** Documents whose content was scrambled or that were gone when all stood still. */
  readonly changed: number;
  /** Milliseconds from the encryptor's start until it stood still. */
  readonly stoppedAfter: number;
  /** Documents that are not what they were, once everything was brought back. */
  readonly different: string[];
  /** Files that were not there before, decoys left out. */
  readonly strange: string[];
  /** Kills the agent: what it wrote down is all that is left. */
  endAgent(): Promise<void>;
  close(): Promise<void>;
}

const program = fileURLToPath(new URL("./agent-process.ts", import.meta.url));

/** Starts an agent that looks after so many documents, lets the encryptor loose on them, and waits until all is over. */
export async function runEncryption({
  documents,
  perFolder,
  variant,
  behaviour,
}: EncryptionOptions): Promise<Encryption> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "thymus-encryption-")));
  chmodSync(dir, 0o755);
  const children: ChildProcess[] = [];
  const close = async () => {
    for (const child of children) await end(child);
    // The answering process of a killed agent ends a moment later.
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const area = join(dir, "documents");
    mkdirSync(area);
    const paths = makeDrillArea(area, documents, perFolder);
    const before = new Map(paths.map((path) => [path, sha256Of(readFileSync(path))]));
    const dataDir = join(dir, "data");
    mkdirSync(dataDir, { mode: 0o700 });
    const config = Config.parse({
      // How long a busy machine takes to judge shall not decide here.
      agent: {
        settleSeconds: 0.3,
        onAccess: { deadlineMs: 5000 },
        behaviour: { mode: "suspend", documents: [area], ...behaviour },
      },
    });
    const agent = spawn(process.execPath, [program, JSON.stringify({ dataDir, config })], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(agent);
    await Promise.race([once(agent.stdout!, "data"), once(agent, "exit")]);
    const known = new Set(filesBelow(area));

    const began = performance.now();
    const encryptor = spawn("python3", [placeEncryptor(dir), area, variant], {
      ...{ uid: DRILL_USER, gid: DRILL_USER, stdio: ["ignore", "ignore", "inherit"] },
    });
    children.push(encryptor);
    const over = () => encryptor.exitCode !== null || encryptor.signalCode !== null;
    await until("the encryptor stands still", () => over() || readStat(encryptor.pid!)?.state === "T");
    const stoppedAfter = performance.now() - began;
    const db = await openAgentDatabase(dataDir);
    const trees = new StoppedTrees(db);
    let changed = 0;
    try {
      if (!over() || config.agent.behaviour.mode === "end")
        await until("what it changed is dealt with", async () => {
          const [tree] = await trees.list();
          changed = tree?.files.filter(({ result }) => result === "back" || result === "lost").length ?? 0;
          const told = join(dataDir, "events.ndjson");
          return existsSync(told) && readFileSync(told, "utf8").includes(`${tree?.id} had changed`);
        });
    } finally {
      await db.destroy();
    }
    const different = paths.filter(
      (path) => !existsSync(path) || sha256Of(readFileSync(path)) !== before.get(path),
    );
    const strange = filesBelow(area).filter((path) => !known.has(path));
    return {
      dir,
      dataDir,
      area,
      config,
      encryptor,
      changed,
      stoppedAfter,
      different,
      strange,
      endAgent: () => end(agent),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
