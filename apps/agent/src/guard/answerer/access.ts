import type { AccessSettings, Counts, Word } from "../channel.ts";
import { type Ask, Asks } from "./asks.ts";
import { Facts, REGULAR } from "./calls.ts";
import type { Exempt } from "./exempt.ts";
import { answer, FAN, flush, mark, markOpen, openPermissions } from "./fanotify.ts";
import { localFileSystem } from "./file-systems.ts";
import { GOOD, INFECTED, identityText, type Known, sameIdentity } from "./known.ts";
import { pathBytes } from "./library.ts";
import { pathOf } from "./paths.ts";

interface ScanAsk extends Ask {
  readonly identity: string;
  readonly words: Uint32Array;
  /** Milliseconds since 1970 */
  readonly asked: number;
}

/**
 * Milliseconds within which two changes may bear the same time (a tick of the kernel, twice): what changed this shortly
 * before it was looked at is not remembered.
 */
const TICK = 20;

const ASKED = FAN.OPEN_PERM | FAN.OPEN_EXEC_PERM;

/** Decides whether a file is opened or run: from memory where it can, else by asking the agent. Never looks into a file. */
export class Access {
  readonly group = openPermissions();
  readonly #settings: AccessSettings;
  readonly #asks = new Asks<ScanAsk>();
  readonly #byIdentity = new Map<string, ScanAsk>();
  readonly #known: Known;
  readonly #counts: Counts;
  readonly #exempt: Exempt;
  readonly #say: (word: Word) => boolean;
  readonly #facts = new Facts();
  readonly #again = new Facts();
  /** True while the agent cannot be asked. */
  silent = false;
  #now = 0;

  constructor(options: {
    settings: AccessSettings;
    counts: Counts;
    exempt: Exempt;
    known: Known;
    say: (word: Word) => boolean;
  }) {
    this.#settings = options.settings;
    this.#counts = options.counts;
    this.#exempt = options.exempt;
    this.#known = options.known;
    this.#say = options.say;
  }

  get soonest(): number {
    return this.#asks.soonest;
  }

  get waiting(): number {
    return this.#asks.held;
  }

  /** Begins to be asked about the file systems of all folders. */
  watch(): void {
    for (const folder of this.#settings.folders) {
      const path = pathBytes(folder);
      const why = localFileSystem(path) ?? mark(this.group, FAN.MARK_ADD | FAN.MARK_FILESYSTEM, ASKED, path);
      if (why) this.#say({ t: "trouble", what: `${folder} is not guarded: ${why}` });
    }
  }

