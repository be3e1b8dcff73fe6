import { spawn } from "node:child_process";
import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { FileType, type Prescription, ThymusError } from "@thymus/contracts";
import { createBundle } from "@thymus/detection";
import type { ProtectedPaths } from "../files/protected.ts";
import type { PackageManager } from "../packages/manager.ts";
import { VouchedSample } from "./sample.ts";
import type { TrialAnswer, TrialLimits, TrialTask } from "./task.ts";

export interface TrialOptions {
  readonly paths: ProtectedPaths;
  readonly packages: PackageManager;
  /** For tests: another program, other limits. */
  readonly program?: string;
  readonly limits?: Partial<TrialLimits>;
  readonly wallSeconds?: number;
}

const LIMITS: TrialLimits = {
  processorSeconds: 30,
  fileMs: 3000,
  memory: 1 << 30,
  vouchedHits: 3,
  vouchedBytes: 48 << 20,
};
/** A machine under load may need long for little: a trial that runs out of this decides nothing. */
const WALL_SECONDS = 300;
/** One death may come from outside (out of memory, an impatient owner); two are the rule's. */
const DEATHS = 2;

const childProgram = fileURLToPath(new URL("./child.ts", import.meta.url));

/**
 * Tries prescriptions in a process of its own before they may act here: whether they compile, also with the others; that they end in
 * time and memory; that they find neither Thymus, the login path nor what starts the system, in files of whatever type (law 5); and no
 * more than a handful of the programs that this machine's packages brought, whatever the server says of them. This is beside the proof,
 * which was made on another machine.
 */
export class Trial {
  readonly #options: TrialOptions;
  readonly #sample: VouchedSample;

  constructor(options: TrialOptions) {
    this.#options = options;
    this.#sample = new VouchedSample(options.packages);
  }

  /**
   * @param active those that are active beside it
   * @throws ThymusError RULE_INVALID: one of them may not act here; TOOL_FAILED: this could not be found out now
   */
  async judge(prescriptions: readonly Prescription[], active: readonly Prescription[]): Promise<void> {
    const task = await this.#task(prescriptions, active);
    for (let death = 1; ; death++) {
      const answer = await this.#ask(task);
      if ("died" in answer) {
        if (death < DEATHS) continue;
        throw wrong(prescriptions, `the process that tried it did not survive: ${answer.died}`);
      }
      if (answer.refused !== null) throw wrong(prescriptions, answer.refused);
      return;
    }
  }

  async #task(prescriptions: readonly Prescription[], active: readonly Prescription[]): Promise<TrialTask> {
    const { limits, paths } = this.#options;
    const system = await Promise.all(paths.samples().map((path) => realpath(path).catch(() => null)));
    // Whatever its scope says: a rule that finds a shell or the list of users finds far too much also among others.
    const everywhere = prescriptions.map((each) => ({
      ...each,
      detect: { ...each.detect, scope: [...FileType.options] },
    }));
    const others = active.filter(({ id }) => !prescriptions.some((each) => each.id === id));
    return {
      rule: createBundle(prescriptions),
      everywhere: createBundle(everywhere),
      together: createBundle([...others, ...prescriptions]),
      system: [...new Set(system.filter((path) => path !== null))],
      own: [dirname(dirname(childProgram))],
      vouched: await this.#sample.draw(),
      limits: { ...LIMITS, ...limits },
    };
  }

  async #ask(task: TrialTask): Promise<TrialAnswer | { died: string }> {
    const { program = childProgram, wallSeconds = WALL_SECONDS } = this.#options;
    const child = spawn(process.execPath, ["--no-warnings", program], {
      stdio: ["pipe", "pipe", "pipe"],
      env: trialEnvironment(),
      cwd: "/",
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, wallSeconds * 1000);
    try {
      const ended = new Promise<string | null>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code, signal) => resolve(code === 0 ? null : (signal ?? `exit status ${code}`)));
      });
      // A child that died before it read all: how it ended says it.
      child.stdin.on("error", () => {});
      child.stdin.end(JSON.stringify(task));
      const [died, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
      if (late)
        throw new ThymusError(
          "TOOL_FAILED",
          `a trial took longer than ${wallSeconds} s`,
          "it is tried again",
        );
      if (died !== null) return { died: `${died} ${err.slice(-300)}`.trim() };
      return JSON.parse(out) as TrialAnswer;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Nothing of the agent's environment but what a test needs to kill it. */
function trialEnvironment(): NodeJS.ProcessEnv {
  const kept = ["PATH", "THYMUS_FAILPOINT", "THYMUS_FAILPOINT_ONCE"];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

const wrong = (tried: readonly Prescription[], why: string) =>
  new ThymusError(
    "RULE_INVALID",
    `the rule of ${tried.map(({ id }) => id).join(", ")} is not used here: ${why}`
      .replace(/\s+/g, " ")
      .slice(0, 900),
    "recall the prescription and report it to the analysis centre",
  );
