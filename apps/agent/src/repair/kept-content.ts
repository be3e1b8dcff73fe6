import { asThymusError, type FileIdentity } from "@thymus/contracts";
import type { Copies } from "../copies/copies.ts";
import { knownContents } from "../monitors/baseline.ts";
import type { Database } from "../state/open.ts";

/** A clean content and how it came about, or why there is none. */
export type KeptContent =
  | { readonly repaired: Uint8Array; readonly how: string; readonly identity?: FileIdentity }
  | { readonly refused: string; readonly how: string };

/**
 * The last attempt of all: the copy of what the path's last accepted content was. Of a file whose content the baseline does not
 * know (a document), the newest copy.
 */
export async function keptContent(
  db: Database,
  copies: Copies,
  path: string,
  sha256: string,
): Promise<KeptContent> {
  const all = await copies.of(path);
  const known = await knownContents(db, path);
  const last = known.find((content) => content.sha256 !== sha256);
  const copy = all.find((each) => (last ? each.sha256 === last.sha256 : each.sha256 !== sha256));
  if (!copy) return { refused: "no copy of its clean content is kept", how: "" };
  try {
    const repaired = await copies.bytes(copy);
    return { repaired, how: `, by the copy of ${copy.at}`, identity: copy.identity };
  } catch (thrown) {
    return { refused: asThymusError(thrown).message, how: "" };
  }
}
