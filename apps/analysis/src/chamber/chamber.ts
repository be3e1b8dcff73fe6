import type { ChamberInfo, Decoy, FileType, NetworkRecord, TraceEvent } from "@thymus/contracts";

/** The decoys of one run. Contents lie as plain, non-executable files named by sha256 in `folder`. */
export interface DecoySet {
  /** Same seed, same image: same decoys. */
  readonly seed: string;
  readonly folder: string;
  readonly decoys: readonly Decoy[];
}

/** A file of the world around the sample: what a user of this machine would have. */
export interface WorldFile {
  /** Absolute in the guest. */
  readonly path: string;
  readonly mode: number;
  /** Belongs to the system, not to the user. */
  readonly root: boolean;
  readonly content: Uint8Array;
}

/** A secret that nobody has a reason to use; made anew for each run, so that its use or leaving proves a theft. */
export interface HoneyCredential {
  /** E.g. `npm-token`, `aws-key`, `ssh-key`, `wallet`, `browser-store`, `env-file`. */
  readonly kind: string;
  /** Where it lies in the guest, absolute. */
  readonly path: string;
  /** Texts of which each, found in what left, shows that this secret left. At least 12 characters each. */
  readonly needles: readonly string[];
  /** Hosts to which it belongs beside those of its kind; sending it there is its rightful use. */
  readonly services?: readonly string[];
}

export type Ecosystem = "npm" | "pypi";

/** A package version that the fake registry of the chamber offers. */
export interface RegistryPackage {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly version: string;
  /** The tarball (npm), sdist or wheel. */
  readonly file: { readonly name: string; readonly content: Uint8Array };
  /** Accounts that may publish it. */
  readonly owners: readonly string[];
}

/** Everything plausible around the sample except the decoys. */
export interface World {
  readonly files: readonly WorldFile[];
  readonly honey: readonly HoneyCredential[];
  readonly packages: readonly RegistryPackage[];
  /** Accounts of the fake registries: token to account name. */
  readonly tokens: Readonly<Record<string, { readonly ecosystem: Ecosystem; readonly account: string }>>;
}

/** What is varied from run to run. */
export interface Conditions {
  /** In words for the report, e.g. `plain` or `another date, German, as root`. */
  readonly label: string;
  /** Behind the words that start the sample. */
  readonly args: readonly string[];
  /** What it can read from its standard input; null is /dev/null. */
  readonly stdin: string | null;
  /** Seconds by which the guest's clock is ahead of the real one. */
  readonly clockOffset: number;
  /** Values of LANG and TZ. */
  readonly locale: string;
  readonly timezone: string;
  /** The sample believes that it is root: uid 0 of a user namespace, without any capability. */
  readonly asRoot: boolean;
}

/** One command of a plan. Words as they are, no shell; `{sample}` stands for the sample's path in the guest. */
export interface PlannedCommand {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Believes to be root whatever the conditions say, as what a package manager runs does. */
  readonly asRoot?: boolean;
}

/** How the sample is laid out and started. The commands run one after the other and share the run's time. */
export interface StartPlan {
  /** Beside the sample, below the folder of downloads; paths are relative and plain. */
  readonly files: readonly { readonly path: string; readonly mode: number; readonly content: Uint8Array }[];
  /** What a package lays out in the system, if it is one; only where `systemPath` allows it. */
  readonly system?: readonly WorldFile[];
  readonly commands: readonly PlannedCommand[];
  /** Packages that the fake registry offers because they are the sample. */
  readonly packages: readonly RegistryPackage[];
  /** Offered as well where nobody offers a package of that name: what the sample depends on. */
  readonly standIns?: readonly RegistryPackage[];
}

export interface ChamberRun {
  /** The suspect bytes on the host; `name` is what it is called in the guest. */
  readonly sample: { readonly path: string; readonly name: string; readonly type: FileType };
  readonly decoys: DecoySet;
  readonly world: World;
  readonly conditions: Conditions;
  /** Null: the sample is started by its own content, type and name. */
  readonly plan: StartPlan | null;
  /** Folder of drill programs, or null: then the guest has no drill folder at all. */
  readonly drillPrograms: string | null;
  /** Wall-clock seconds of the run. The guest ends the sample within them; the host ends the guest 30 seconds later in any case. */
  readonly budgetSeconds: number;
  /** Existing empty folder that receives what came back; nothing in it is executable. */
  readonly outputDir: string;
  readonly signal?: AbortSignal;
  /** Called once, right before the sample's first instruction. */
  readonly onStarted?: () => void;
}

export interface DecoyOutcome {
  readonly decoy: Decoy;
  readonly state: "unchanged" | "changed" | "missing";
  /** Host path of the bytes after the run; null unless changed. */
  readonly after: string | null;
}

/** One exchange with the fake internet, with what the sample sent (first 256 KiB). */
export interface NetworkExchange extends NetworkRecord {
  readonly sent: Uint8Array;
}

/** A package that was published to the fake registry. */
export interface PublishedPackage {
  readonly t: number;
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly version: string;
  /** The token that came with it, and whether it may publish this package. */
  readonly token: string | null;
  readonly accepted: boolean;
  /** Host path of the published file, and its size in bytes. */
  readonly file: string;
  readonly size: number;
  /** Version that was the latest before; null for a new package. */
  readonly before: string | null;
}

/** A file that was not there before the sample ran. `file` is where its bytes lie on the host. */
export interface DroppedFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly type: FileType;
  readonly file: string;
}

export interface ChamberResult {
  readonly chamber: ChamberInfo;
  /** `timeout`: the sample was still running when its time was over and was ended. */
  readonly ended: "exited" | "timeout" | "host-timeout";
  /** Exit status of the sample, 128 + signal, or null where it was ended. */
  readonly exitStatus: number | null;
  /** Wall-clock seconds of the run, restore included. */
  readonly seconds: number;
  readonly trace: readonly TraceEvent[];
  /** Trace lines that were cut off by a limit or lost by the guest's kernel. */
  readonly traceLost: number;
  readonly decoys: readonly DecoyOutcome[];
  readonly dropped: readonly DroppedFile[];
  /** In the order in which they began. */
  readonly network: readonly NetworkExchange[];
  /** Exchanges that were cut off by a limit. */
  readonly networkLost: number;
  readonly published: readonly PublishedPackage[];
  /** First 64 KiB of what the sample printed. */
  readonly output: string;
}

/** A chamber that is restored and waits for its one run. */
export interface PreparedChamber {
  run(run: ChamberRun): Promise<ChamberResult>;
  /** Process that holds it, for whoever measures. */
  readonly pid: number | undefined;
}

/** A safe environment in which a suspect program runs. Registering a new kind is one file that implements this. */
export interface Chamber {
  readonly info: ChamberInfo;
  run(run: ChamberRun): Promise<ChamberResult>;
  close(): Promise<void>;
}
