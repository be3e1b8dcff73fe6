/** What the baseline learns of a content beside its digest: whether it is a program, and what it is compared with and rebuilt by later. */
import { hash } from "node:crypto";
import type { FileType } from "@thymus/contracts";
import { IDENTIFY_BYTES, identifyFile } from "@thymus/detection/identify";
import { marksOf } from "../monitors/marks.ts";
import { isProgram } from "../monitors/program-types.ts";
import type { Inspector } from "./content.ts";

export interface Seen {
  readonly type: FileType;
  /** Null for what is no program. */
  readonly program: {
    readonly whole: boolean;
    /** Hex; of head and tail only where the program is too large to be held. */
    readonly sha256: string;
    readonly signature: Uint8Array | null;
    readonly fingerprint: Uint8Array | null;
  } | null;
}

export function programInspector(maxBytes: number): Inspector {
  let type: FileType = "other";
  return {
    wants(head, name) {
      type = identifyFile(head.subarray(0, IDENTIFY_BYTES), name);
      return isProgram(type) ? maxBytes : 0;
    },
    see(whole, edges, digest): Seen {
      if (!isProgram(type)) return { type, program: null };
      if (whole === null) {
        const sha256 = hash("sha256", edges(), "hex");
        return { type, program: { whole: false, sha256, ...marksOf(null) } };
      }
      const known = Buffer.from(digest, "base64url");
      return { type, program: { whole: true, sha256: known.toString("hex"), ...marksOf(whole, known) } };
    },
  };
}
