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
 * know (a document), the newest copy. Where an active rule finds it (it was accepted and copied before the rule was known), the next
 * older one that no rule finds; of a program only one that the baseline knows.
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
  const start = all.findIndex((each) => (last ? each.sha256 === last.sha256 : each.sha256 !== sha256));
  if (start < 0) return { refused: "no copy of its clean content is kept", how: "" };
  const accepted = new Set(known.map((content) => content.sha256));
  const candidates = all
    .slice(start)
    .filter((each) => each.sha256 !== sha256 && (!last || accepted.has(each.sha256)));
  try {
    const clean = await copies.firstClean(candidates);
    if (!clean) return { refused: "an active rule finds every copy of it that is kept", how: "" };
    const { at, identity } = clean.copy;
    return { repaired: clean.bytes, how: `, by the copy of ${at}`, identity };
  } catch (thrown) {
    return { refused: asThymusError(thrown).message, how: "" };
  }
}
