/** Reads what a run brought back into one input for `understand`. The only file here that touches a disk. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileType, Theft } from "@thymus/contracts";
import type { ChamberResult, DecoySet, World } from "../chamber/chamber.ts";
import { type ChangedDecoy, matchRenamed } from "./decoy-facts.ts";
import type { RunInput } from "./view.ts";

/** Larger files are looked at by their name and digest only, in bytes. */
const MAX_CONTENT = 4 << 20;
/** Most bytes of all contents together. */
const MAX_ALL = 64 << 20;

/** @throws where a file that the result names cannot be read */
export async function loadRun(run: {
  readonly result: ChamberResult;
  readonly decoys: DecoySet;
  readonly world: World;
  readonly thefts: readonly Theft[];
  readonly sample: { readonly name: string; readonly type: FileType; readonly bytes: Uint8Array };
}): Promise<RunInput> {
  const { result, decoys, world, thefts, sample } = run;
  const changed: ChangedDecoy[] = [];
  const originals = new Map<string, Uint8Array>();
  for (const { decoy, state, after } of result.decoys) {
    const document = ["text", "other"].includes(decoy.type);
    if (state === "unchanged" && !document) continue;
    const before = await readFile(join(decoys.folder, decoy.sha256));
    if (document) originals.set(decoy.path, before);
    if (state !== "unchanged")
      changed.push({
        path: decoy.path,
        type: decoy.type,
        before,
        after: after ? await readFile(after) : null,
      });
  }
  const contents = new Map<string, Uint8Array>();
  let room = MAX_ALL;
  for (const { path, size, file } of result.dropped) {
    if (size > MAX_CONTENT || size > room) continue;
    room -= size;
    contents.set(path, await readFile(file));
  }
  const heirs = matchRenamed(
    changed.filter((decoy) => decoy.after === null).map((decoy) => decoy.path),
    result.dropped,
  );
  const renamed = new Map<string, Uint8Array>();
  for (const [path, heir] of heirs) {
    const file = result.dropped.find((each) => each.path === heir)!;
    renamed.set(path, contents.get(heir) ?? (await readFile(file.file)));
  }
  const published = new Map<string, Uint8Array>();
  for (const { file, size } of result.published)
    if (size <= MAX_CONTENT) published.set(file, await readFile(file));
  return { result, world, thefts, changed, renamed, sample, contents, originals, published };
}
