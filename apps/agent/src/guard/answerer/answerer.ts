import type { Counts, Order } from "../channel.ts";
import { Access } from "./access.ts";
import { AgentSocket } from "./agent-socket.ts";
import { type Bounds, boundsOf, endOf } from "./bounds.ts";
import { closeFd, POLL_BROKEN, POLLIN, poll } from "./calls.ts";
import { DeadMan } from "./dead-man.ts";
import { takeEvents } from "./events.ts";
import { Exempt } from "./exempt.ts";
import { Known } from "./known.ts";
import { Trees } from "./trees.ts";
import { Writers } from "./writers.ts";

/** Descriptor of the socket to the agent. */
const AGENT = 3;
/** Milliseconds between two signs of life. */
const BEAT = 100;
/** Milliseconds after which the programs that are never held are resolved anew. */
const REFRESH = 5000;
/** Milliseconds: stands for a deadline where none was set yet. */
const NO_DEADLINE = 1000;

/** The loop: takes events, answers them, hears the agent, and winds the dead man's timer up. */
export class Answerer {
  readonly #agent = new AgentSocket(AGENT);
  readonly #known = new Known();
  readonly #counts: Counts = {
    answered: 0,
    fromCache: 0,
    exempt: 0,
    asked: 0,
    denied: 0,
    expired: 0,
    unguarded: 0,
    ignored: 0,
    changed: 0,
    strays: 0,
    waiting: 0,
    folders: 0,
  };
  #deadMan: DeadMan | null = null;
  readonly #deadlines = { access: NO_DEADLINE, documents: NO_DEADLINE };
  /** Of the shortest deadline that was promised. */
  #bounds: Bounds = boundsOf(NO_DEADLINE);
  #exempt: Exempt | null = null;
  #access: Access | null = null;
  #writers: Writers | null = null;
  #silentMs = 1000;
  #heard = 0;
  #silent = false;
  #said = 0;
  #refreshed = 0;
  /** struct pollfd: agent, permission group, group of writers, group of changes. */
  readonly #fds = new Int32Array(8);

  /** Never returns. A fault ends the process, and says why: an event that was not answered must not stay with it. */
  run(): never {
    try {
      for (;;) {
        this.#wait(performance.now());
        this.#round(performance.now());
      }
    } catch (error) {
      this.#agent.say({ t: "fault", what: (error as Error).stack ?? String(error) });
      process.exit(1);
    }
  }

  #wait(now: number): void {
    const fds = this.#fds;
    fds[0] = AGENT;
    fds[2] = this.#access?.group ?? -1;
    fds[4] = this.#writers?.group ?? -1;
    fds[6] = this.#writers?.changes ?? -1;
    for (let index = 1; index < 8; index += 2) fds[index] = POLLIN;
    const busy = this.#writers?.busy ?? false;
    // A turn comes well before the timer rings.
    const next = Math.min(
      this.#said + BEAT,
      this.#access?.soonest ?? Number.POSITIVE_INFINITY,
      this.#writers?.soonest ?? Number.POSITIVE_INFINITY,
      now + this.#bounds.endMs / 4,
    );
    const timeout = busy ? 0 : Math.max(0, Math.min(BEAT, Math.ceil(next - now)));
    if (poll(fds, 4, timeout) < 0) fds[1] = fds[3] = fds[5] = fds[7] = 0;
  }

  #wind(now: number): void {
    const due = Math.min(
      this.#access?.due ?? Number.POSITIVE_INFINITY,
      this.#writers?.due ?? Number.POSITIVE_INFINITY,
    );
    this.#deadMan?.wind(now, endOf(this.#bounds, now, due), this.#bounds.endMs / 8);
  }

  #round(now: number): void {
    this.#wind(now);
    const fds = this.#fds;
    this.#access?.at(now);
    // The group of changes first: a process that asks for its next document must be known by what it did to the last.
    if (fds[7]! >>> 16 || fds[5]! >>> 16) this.#writers?.drain(now);
    if (fds[3]! >>> 16 && this.#access) takeEvents(this.#access.group, this.#access.take);
    if (fds[5]! >>> 16 && this.#writers) takeEvents(this.#writers.group, this.#writers.take);
    const agent = fds[1]! >>> 16;
    if (agent & POLLIN) {
      const orders = this.#agent.take();
      if (orders === null) process.exit(0);
      for (const order of orders) this.#obey(order, now);
    } else if (agent & POLL_BROKEN) process.exit(0);
    this.#access?.expire(now);
    this.#writers?.expire(now);
    this.#wind(now);
    this.#writers?.work(now);
    if (now - this.#said >= BEAT) this.#beat(now);
  }

  #beat(now: number): void {
    this.#said = now;
    this.#counts.waiting = (this.#access?.waiting ?? 0) + (this.#writers?.waiting ?? 0);
    this.#counts.folders = this.#writers?.folders ?? 0;
    this.#agent.say({ t: "beat", counts: this.#counts });
    if (this.#heard > 0 && !this.#silent && now - this.#heard > this.#silentMs) this.#fallSilent();
    if (now - this.#refreshed < REFRESH) return;
    this.#refreshed = now;
    this.#exempt?.refresh();
  }

  /** The agent says nothing: nobody shall wait for it, and nothing be asked until it is back. */
  #fallSilent(): void {
    this.#silent = true;
    for (const part of [this.#access, this.#writers]) {
      if (!part) continue;
      part.silent = true;
      part.unwatch();
    }
  }

  #hear(now: number): void {
    this.#heard = now;
    if (!this.#silent) return;
    this.#silent = false;
    for (const part of [this.#access, this.#writers]) {
      if (!part) continue;
      part.silent = false;
      part.watch();
    }
  }

  #obey(order: Order, now: number): void {
    this.#hear(now);
    try {
      this.#carryOut(order);
    } catch (error) {
      this.#agent.say({ t: "trouble", what: (error as Error).message });
    }
  }

  #carryOut(order: Order): void {
    switch (order.t) {
      case "begin":
        this.#exempt = new Exempt(order.agent, order.family);
        this.#silentMs = order.silentMs;
        this.#deadMan = new DeadMan();
        this.#agent.say({ t: "begun", pid: process.pid });
        break;
      case "access":
        this.#promise("access", order.settings?.deadlineMs);
        this.#setAccess(order.settings);
        break;
      case "documents":
        this.#promise("documents", order.settings?.deadlineMs);
        this.#setDocuments(order.settings);
        break;
      case "decoys":
        this.#writers?.watchDecoys(order.paths);
        break;
      case "verdict":
        if (order.kind === "scan") this.#access?.verdict(order.id, order.verdict, order.keep);
        else this.#writers?.verdict(order.id, order.verdict);
        break;
      case "forget":
        this.#access?.forget();
        break;
      case "release":
        this.#writers?.release(order.tree);
        break;
      case "beat":
        break;
    }
  }

  #promise(what: "access" | "documents", deadlineMs = NO_DEADLINE): void {
    this.#deadlines[what] = deadlineMs;
    this.#bounds = boundsOf(Math.min(...Object.values(this.#deadlines)));
  }

  #setAccess(settings: Extract<Order, { t: "access" }>["settings"]): void {
    if (this.#access) {
      this.#access.unwatch();
      closeFd(this.#access.group);
      this.#access = null;
    }
    if (!settings || !this.#exempt) return;
    const say = this.#agent.say.bind(this.#agent);
    this.#access = new Access({
      settings,
      counts: this.#counts,
      exempt: this.#exempt,
      known: this.#known,
      say,
    });
    this.#access.watch();
  }

  #setDocuments(settings: Extract<Order, { t: "documents" }>["settings"]): void {
    this.#writers?.close();
    this.#writers = null;
    if (!settings || !this.#exempt) return;
    this.#writers = new Writers({
      settings,
      counts: this.#counts,
      exempt: this.#exempt,
      trees: new Trees(this.#exempt),
      say: this.#agent.say.bind(this.#agent),
    });
    this.#writers.watch();
  }
}
