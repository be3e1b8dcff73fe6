/** What a chamber run shows, as plain facts that verdict rules read. Pure. */
import type { FileType, TraceEvent } from "@thymus/contracts";
import type { ChamberResult } from "../chamber/chamber.ts";

/** A changed decoy with both of its contents; `after` is null where the file is gone. */
export interface ChangedDecoy {
  readonly path: string;
  readonly type: FileType;
  readonly before: Uint8Array;
  readonly after: Uint8Array | null;
}

export interface Facts {
  readonly decoys: number;
  /** Decoys whose content is another one now, under their own or a new name; deleted ones are not among them. */
  readonly changedPrograms: number;
  readonly changedDocuments: number;
  /** Documents that still hold their content and have one and the same run of bytes in addition. */
  readonly documentsAlike: number;
  /** Changed decoys of which most of the host's bytes still stand in the file. */
  readonly hostKept: number;
  /** Changed or missing decoys of which little is left and what stands there looks random. */
  readonly scrambled: number;
  /** Changed decoys of which little is left and what stands there is of low entropy. */
  readonly wiped: number;
  readonly missing: number;
  /** Missing decoys with a dropped file in the same folder whose name begins alike. */
  readonly renamed: number;
  /** Renamed decoys whose content is the same as before. */
  readonly moved: number;
  readonly dropped: number;
  /** New files in places from which the system or the user's session starts programs by itself. */
  readonly autostarts: readonly Autostart[];
  readonly ended: ChamberResult["ended"];
  readonly exitStatus: number | null;
  readonly trace: readonly TraceEvent[];
}

export interface Autostart {
  readonly path: string;
  readonly technique: string;
}

/** Where something that was put there is started without being asked for, by technique of MITRE ATT&CK. */
const startPlaces: readonly [RegExp, string][] = [
  [/\/autostart\/[^/]+\.desktop$/, "T1547.013"],
  [/\/systemd\/(user|system)\/.+\.(service|timer|path|socket)$/, "T1543.002"],
  [/\/\.(bashrc|profile|bash_profile|bash_login|zshrc|zprofile)$/, "T1546.004"],
  [/^\/(var\/spool\/cron|etc\/cron\.[a-z]+)\//, "T1053.003"],
  [/\/\.ssh\/authorized_keys$/, "T1098.004"],
];

function autostartsOf(paths: readonly string[]): Autostart[] {
  return paths.flatMap((path) => {
    const place = startPlaces.find(([pattern]) => pattern.test(path));
    return place ? [{ path, technique: place[1] }] : [];
  });
}

const programs = new Set<FileType>(["elf64", "elf32", "shell", "python", "node", "perl", "php"]);

/** Shannon entropy in bits per byte, 0 to 8. */
export function entropy(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]! += 1;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / bytes.length) * Math.log2(count / bytes.length);
  return bits;
}

/** Share of the host's 16-byte blocks that still stand somewhere in `after`, 0 to 1. */
export function hostShare(before: Uint8Array, after: Uint8Array): number {
  const size = before.length >= 64 ? 16 : Math.max(1, before.length >> 2);
  const text = Buffer.from(after.buffer, after.byteOffset, after.byteLength);
  let blocks = 0;
  let found = 0;
  const step = Math.max(size, Math.floor(before.length / 256));
  for (let at = 0; at + size <= before.length; at += step) {
    blocks += 1;
    if (text.indexOf(before.subarray(at, at + size)) >= 0) found += 1;
  }
  return blocks === 0 ? 0 : found / blocks;
}

/** Random-looking for its length: a short text can never reach eight bits, so the bar follows the length. */
const looksRandom = (bytes: Uint8Array) =>
  bytes.length >= 32 && entropy(bytes) > Math.min(7.2, Math.log2(bytes.length) * 0.92);

/** What a file holds that is hex or base64 (RFC 4648) from end to end, else the file itself. */
export function unwrapped(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  if (/^(?:[0-9a-fA-F]{2}\s*){16,}$/.test(text)) return Buffer.from(text.replace(/\s+/g, ""), "hex");
  if (/^[A-Za-z0-9+/_\-\r\n]{32,}={0,2}\s*$/.test(text)) return Buffer.from(text, "base64");
  return bytes;
}

const RUN = 24;
const MAX_SEARCHED = 1 << 16;

/** How many files have one run of bytes in common that was in none of them before: the most of any run of the first file. */
function alikeAdditions(kept: readonly { before: Uint8Array; after: Uint8Array }[]): number {
  const [first] = kept;
  if (first === undefined) return 0;
  const texts = kept.map(({ before, after }) => ({ before: Buffer.from(before), after: Buffer.from(after) }));
  const { after } = texts[0]!;
  let most = 0;
  for (let at = 0; at + RUN <= Math.min(after.length, MAX_SEARCHED); at += 2) {
    const run = after.subarray(at, at + RUN);
    if (texts.some((text) => text.before.includes(run))) continue;
    most = Math.max(most, texts.filter((text) => text.after.includes(run)).length);
    if (most === texts.length) return most;
  }
  return most;
}

export function gatherFacts(
  result: ChamberResult,
  changed: readonly ChangedDecoy[],
  renamedBytes: ReadonlyMap<string, Uint8Array>,
): Facts {
  let hostKept = 0;
  let scrambled = 0;
  let wiped = 0;
  let renamed = 0;
  let moved = 0;
  const altered: ChangedDecoy[] = [];
  const keptDocuments: { before: Uint8Array; after: Uint8Array }[] = [];
  for (const decoy of changed) {
    const { path, before, after } = decoy;
    const found = after ?? renamedBytes.get(path) ?? null;
    if (!after && found) renamed += 1;
    if (!found) continue;
    if (!after && Buffer.compare(found, before) === 0) {
      moved += 1;
      continue;
    }
    altered.push(decoy);
    const content = unwrapped(found);
    if (before.length > 0 && hostShare(before, found) >= 0.5) {
      hostKept += 1;
      if (!programs.has(decoy.type)) keptDocuments.push({ before, after: found });
    } else if (looksRandom(content) && (entropy(content) > entropy(before) + 0.4 || entropy(before) > 6.5))
      scrambled += 1;
    else if (entropy(found) < 2) wiped += 1;
  }
  return {
    decoys: result.decoys.length,
    changedPrograms: altered.filter((decoy) => programs.has(decoy.type)).length,
    changedDocuments: altered.filter((decoy) => !programs.has(decoy.type)).length,
    documentsAlike: alikeAdditions(keptDocuments),
    hostKept,
    scrambled,
    wiped,
    missing: changed.filter((decoy) => decoy.after === null).length,
    renamed,
    moved,
    dropped: result.dropped.length,
    autostarts: autostartsOf(result.dropped.map((file) => file.path)),
    ended: result.ended,
    exitStatus: result.exitStatus,
    trace: result.trace,
  };
}

/** For each missing decoy the dropped file that took its place: same folder, name beginning with the decoy's. */
export function matchRenamed(
  missing: readonly string[],
  dropped: readonly { path: string }[],
): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of missing) {
    const stem = path.replace(/\.[^./]+$/, "");
    const heir =
      dropped.find((file) => file.path.startsWith(`${path}.`)) ??
      dropped.find((file) => file.path.startsWith(`${stem}.`) && file.path !== path);
    if (heir) found.set(path, heir.path);
  }
  return found;
}
