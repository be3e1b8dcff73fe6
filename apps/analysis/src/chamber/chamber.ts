import type { ChamberInfo, Decoy, FileType, TraceEvent } from "@thymus/contracts";

/** The decoys of one run. Contents lie as plain, non-executable files named by sha256 in `folder`. */
export interface DecoySet {
  /** Same seed, same image: same decoys. */
  readonly seed: string;
  readonly folder: string;
  readonly decoys: readonly Decoy[];
}

export interface ChamberRun {
  /** The suspect bytes on the host; `name` is what it is called in the guest. */
  readonly sample: { readonly path: string; readonly name: string; readonly type: FileType };
  readonly decoys: DecoySet;
  /** Folder of drill programs, or null: then the guest has no drill folder at all. */
  readonly drillPrograms: string | null;
  /** Wall-clock limit of the whole run, held by the host. */
  readonly budgetSeconds: number;
  /** Existing empty folder that receives what came back; nothing in it is executable. */
  readonly outputDir: string;
  readonly signal?: AbortSignal;
}

export interface DecoyOutcome {
  readonly decoy: Decoy;
  readonly state: "unchanged" | "changed" | "missing";
  /** Host path of the bytes after the run; null unless changed. */
  readonly after: string | null;
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
  /** First 64 KiB of what the sample printed. */
  readonly output: string;
}

/** A safe environment in which a suspect program runs. Registering a new kind is one file that implements this. */
export interface Chamber {
  readonly info: ChamberInfo;
  run(run: ChamberRun): Promise<ChamberResult>;
  close(): Promise<void>;
}
