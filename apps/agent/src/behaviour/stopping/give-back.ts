import { basename } from "node:path";
import { asThymusError } from "@thymus/contracts";
import { identifyFile } from "@thymus/detection";
import type { Copies } from "../../copies/copies.ts";
import type { ProtectedPaths } from "../../files/protected.ts";
import { readRegular, sha256Of } from "../../files/regular.ts";
import { holdFile } from "../../repair/hold.ts";
import type { OperationContext } from "../../repair/operation.ts";
import { putBack, putMissing } from "../../repair/put-back.ts";
import { lookAt } from "../content/look.ts";
import { becameNoise, isNoise } from "../patterns/documents-turned.ts";
import type { FileOutcome } from "./records.ts";

export interface GiveBackOptions {
  readonly context: OperationContext;
  readonly copies: Copies;
  readonly paths: ProtectedPaths;
  readonly rootOf: (path: string) => string | null;
}

/**
 * Brings one harmed document back: from its newest copy that can be read, else the newest from before an instant; what lies there now
 * is sealed in quarantine first. Never throws: the outcome says it.
 */
export async function bringBack(
  { context, copies, paths, rootOf }: GiveBackOptions,
  path: string,
  before: number,
): Promise<FileOutcome> {
  const said = (result: string, why: string | null = null): FileOutcome => ({ path, result, why });
  const why = "put back: a stopped process tree had changed it";
  try {
    const current = await readRegular(path, context.maxBytes);
    const digest = current?.whole ? sha256Of(current.bytes) : null;
    const clean = await newestReadable(copies, path, before);
    if (!clean) return said(current ? "lost" : "gone", "no copy of it that can be read is kept");
    if (clean.copy.sha256 === digest) return said("unchanged");
    paths.refuse(path);
    if (current && !current.whole) return said("failed", `it is larger than ${context.maxBytes} bytes now`);
    const root = rootOf(path);
    if (!current) await putMissing(context, clean.copy, clean.bytes, { root, why });
    else
      await putBack(context, {
        ...{ why, prescription: null, case: null, how: "put-back", also: async () => {} },
        ...{ copy: clean.copy, bytes: clean.bytes },
        subject: {
          ...{ path, root, facts: current.facts, bytes: current.bytes },
          type: identifyFile(clean.bytes, basename(path)),
        },
      });
    return said("back");
  } catch (thrown) {
    const error = asThymusError(thrown);
    return said(error.code === "PROTECTED_PATH" ? "refused" : "failed", `${error.code}: ${error.message}`);
  }
}

/** What others wrote since the tree began is not lost with what it wrote: its noise has a look of its own. */
export async function newestReadable(
  copies: Pick<Copies, "of" | "firstClean">,
  path: string,
  before: number,
) {
  const kept = await copies.of(path);
  for (const copy of kept) {
    const clean = await copies.firstClean([copy]);
    if (!clean) continue;
    const after = lookAt(clean.bytes);
    if (!isNoise(after) && !becameNoise({ path, fate: "written", before: null, after })) return clean;
  }
  return await copies.firstClean(kept.filter(({ at }) => Date.parse(at) < before));
}

/** Takes a file of noise that the tree wrote into quarantine, once the document that it stood for is back. */
export async function takeAway(
  { context, paths, rootOf }: GiveBackOptions,
  path: string,
): Promise<FileOutcome | null> {
  try {
    const content = await readRegular(path, context.maxBytes);
    if (!content?.whole) return null;
    paths.refuse(path);
    const { facts, bytes } = content;
    const entry = await holdFile(context, {
      subject: { path, root: rootOf(path), type: identifyFile(bytes, basename(path)), facts, bytes },
      ...{ why: "written by a stopped process tree in place of a document", prescription: null, case: null },
      also: async () => {},
    });
    return { path, result: "held", why: `quarantine ${entry}` };
  } catch (thrown) {
    const error = asThymusError(thrown);
    return { path, result: "failed", why: `${error.code}: ${error.message}` };
  }
}
