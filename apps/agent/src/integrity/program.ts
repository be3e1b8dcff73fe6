/** What the baseline learns of a content beside its digest: whether it is a program, and what it is compared with and rebuilt by later. */
import { createHash } from "node:crypto";
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
    see(whole, edges): Seen {
      if (!isProgram(type)) return { type, program: null };
      const sha256 = createHash("sha256")
        .update(whole ?? edges())
        .digest("hex");
      return { type, program: { whole: whole !== null, sha256, ...marksOf(whole) } };
    },
  };
}
