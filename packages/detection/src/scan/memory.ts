/**
 * What scans remember: which files were found clean by which rules, which ones ended the scanner, and how far an interrupted scan came.
 * A file is known by its path, device, number, size and the times of its content and of its inode, never by what its owner can set alone.
 */
import { createHash, hash, randomBytes } from "node:crypto";
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { Fingerprints } from "./fingerprints.ts";
import { Volumes } from "./volumes.ts";

/** Raise where what a scan looks at changes, so that nothing is taken for clean that it did not see. */
const FORMAT = "thymus-scan-1";
/** Files of one set of rules that are remembered; beyond, the older half is forgotten. */
const MAX_KEPT = 4_000_000;
/** Sets of rules that are remembered. */
const MAX_SETS = 4;
const FLUSH_BYTES = 32 * 1024;
/**
 * Age of the last change from which on a file is remembered, in nanoseconds. A shared mapping may be written without a new time of change
 * until the kernel has written the pages back, which it does within 35 s.
 */
const SETTLED_NS = 60_000_000_000n;

export interface FileFacts {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** What a file is known by, and whether it can be remembered beyond this scan. */
export interface FileIdentity {
  readonly id: bigint;
  readonly lasting: boolean;
}

export interface MemoryOptions {
  /** Folder of its own, made where it is missing (0700). */
  readonly folder: string;
  /** What the result of a scan depends on: the rules, and how archives are opened. */
  readonly rules: string;
  /** What is scanned: a scan of the same that was interrupted is gone on with. Null: none is. */
  readonly session: { readonly what: string; readonly resume: boolean } | null;
}

export class ScanMemory {
  readonly #volumes = new Volumes();
  readonly #salt: Buffer;
  readonly #folder: string;
  readonly #rules: string;
  readonly #clean: Fingerprints;
  readonly #poison: Map<string, number>;
  readonly #lasting: Appender;
  readonly #session: {
    readonly file: string;
    readonly id: Buffer;
    readonly done: Fingerprints;
    readonly appender: Appender;
  } | null;

  private constructor(options: MemoryOptions) {
    this.#folder = options.folder;
    this.#rules = createHash("sha256").update(`${FORMAT}\0${options.rules}`).digest("hex").slice(0, 32);
    this.#salt = saltIn(options.folder);
    const file = join(options.folder, `${this.#rules}.clean`);
    this.#clean = read(file);
    this.#lasting = new Appender(file);
    this.#poison = poisonIn(join(options.folder, "ended"), this.#rules);
    this.#session =
      options.session === null ? null : this.#openSession(options.session.what, options.session.resume);
  }

