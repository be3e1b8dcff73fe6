/** What stands in a package although its compressed bytes do not show it. */
import { openPackage } from "@thymus/repair";

/** Whether a text stands in a member of the package; false where it cannot be read. Never throws. */
export function packageHolds(tarball: Uint8Array, text: string): boolean {
  try {
    return openPackage(tarball).members.some(({ content }) => Buffer.from(content).includes(text));
  } catch {
    return false;
  }
}