  /** Ceases to be asked, and lets all go that wait. */
  unwatch(): void {
    flush(this.group, FAN.MARK_FILESYSTEM);
    flush(this.group);
    for (const ask of [...this.#asks.all()]) {
      this.#counts.unguarded += this.#asks.let(ask, FAN.ALLOW);
      this.#drop(ask);
    }
  }

  /** The rules changed: what was good counts no more. */
  forget(): void {
    this.#known.forget();
    flush(this.group);
  }

  /** One event. @returns true where its descriptor can be closed */
  readonly take = (mask: number, fd: number, pid: number): boolean => {
    this.#counts.answered++;
    if (pid === this.#exempt.agent) return this.#allow(fd);
    const facts = this.#facts;
    if (!facts.ofFd(fd) || facts.kind !== REGULAR || facts.empty) return this.#allow(fd);
    const state = this.#known.get(facts.words);
    if (state === GOOD) {
      this.#counts.fromCache++;
      answer(this.group, fd, FAN.ALLOW);
      if (this.#settings.ignoreMarks && facts.ofRootAlone) this.#askNoMore(fd);
      return true;
    }
    const exec = (mask & FAN.OPEN_EXEC_PERM) !== 0;
    if (state === INFECTED) {
      this.#counts.fromCache++;
      return this.#refuse(fd, pid, exec);
    }
    return this.#unknown(fd, pid, exec);
  };

  at(now: number): void {
    this.#now = now;
  }

  #allow(fd: number): true {
    answer(this.group, fd, FAN.ALLOW);
    return true;
  }

  /** Known to be infected: an exempt process may still read and replace it, but not run it. */
  #refuse(fd: number, pid: number, exec: boolean): true {
    const spared = pid === 1 || (!exec && this.#exempt.has(pid));
    const denied = this.#settings.mode === "deny" && !spared;
    answer(this.group, fd, denied ? FAN.DENY : FAN.ALLOW);
    if (denied) this.#counts.denied++;
    this.#say({ t: "refused", path: pathOf(fd), pid, exec, denied, kind: "scan" });
    return true;
  }

  #unknown(fd: number, pid: number, exec: boolean): boolean {
    if (this.silent) {
      this.#counts.unguarded++;
      return this.#allow(fd);
    }
    const identity = identityText(this.#facts.words);
    const open = this.#byIdentity.get(identity);
    const spared = this.#exempt.has(pid);
    if (spared) {
      this.#counts.exempt++;
      answer(this.group, fd, FAN.ALLOW);
      if (open || this.#asks.full) return true;
    } else if (open?.expired || (!open && this.#asks.full)) {
      this.#counts.expired++;
      answer(this.group, fd, this.#unsure);
      return true;
    } else if (open) {
      this.#asks.hold(open, fd);
      return false;
    }
    const ask = this.#asks.add((id) => ({
      id,
      group: this.group,
      held: [],
      lead: fd,
      deadline: this.#now + this.#settings.deadlineMs,
      expired: spared,
      identity,
      words: this.#facts.words.slice(),
      asked: Date.now(),
    }));
    this.#byIdentity.set(identity, ask);
    if (!spared) this.#asks.hold(ask, fd);
    this.#counts.asked++;
    this.#say({ t: "scan", id: ask.id, path: pathOf(fd), pid, fd, identity, exec });
    return false;
  }

  get #unsure(): number {
    return this.#settings.whenUnsure === "deny" ? FAN.DENY : FAN.ALLOW;
  }

  /** What the agent found. @param keep identity of what it looked at, null where that changed meanwhile */
  verdict(id: number, verdict: "allow" | "deny", keep: string | null): void {
    const ask = this.#asks.get(id);
    if (!ask) return;
    const infected = verdict === "deny";
    const sure = keep === ask.identity && ask.asked - changed(ask.words) > TICK;
    if (sure && this.#unchanged(ask)) {
      this.#known.set(ask.words, infected ? INFECTED : GOOD);
      if (!infected && this.#settings.ignoreMarks && this.#again.ofRootAlone) this.#askNoMore(ask.lead);
    }
    const denied = infected && this.#settings.mode === "deny";
    const count = this.#asks.let(ask, denied ? FAN.DENY : FAN.ALLOW);
    if (denied) this.#counts.denied += count;
    this.#drop(ask);
  }

  #unchanged(ask: ScanAsk): boolean {
    return this.#again.ofFd(ask.lead) && sameIdentity(this.#again.words, ask.words);
  }

  /** The kernel asks no more about this file until it is written to, or its inode leaves memory. */
  #askNoMore(fd: number): void {
    const flags = FAN.MARK_IGNORE | FAN.MARK_EVICTABLE;
    if (!this.#again.ofFd(fd)) return;
    if (!markOpen(this.group, FAN.MARK_ADD | flags, ASKED, fd)) return;
    this.#counts.ignored++;
    const before = this.#again.words.slice();
    // What was written before the mark did not clear it.
    const same = this.#again.ofFd(fd) && this.#known.get(this.#again.words) === GOOD;
    if (!same || !sameIdentity(before, this.#again.words))
      markOpen(this.group, FAN.MARK_REMOVE | FAN.MARK_IGNORE, ASKED, fd);
  }

  expire(now: number): void {
    this.#asks.expire(
      now,
      (ask) => {
        this.#counts.expired += ask.held.length;
        return this.#unsure;
      },
      (ask) => this.#byIdentity.delete(ask.identity),
    );
  }

  #drop(ask: ScanAsk): void {
    this.#byIdentity.delete(ask.identity);
    this.#asks.end(ask);
  }
}

const changed = (words: Uint32Array): number => words[24]! * 1000 + words[26]! / 1e6;
