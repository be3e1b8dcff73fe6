import type { AccessSettings, Counts, Word } from "../channel.ts";
import { type Ask, Asks } from "./asks.ts";
import { boundsOf } from "./bounds.ts";
import { Facts, REGULAR } from "./calls.ts";
import type { Exempt } from "./exempt.ts";
import { answer, FAN, flush, mark, markOpen, openPermissions } from "./fanotify.ts";
import { localFileSystem } from "./file-systems.ts";
import { GOOD, INFECTED, identityText, type Known, sameIdentity, WRITTEN } from "./known.ts";
import { pathBytes } from "./library.ts";
import { NOBODY, openForWriting, SOMEBODY, UNTOLD } from "./open-for-writing.ts";
import { pathOf } from "./paths.ts";

interface ScanAsk extends Ask {
  readonly identity: string;
  readonly words: Uint32Array;
  /** Milliseconds since 1970 */
  readonly asked: number;
  /** Somebody had it open for writing while it was asked about. */
  written: boolean;
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
  readonly #answerMs: number;
  #now = 0;
  #told = true;

  constructor(options: {
    settings: AccessSettings;
    counts: Counts;
    exempt: Exempt;
    known: Known;
    say: (word: Word) => boolean;
  }) {
    this.#settings = options.settings;
    this.#answerMs = boundsOf(options.settings.deadlineMs).answerMs;
    this.#counts = options.counts;
    this.#exempt = options.exempt;
    this.#known = options.known;
    this.#say = options.say;
  }

  get soonest(): number {
    return this.#asks.soonest;
  }

  get due(): number {
    return this.#asks.due;
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
    // Who opens a file for writing from now on is not seen.
    this.#known.forget();
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
    if ((mask & ASKED) === 0) return this.#closed(fd);
    this.#counts.answered++;
    if (pid === this.#exempt.agent) return this.#allow(fd);
    const facts = this.#facts;
    if (!facts.ofFd(fd) || facts.kind !== REGULAR || facts.empty) return this.#allow(fd);
    const state = this.#known.get(facts.words);
    const exec = (mask & FAN.OPEN_EXEC_PERM) !== 0;
    if (state === INFECTED) {
      this.#counts.fromCache++;
      return this.#refuse(fd, pid, exec);
    }
    const written = this.#openForWriting(fd);
    const good = written ? (state === GOOD || state === WRITTEN) && !exec : state === GOOD;
    if (!good) return this.#unknown(fd, pid, exec, written);
    this.#counts.fromCache++;
    if (written) this.#doubt(fd);
    answer(this.group, fd, FAN.ALLOW);
    if (!written && this.#settings.ignoreMarks && facts.ofRootAlone) this.#askNoMore(fd);
    return true;
  };

  /** Also for whoever is asking: somebody can change the content from now on, and need not be seen doing so. */
  #openForWriting(fd: number): boolean {
    const found = openForWriting(fd);
    if (found === UNTOLD && this.#told) {
      this.#told = false;
      this.#say({
        t: "trouble",
        what: "on-access: the kernel does not tell which files are open for writing",
      });
    }
    return found === SOMEBODY;
  }

  /** A file that was good is open for writing (`#facts`): once nobody has it so any more it is asked about again. */
  #doubt(fd: number): void {
    if (this.#known.get(this.#facts.words) === GOOD) this.#known.set(this.#facts.words, WRITTEN);
    if (this.#settings.ignoreMarks) this.#askAgain(fd);
  }

  /** Somebody who had it open for writing, without being asked, closed a file that bears an ignore mark. */
  #closed(fd: number): true {
    if (this.#facts.ofFd(fd)) this.#doubt(fd);
    return true;
  }

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

  #unknown(fd: number, pid: number, exec: boolean, written: boolean): boolean {
    if (this.silent) {
      this.#counts.unguarded++;
      return this.#allow(fd);
    }
    const identity = identityText(this.#facts.words);
    const open = this.#byIdentity.get(identity);
    if (open) open.written ||= written;
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
      deadline: this.#now + this.#answerMs,
      expired: spared,
      identity,
      words: this.#facts.words.slice(),
      asked: Date.now(),
      written,
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
      const written = ask.written || this.#openForWriting(ask.lead);
      this.#known.set(ask.words, infected ? INFECTED : written ? WRITTEN : GOOD);
      if (!infected && !written && this.#settings.ignoreMarks && this.#again.ofRootAlone)
        this.#askNoMore(ask.lead);
    }
    const denied = infected && this.#settings.mode === "deny";
    const count = this.#asks.let(ask, denied ? FAN.DENY : FAN.ALLOW);
    if (denied) this.#counts.denied += count;
    this.#drop(ask);
  }

  #unchanged(ask: ScanAsk): boolean {
    return this.#again.ofFd(ask.lead) && sameIdentity(this.#again.words, ask.words);
  }

  /**
   * The kernel asks no more about this file until it is written to, or its inode leaves memory. What is written through
   * memory does not end that, so it tells when somebody closes it who had it open for writing.
   */
  #askNoMore(fd: number): void {
    if (!this.#again.ofFd(fd)) return;
    if (!markOpen(this.group, FAN.MARK_ADD | FAN.MARK_EVICTABLE, FAN.CLOSE_WRITE, fd)) return;
    if (!markOpen(this.group, FAN.MARK_ADD | FAN.MARK_EVICTABLE | FAN.MARK_IGNORE, ASKED, fd)) return;
    this.#counts.ignored++;
    const before = this.#again.words.slice();
    // What was written, or opened to be written, before the marks lay there.
    const same = this.#again.ofFd(fd) && this.#known.get(this.#again.words) === GOOD;
    if (!same || !sameIdentity(before, this.#again.words) || openForWriting(fd) !== NOBODY)
      this.#askAgain(fd);
  }

  #askAgain(fd: number): void {
    markOpen(this.group, FAN.MARK_REMOVE | FAN.MARK_IGNORE, ASKED, fd);
    markOpen(this.group, FAN.MARK_REMOVE, FAN.CLOSE_WRITE, fd);
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
