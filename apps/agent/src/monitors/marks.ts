import { fingerprintOf } from "@thymus/repair/fingerprint";
import { signatureOf } from "../suspicion/difference.ts";

export interface Marks {
  readonly signature: Uint8Array | null;
  readonly fingerprint: Uint8Array | null;
}

/**
 * What is kept of a content: by which foreign parts of a later one are found, and by which it is rebuilt.
 * @param sha256 of it, where that is known already
 */
export function marksOf(content: Uint8Array | null, sha256?: Uint8Array): Marks {
  if (content === null) return { signature: null, fingerprint: null };
  return { signature: signatureOf(content), fingerprint: fingerprintOf(content, sha256) };
}
