import { inodeOf } from "../files/identity.ts";
import { factsAt } from "../files/regular.ts";
import { severalAtOnce } from "./at-once.ts";

/** Does some work for each path, several files at the same time, but the names of one file in order: each changes what the others are. */
export async function eachFile(
  paths: readonly string[],
  work: (path: string) => Promise<void>,
): Promise<void> {
  const files = new Map<string, string[]>();
  for (const path of paths) {
    const facts = await factsAt(path).catch(() => null);
    const key = facts && facts.links > 1 ? inodeOf(facts) : path;
    const names = files.get(key);
    if (names) names.push(path);
    else files.set(key, [path]);
  }
  await severalAtOnce(files.values(), async (names) => {
    for (const path of names) await work(path);
  });
}
