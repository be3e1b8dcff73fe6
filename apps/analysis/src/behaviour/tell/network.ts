import type { NetworkRecord } from "@thymus/contracts";
import type { RunView } from "../view.ts";

const MAX_RECORDS = 300;

/** What was exchanged, without what was sent in full; of equal questions for a name the first. */
export function tellNetwork(view: RunView): { network: NetworkRecord[]; count: number } {
  const asked = new Set<string>();
  const records = view.result.network.flatMap(({ sent: _, ...record }): NetworkRecord[] => {
    const key = `${record.what} ${record.name}`;
    if (record.protocol === "dns" && asked.has(key)) return [];
    asked.add(key);
    return [record];
  });
  return { network: records.slice(0, MAX_RECORDS), count: view.result.network.length };
}
