import type { FileType } from "@thymus/contracts";
import type { MechanismName } from "../../host.ts";
import type { Random } from "../random.ts";

/** A way to change hosts as an infection does, with nothing in it that could act: random-looking bytes and harmless text. */
export interface InertInfection {
  /** Stable name, such as `elf-append-stub-xor1` or `script-python-renamed`. */
  readonly id: string;
  readonly family: "elf" | "script";
  /** How hosts are changed, as an analysis should name it. */
  readonly mechanism: MechanismName;
  /** What varies from host to host. */
  readonly encoding: string;
  /** Types of hosts that it takes. */
  readonly types: readonly FileType[];
  /** The infected host, or null where this host offers no place. Everything that varies comes from `random`. */
  infect(host: Uint8Array, random: Random): Uint8Array | null;
  /** True where no byte that a rule could hold on to is the same in all hosts: a refusal is then right. */
  readonly refusable: boolean;
  /** True where the clean host can be told from the infected one, byte for byte. */
  readonly keepsBytes: boolean;
}
