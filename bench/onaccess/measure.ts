import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, closeSync, copyFileSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { quantile } from "../shared/numbers.ts";
import type { Candidate } from "./candidates.ts";

export interface Row {
  readonly candidate: string;
  readonly what: string;
  /** Microseconds of the call itself, and more than without anybody asking. */
  readonly p50: number;
  readonly p99: number;
  readonly added50: number;
  readonly added99: number;
}

/** Files of root: the kernel may be told not to ask again. Files of a user: the answer comes from the agent's memory. */
const owners = { root: 0, user: 65534 } as const;
type Owner = keyof typeof owners;

/** Files of 8 KiB and a program, once for each owner. */
export function fill(target: string, count: number): void {
  for (const [owner, uid] of Object.entries(owners)) {
    const folder = `${target}/${owner}`;
    mkdirSync(folder);
    for (let index = 0; index < count; index++)
      writeFileSync(`${folder}/${index}`, `${owner} ${index}\n`.repeat(800).slice(0, 8192));
    copyFileSync("/bin/true", `${folder}/program`);
    chmodSync(`${folder}/program`, 0o755);
    for (const name of [...Array(count).keys(), "program"]) chownSync(`${folder}/${name}`, uid, uid);
  }
}

function timeOpen(path: string): number {
  const before = performance.now();
  const fd = openSync(path, "r");
  const after = performance.now();
  closeSync(fd);
  return (after - before) * 1000;
}

function timeExec(path: string): number {
  const before = performance.now();
  const { status } = spawnSync(path, { stdio: "ignore" });
  const after = performance.now();
  if (status !== 0) throw new Error(`${path} ended with ${status}`);
  return (after - before) * 1000;
}

/** Opens and runs the files of all candidates in turn. The first open of each file is a row of its own. */
export function measure(
  candidates: readonly Candidate[],
  files: number,
  rounds: number,
  execs: number,
): Row[] {
  const rows: Row[] = [];
  const names = Object.keys(owners) as Owner[];
  const times = new Map<string, number[]>();
  const whats = new Set<string>();
  const each = (
    what: (owner: Owner) => string,
    call: (path: string) => number,
    count: number,
    file?: string,
  ) => {
    for (const owner of names)
      for (let index = 0; index < count; index++)
        for (let turn = 0; turn < candidates.length; turn++) {
          // In turns from another one on, forward and backward: nobody always comes after the slowest.
          const candidate =
            candidates[(index + (index % 2 ? -turn : turn) + candidates.length) % candidates.length]!;
          const us = call(`${candidate.target}/${owner}/${file ?? index}`);
          whats.add(what(owner));
          collected.push([candidate, what(owner), us]);
        }
  };
  const collected: [Candidate, string, number][] = [];
  // Everything compiled before it counts.
  for (let turn = 0; turn < 2000; turn++) timeOpen("/dev/null");
  each(() => "open, first time", timeOpen, files);
  for (let round = 0; round < 2; round++) each(() => "", timeOpen, files);
  for (let round = 0; round < rounds; round++)
    each((owner) => `open, known, ${described[owner]}`, timeOpen, files);
  each(() => "", timeExec, Math.min(execs, 10), "program");
  each((owner) => `exec, known, ${described[owner]}`, timeExec, execs, "program");
  for (const [candidate, what, us] of collected) if (what) note(times, candidate, what, us);
  for (const what of whats) {
    if (!what) continue;
    const base = times.get(`${candidates[0]!.name}\0${what}`) ?? [];
    for (const candidate of candidates) {
      const all = times.get(`${candidate.name}\0${what}`) ?? [];
      const p50 = quantile(all, 0.5);
      const p99 = quantile(all, 0.99);
      rows.push({
        candidate: candidate.name,
        what,
        p50,
        p99,
        added50: p50 - quantile(base, 0.5),
        added99: p99 - quantile(base, 0.99),
      });
    }
  }
  return rows;
}

const described: Record<Owner, string> = {
  root: "root's file (ignore mark)",
  user: "a user's file (from the cache)",
};

function note(times: Map<string, number[]>, { name }: Candidate, what: string, us: number): void {
  const key = `${name}\0${what}`;
  const list = times.get(key);
  if (list) list.push(us);
  else times.set(key, [us]);
}
