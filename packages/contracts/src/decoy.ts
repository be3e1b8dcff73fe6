import { z } from "zod";
import { FileType } from "./common.ts";
import { Sha256 } from "./ids.ts";

/** A file that nobody has a reason to touch, as it was before the sample ran. `path` is absolute in the guest. */
export const Decoy = z.strictObject({
  path: z.string().startsWith("/"),
  type: FileType,
  /** What it is among its type, e.g. `dynamic-small`, `static-large`. */
  kind: z.string().max(64),
  sha256: Sha256,
  mode: z.number().int(),
});
export type Decoy = z.infer<typeof Decoy>;
