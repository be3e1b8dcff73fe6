import { inodeOf } from "../files/identity.ts";
import { factsAt } from "../files/regular.ts";

/** The names of each file together, in order: work on one of them changes what the others are. */
export async function namesOfOne(paths: readonly string[]): Promise<string[][]> {
  const files = new Map<string, string[]>();
  for (const path of paths) {
    const facts = await factsAt(path).catch(() => null);
    const key = facts && facts.links > 1 ? inodeOf(facts) : path;
    const names = files.get(key);
    if (names) names.push(path);
    else files.set(key, [path]);
  }
  return [...files.values()];
}
