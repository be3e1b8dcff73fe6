/** Memory of a process and all that it started, from /proc. */
import { readdirSync, readFileSync } from "node:fs";

function childrenOf(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // Gone meanwhile.
    }
  }
  return children;
}

/** Bytes: `proportional` counts shared pages by their share, `own` only what nobody else has. */
export function memoryOf(pid: number): { proportional: number; own: number } {
  const children = childrenOf();
  const all = [pid];
  for (let at = 0; at < all.length; at++) all.push(...(children.get(all[at]!) ?? []));
  const sum = { proportional: 0, own: 0 };
  for (const one of all) {
    try {
      const text = readFileSync(`/proc/${one}/smaps_rollup`, "latin1");
      const of = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
      sum.proportional += of("Pss");
      sum.own += of("Private_Dirty") + of("Private_Clean");
    } catch {
      // Gone meanwhile.
    }
  }
  return sum;
}
