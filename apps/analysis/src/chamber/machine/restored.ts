/** A machine that was restored from its saved state and waits, paused, for what it shall do. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { ThymusError } from "@thymus/contracts";
import { savedMachine } from "../accelerator.ts";
import { sparseFile } from "../build/disk.ts";
import { inputDisk, outputDisk } from "../layout.ts";
import type { ChamberPaths } from "../paths.ts";
import { type Accelerator, machineArguments } from "./arguments.ts";
import { confinedMachine, type Holder, inside } from "./confinement.ts";
import { type Machine, startMachine } from "./process.ts";

/** The guest's first word to the host in a run, right before the sample's first instruction. */
const STARTED = "STARTED";

export interface MachineParts {
  readonly paths: ChamberPaths;
  readonly holder: Holder;
  readonly accelerator: Accelerator;
  /** File descriptor of the sealed memory. */
  readonly memory: number;
}

export class RestoredMachine {
  readonly #machine: Machine;
  readonly #work: string;
  readonly #restored: Promise<void>;

  private constructor(machine: Machine, work: string) {
    this.#machine = machine;
    this.#work = work;
    this.#restored = this.#restore();
    this.#restored.catch(() => {});
  }

  /** Starts the machine; its restoring goes on behind. `parent` is a folder for its disks. */
  static async start(parts: MachineParts, parent: string): Promise<RestoredMachine> {
    const work = await mkdtemp(join(parent, ".run-"));
    try {
      await sparseFile(join(work, "input"), inputDisk.size);
      await sparseFile(join(work, "output"), outputDisk.size);
      const { state } = savedMachine(parts.paths, parts.accelerator);
      return new RestoredMachine(startMachine(command(parts, work), state, parts.memory), work);
    } catch (error) {
      await rm(work, { recursive: true, force: true });
      throw error;
    }
  }

  /** The disk that carries the run in. The guest reads nothing of it before {@link go}. */
  get input(): string {
    return join(this.#work, "input");
  }

  get output(): string {
    return join(this.#work, "output");
  }

  /** Resolves when nothing is left but to go. @throws ThymusError CHAMBER_FAILED */
  get ready(): Promise<void> {
    return this.#restored;
  }

  /** Lets the guest read its disk and run. @throws ThymusError CHAMBER_FAILED */
  async go(): Promise<void> {
    await this.#restored;
    await this.#machine.qmp.command("cont");
    this.#machine.say(`${Math.floor(Date.now() / 1000)} ${randomBytes(32).toString("hex")}\n`);
  }

  /** Resolves when the sample's first instruction comes next; never, where the guest ends before. */
  get started(): Promise<void> {
    return this.#machine.hear(STARTED);
  }

  get ended(): Promise<void> {
    return this.#machine.ended;
  }

  get complaint(): string {
    return this.#machine.complaint;
  }

  get pid(): number | undefined {
    return this.#machine.pid;
  }

  kill(): void {
    this.#machine.kill();
  }

  /** Ends the machine and removes its disks. */
  async discard(): Promise<void> {
    this.#machine.kill();
    await this.#machine.ended;
    await rm(this.#work, { recursive: true, force: true });
  }

  async #restore(): Promise<void> {
    const { qmp } = this.#machine;
    try {
      await qmp.open();
      const capabilities = ["x-ignore-shared", "events"].map((capability) => ({ capability, state: true }));
      await qmp.command("migrate-set-capabilities", { capabilities });
      const restored = qmp.migrated();
      await qmp.command("migrate-incoming", { uri: "fd:5" });
      await restored;
    } catch (thrown) {
      const error = thrown as ThymusError;
      await this.#machine.ended;
      throw new ThymusError("CHAMBER_FAILED", `${error.message}: ${this.complaint}`, error.hint, {
        cause: error,
      });
    }
  }
}

function command({ paths, holder, accelerator }: MachineParts, work: string): string[] {
  const [image, folder, descriptors] =
    holder === "own" ? [inside, inside.run, inside.descriptors] : [paths, work, "/proc/self/fd"];
  const { kernel, initramfs, root } = image;
  const own = { memory: `${descriptors}/6`, input: join(folder, "input"), output: join(folder, "output") };
  const args = machineArguments(
    { kernel, initramfs, root, ...own },
    { accelerator, share: "off", incoming: true },
  );
  return [
    ...(holder === "own" ? confinedMachine(paths, work, accelerator) : []),
    "qemu-system-x86_64",
    ...args,
  ];
}
