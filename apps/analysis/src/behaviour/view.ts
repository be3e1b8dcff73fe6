/** One run, indexed for those who look for signs in it. Pure. */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { FileType, Theft, TraceEvent } from "@thymus/contracts";
import type { ChamberResult, NetworkExchange, World } from "../chamber/chamber.ts";
import { guestUser } from "../chamber/layout.ts";
import { layersOf } from "./content/layers.ts";
import { type ChangedDecoy, type DecoyFacts, decoyFacts } from "./decoy-facts.ts";

export interface RunInput {
  readonly result: ChamberResult;
  readonly world: World;
  readonly thefts: readonly Theft[];
  readonly changed: readonly ChangedDecoy[];
  /** Bytes of the files that took the place of missing decoys, by the decoy's path. */
  readonly renamed: ReadonlyMap<string, Uint8Array>;
  readonly sample: { readonly name: string; readonly type: FileType; readonly bytes: Uint8Array };
  /** Contents of new and changed files by path; without them less can be told of what was set up. */
  readonly contents?: ReadonlyMap<string, Uint8Array>;
  /** Contents of the decoys before the run by path, so that a document is known when it leaves. */
  readonly originals?: ReadonlyMap<string, Uint8Array>;
  /** Contents of what was published, by `PublishedPackage.file`. */
  readonly published?: ReadonlyMap<string, Uint8Array>;
}

export interface Process {
  readonly pid: number;
  ppid: number | null;
  /** Last program that it became, or the name that the kernel gave it. */
  command: string;
  started: number;
  ended: number | null;
  /** Programs that it became, in order. */
  readonly execs: { readonly t: number; readonly path: string; readonly detail: string }[];
  readonly did: Record<string, number>;
}

/** An exchange with somebody outside of the machine, with what was sent unwrapped when it is asked for. */
export interface Outward {
  readonly exchange: NetworkExchange;
  /** The name, or the address where no name was asked for. */
  readonly host: string;
  readonly layers: readonly Buffer[];
}

export interface RunView {
  readonly input: RunInput;
  readonly result: ChamberResult;
  readonly world: World;
  readonly decoys: DecoyFacts;
  readonly home: string;
  /** Where the sample lay in the guest. */
  readonly samplePath: string;
  /** The trace with absolute paths; of a rename, `detail` is absolute too. */
  readonly events: readonly TraceEvent[];
  readonly processes: ReadonlyMap<number, Process>;
  readonly outward: readonly Outward[];
  /** Content of a file after the run, where it is known. */
  contentOf(path: string): Buffer | null;
  /** Whether this file or folder was there before the sample ran. */
  wasThere(path: string): boolean;
  /** Whether this file was there and holds the same bytes as before: it was opened to write, and nothing was written. */
  isSame(path: string): boolean;
}

const inner = /^(127\.|0\.0\.0\.0|::1|localhost)/;
/** Whether an address of the trace (`inet 192.0.2.1 port 80`) lies outside of the machine. */
export const reachesOut = (address: string): boolean =>
  /^inet6? /.test(address) && !/^inet 127\.|^inet6? (::1|0\.0\.0\.0)/.test(address);

/** Whether what an event tells was granted; what was refused is an attempt. */
export const granted = (event: TraceEvent): boolean => !event.detail?.startsWith("failed ");

/** The path of a file that was read, or null. */
export const readPath = (event: TraceEvent): string | null =>
  event.what === "open-read" && event.path && event.detail !== "folder" && granted(event) ? event.path : null;

/** Folders in which nobody looks for programs. */
const hiddenFolder = /^(\/tmp|\/var\/tmp|\/dev\/shm|\/run\/user\/\d+)\/|\/\.(cache|thumbnails|trash)\//i;
/** Whether a program lies where a user would not find it: temporary or cache folders, or a name with a dot in front. */
export const hiddenPlace = (path: string): boolean => hiddenFolder.test(path) || /\/\.[^/]+$/.test(path);

function absolute(path: string, home: string, folder: string): string {
  if (path.startsWith("/")) return posix.normalize(path);
  if (path === "" || path.startsWith("~")) return path.replace(/^~/, home);
  return posix.join(folder, path);
}

function processTable(events: readonly TraceEvent[]): Map<number, Process> {
  const table = new Map<number, Process>();
  const known = (pid: number, t: number, ppid: number | null, comm: string): Process => {
    const found = table.get(pid);
    if (found) return found;
    const made: Process = { pid, ppid, command: comm, started: t, ended: null, execs: [], did: {} };
    table.set(pid, made);
    return made;
  };
  for (const event of events) {
    if (event.what === "lost") continue;
    const process = known(event.pid, event.t, event.ppid ?? null, event.comm);
    process.ppid ??= event.ppid ?? null;
    process.did[event.what] = (process.did[event.what] ?? 0) + 1;
    if (event.what === "exec") {
      process.command = event.path || event.comm;
      process.execs.push({ t: event.t, path: event.path ?? "", detail: event.detail ?? "" });
    } else if (event.what === "exit") process.ended = event.t;
    else if (event.what === "fork") {
      const child = /child (\d+)/.exec(event.detail ?? "")?.[1];
      if (child !== undefined) known(Number(child), event.t, event.pid, process.command);
    }
  }
  return table;
}

/** Indexes a run. */
export function viewRun(input: RunInput): RunView {
  const { world } = input;
  // A file that is opened to write comes back as if it were a new one, also where nothing was written.
  const same = sameFiles(input);
  const result = { ...input.result, dropped: input.result.dropped.filter(({ path }) => !same.has(path)) };
  const { home, downloads } = guestUser;
  const events = result.trace.map((event) => ({
    ...event,
    ...(event.path === undefined || event.what === "lost"
      ? {}
      : { path: absolute(event.path, home, downloads) }),
    ...(event.what === "rename" && event.detail ? { detail: absolute(event.detail, home, downloads) } : {}),
  }));
  const before = new Set([
    ...world.files.map((file) => file.path),
    ...result.decoys.flatMap((outcome) => (outcome ? [outcome.decoy.path] : [])),
  ]);
  const outward = result.network
    .filter((exchange) => !inner.test(exchange.name ?? exchange.address))
    .map((exchange): Outward => {
      let layers: Buffer[] | null = null;
      return {
        exchange,
        host: exchange.name ?? exchange.address,
        get layers() {
          layers ??= layersOf(exchange.sent);
          return layers;
        },
      };
    });
  return {
    input,
    result,
    world,
    decoys: decoyFacts(result, input.changed, input.renamed),
    home,
    samplePath: `${downloads}/${input.sample.name}`,
    events,
    processes: processTable(events),
    outward,
    contentOf: (path) => {
      const bytes = input.contents?.get(path);
      return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : null;
    },
    wasThere: (path) =>
      before.has(path) ||
      /^\/(usr|bin|sbin|lib|lib64|etc)\//.test(path) ||
      new RegExp(`^${home}/\\.(bashrc|profile|bash_logout)$`).test(path),
    isSame: (path) => same.has(path),
  };
}

/** Paths of the user's files that a run brought back with the bytes that they had before. */
function sameFiles({ result, world }: RunInput): Set<string> {
  const before = new Map(world.files.map(({ path, content }) => [path, content]));
  return new Set(
    result.dropped.flatMap(({ path, size, sha256 }) => {
      const content = before.get(path);
      const equal =
        content !== undefined &&
        content.length === size &&
        createHash("sha256").update(content).digest("hex") === sha256;
      return equal ? [path] : [];
    }),
  );
}
