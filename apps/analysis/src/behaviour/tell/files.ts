import { createHash } from "node:crypto";
import { Sha256, type TouchedFile } from "@thymus/contracts";
import type { RunView } from "../view.ts";

const MAX_FILES = 1000;
const digest = (bytes: Uint8Array) => Sha256.parse(createHash("sha256").update(bytes).digest("hex"));

/** Decoys and files that are other ones after the run, decoys first. */
export function tellFiles(view: RunView): { files: TouchedFile[]; count: number } {
  const { result, input } = view;
  const dropped = new Map(result.dropped.map((file) => [file.sha256, file]));
  const decoys = new Map(
    result.decoys.flatMap((outcome) => (outcome ? [[outcome.decoy.path, outcome.decoy]] : [])),
  );
  const found: TouchedFile[] = [];
  for (const { path, type, after } of input.changed) {
    if (after) {
      found.push({ path, what: "changed", decoy: true, type, size: after.length, sha256: digest(after) });
      continue;
    }
    const moved = dropped.get(decoys.get(path)?.sha256 ?? "") !== undefined || input.renamed.has(path);
    found.push({ path, what: moved ? "renamed" : "deleted", decoy: true, type, size: null, sha256: null });
  }
  for (const { path, type, size, sha256 } of result.dropped)
    found.push({
      ...{ path, type, size, decoy: false, what: view.wasThere(path) ? "changed" : "created" },
      sha256: Sha256.parse(sha256),
    });
  const still = new Set(result.dropped.map((file) => file.path));
  const gone = new Set(
    view.events.flatMap((event) =>
      event.what === "unlink" &&
      event.path &&
      view.world.files.some((file) => !file.root && file.path === event.path)
        ? [event.path]
        : [],
    ),
  );
  for (const path of gone)
    if (!still.has(path))
      found.push({ path, what: "deleted", decoy: false, type: "other", size: null, sha256: null });
  return { files: found.slice(0, MAX_FILES), count: found.length };
}
