import { posix } from "node:path";
import type { Theft, TraceEvent } from "@thymus/contracts";
import type { HoneyCredential, World } from "../../chamber/chamber.ts";
import { guestUser } from "../../chamber/layout.ts";
import { isRightfulTool } from "./services.ts";

/** Folders against which a relative path may have been meant: where a sample starts, and home. */
const folders = [guestUser.downloads, guestUser.home];

/** Finds the credential that a path of the trace means, which may be relative to a folder that nobody told. */
export function credentialFinder(world: World): (path: string) => HoneyCredential | null {
  const honey = new Map(world.honey.map((one) => [one.path, one]));
  const known = new Map<string, HoneyCredential | null>();
  const find = (raw: string): HoneyCredential | null => {
    const path = raw.replace(/^\/proc\/(self|\d+)\/root(?=\/)/, "").replace(/^~(?=\/)/, guestUser.home);
    if (path.startsWith("/")) return honey.get(posix.normalize(path)) ?? null;
    for (const folder of folders) {
      const found = honey.get(posix.join(folder, path));
      if (found) return found;
    }
    // From any other folder: only where no other file of the world could be meant.
    const rest = posix.normalize(path).replace(/^(\.\.\/)+/, "");
    const meant = world.files.filter((file) => file.path.endsWith(`/${rest}`));
    return meant.length > 0 && meant.every((file) => honey.has(file.path))
      ? honey.get(meant[0]!.path)!
      : null;
  };
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const found = find(path);
    known.set(path, found);
    return found;
  };
}

/** Honey credentials that a process opened for reading, each with the first that did. A shell's look at its history is none. */
export function findReads(world: World, trace: readonly TraceEvent[]): Theft[] {
  const find = credentialFinder(world);
  const thefts = new Map<string, Theft>();
  for (const event of trace) {
    if (event.what !== "open-read" || event.path === undefined) continue;
    const credential = find(event.path);
    if (!credential) continue;
    const rightful = isRightfulTool(credential, event.comm);
    if (rightful && credential.kind === "shell-history") continue;
    const before = thefts.get(credential.path);
    if (before && !(before.rightful && !rightful)) continue;
    thefts.set(credential.path, {
      credential: credential.kind,
      path: credential.path,
      how: "read",
      t: event.t,
      evidence: `process ${event.pid} (${event.comm}) opened ${credential.path} for reading`.slice(0, 1024),
      rightful,
      pid: event.pid,
    });
  }
  return [...thefts.values()];
}
