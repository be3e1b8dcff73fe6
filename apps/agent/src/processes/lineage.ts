import type { Known } from "./table.ts";

/** The process, the one that started it, and so on. */
export function chainOf(known: Known): Known[] {
  const chain: Known[] = [];
  for (let at: Known | null = known; at && !chain.includes(at); at = at.parent) chain.push(at);
  return chain;
}

/** The highest process above this one that is still below a border (a login, a service manager ...). */
export function jobOf(known: Known, isBorder: (known: Known) => boolean): Known {
  let job = known;
  for (const each of chainOf(known)) {
    if (isBorder(each)) break;
    job = each;
  }
  return job;
}

/** The lowest process from which all of these descend, or one of them; null where there is none. */
export function commonRoot(processes: readonly Known[]): Known | null {
  const [first, ...rest] = processes;
  if (!first) return null;
  let shared = chainOf(first);
  for (const each of rest) {
    const chain = new Set(chainOf(each));
    shared = shared.filter((one) => chain.has(one));
  }
  return shared[0] ?? null;
}

/** A process and all that descend from it, of those given. */
export function treeOf(root: Known, all: Iterable<Known>): Known[] {
  const inside = new Map<Known, boolean>([[root, true]]);
  const belongs = (known: Known): boolean => {
    const path: Known[] = [];
    let at: Known | null = known;
    let answer = false;
    while (at) {
      const said = inside.get(at);
      if (said !== undefined) {
        answer = said;
        break;
      }
      path.push(at);
      inside.set(at, false);
      at = at.parent;
    }
    for (const each of path) inside.set(each, answer);
    return answer;
  };
  return [root, ...[...all].filter((known) => known !== root && belongs(known))];
}