  /** Null where the folder cannot be used: a scan does not fail of it. */
  static open(options: MemoryOptions): ScanMemory | null {
    try {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 });
      const memory = new ScanMemory(options);
      forgetOldSets(options.folder, memory.#rules);
      return memory;
    } catch {
      return null;
    }
  }

  /** Whether it knows no file at all. */
  get isEmpty(): boolean {
    return this.#clean.size + (this.#session?.done.size ?? 0) === 0;
  }

  /** Whether the file at this path is one that these rules found clean. */
  knowsClean(path: string): boolean {
    if (this.isEmpty) return false;
    const facts = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (!facts?.isFile()) return false;
    const { id, lasting } = this.identityOf(facts, path);
    if (lasting && this.#clean.has(id)) return true;
    return this.#session?.done.has(this.#within(id)) ?? false;
  }

  identityOf(facts: FileFacts, path: string): FileIdentity {
    const settled = BigInt(Date.now()) * 1_000_000n - facts.ctimeNs > SETTLED_NS;
    const lasting = settled && this.#volumes.keepIdentity(facts.dev, path);
    return { id: this.#digest(Buffer.from(path), numbersOf(facts)), lasting };
  }

  clean({ id, lasting }: FileIdentity): void {
    if (lasting) {
      if (this.#clean.size >= MAX_KEPT || this.#clean.has(id)) return;
      this.#clean.add(id);
      this.#lasting.add(id);
    } else if (this.#session) this.#session.appender.add(this.#within(id));
  }

  isPoison({ id }: FileIdentity): boolean {
    return (this.#poison.get(id.toString(16)) ?? 0) >= 2;
  }

  /** This file is what a worker was at when it ended, or had to be ended. */
  blame({ id }: FileIdentity): void {
    const name = id.toString(16);
    this.#poison.set(name, (this.#poison.get(name) ?? 0) + 1);
    try {
      writeFileSync(join(this.#folder, "ended"), `${this.#rules} ${name}\n`, { flag: "a", mode: 0o600 });
    } catch {
      // It counts for this scan then.
    }
  }

  /** @param finished false where the scan is to be gone on with */
  close(finished: boolean): void {
    this.#lasting.close();
    this.#session?.appender.close();
    if (finished && this.#session) rmSync(this.#session.file, { force: true });
  }

  /** Same file in the same scan: good where the file system's own word is not. */
  #within(id: bigint): bigint {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(id);
    return this.#digest(this.#session!.id, bytes);
  }

  #digest(...parts: readonly Buffer[]): bigint {
    return hash("sha256", Buffer.concat([this.#salt, ...parts]), "buffer").readBigUInt64LE(0);
  }

  #openSession(what: string, resume: boolean) {
    const name = createHash("sha256").update(`${this.#rules}\0${what}`).digest("hex").slice(0, 32);
    const file = join(this.#folder, `${name}.session`);
    if (!resume) rmSync(file, { force: true });
    return { file, id: Buffer.from(name), done: read(file), appender: new Appender(file) };
  }
}

function numbersOf({ dev, ino, size, mtimeNs, ctimeNs }: FileFacts): Buffer {
  const bytes = Buffer.allocUnsafe(40);
  for (const [at, value] of [dev, ino, size, mtimeNs, ctimeNs].entries())
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value), 8 * at);
  return bytes;
}

/** Writes numbers behind a file, some at a time. What a crash takes away is scanned again. */
class Appender {
  readonly #file: string;
  readonly #bytes = Buffer.allocUnsafe(FLUSH_BYTES);
  #length = 0;
  #fd: number | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  add(value: bigint): void {
    this.#length = this.#bytes.writeBigUInt64LE(value, this.#length);
    if (this.#length === this.#bytes.length) this.#flush();
  }

  close(): void {
    this.#flush();
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #flush(): void {
    const length = this.#length;
    this.#length = 0;
    if (length === 0) return;
    try {
      this.#fd ??= openSync(this.#file, "a", 0o600);
      writeSync(this.#fd, this.#bytes, 0, length);
    } catch {
      // A full disk: these are scanned again next time.
    }
  }
}

/** The numbers in a file; where they are too many, the younger half, and the file is made smaller. */
function read(file: string): Fingerprints {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return new Fingerprints();
  }
  // A crash may have cut the last number: what is appended behind it would be out of step.
  const whole = bytes.subarray(0, bytes.length - (bytes.length % 8));
  const kept = whole.length / 8 > MAX_KEPT ? whole.subarray(whole.length - 4 * MAX_KEPT) : whole;
  if (kept.length !== bytes.length) {
    writeFileSync(`${file}.new`, kept, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  const found = new Fingerprints(kept.length / 8);
  for (let at = 0; at < kept.length; at += 8) found.add(kept.readBigUInt64LE(at));
  return found;
}

function saltIn(folder: string): Buffer {
  const file = join(folder, "salt");
  try {
    const kept = readFileSync(file);
    if (kept.length === 16) return kept;
  } catch {
    // The first scan.
  }
  const salt = randomBytes(16);
  writeFileSync(file, salt, { mode: 0o600 });
  return salt;
}

function poisonIn(file: string, rules: string): Map<string, number> {
  const counts = new Map<string, number>();
  try {
    for (const line of readFileSync(file, "latin1").split("\n")) {
      const [set, id] = line.split(" ");
      if (set === rules && id) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  } catch {
    // Nothing ever ended a worker.
  }
  return counts;
}

/** Of the sets of rules that were used before, the last ones stay. */
function forgetOldSets(folder: string, own: string): void {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".clean") && !name.startsWith(own))
    .map((name) => join(folder, name))
    .map((file) => ({ file, at: statSync(file).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { file } of files.slice(MAX_SETS - 1)) rmSync(file, { force: true });
}
