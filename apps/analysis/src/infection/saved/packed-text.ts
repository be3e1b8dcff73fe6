import { gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { equalBytes, view } from "../bytes.ts";
import type { Span } from "../hunk.ts";
import type { Saved } from "./saved.ts";

const forms = { raw: inflateRawSync, zlib: inflateSync, gzip: gunzipSync } as const;
const RUN = /[A-Za-z0-9+/]{64,}={0,2}/g;
/** Of fewer bytes the packed form is as long as they are. */
const MIN_CLEAN = 64;
/** Runs of letters that are tried in one file. */
const MAX_RUNS = 16;

/** Clean bytes that were deflated, the result written as one run of base64. */
export function packedText(clean: Uint8Array, after: Uint8Array, spans: readonly Span[]): Saved[] {
  if (clean.length < MIN_CLEAN) return [];
  for (const { start, end } of spans) {
    let tried = 0;
    for (const run of view(after).toString("latin1", start, end).matchAll(RUN)) {
      if (++tried > MAX_RUNS) break;
      const packed = Buffer.from(run[0], "base64");
      for (const form of ["raw", "zlib", "gzip"] as const) {
        if (!gives(packed, form, clean)) continue;
        const undo = [{ kind: "base64" }, { kind: "inflate", form }] as const;
        return [{ at: start + run.index, length: run[0].length, encoding: "inflate", undo }];
      }
    }
  }
  return [];
}

function gives(packed: Uint8Array, form: keyof typeof forms, clean: Uint8Array): boolean {
  try {
    return equalBytes(forms[form](packed, { maxOutputLength: clean.length + 1 }), clean);
  } catch {
    return false;
  }
}
