import { z } from "zod";
import { Count, Hex, Instant } from "./common.ts";
import { CaseId, PrescriptionId, QuarantineId, Sha256 } from "./ids.ts";

/** Everything that a restore gives back beside the content. Times are nanoseconds since 1970 as decimal text. */
export const FileIdentity = z.strictObject({
  path: z.string(),
  mode: z.number().int(),
  uid: z.number().int(),
  gid: z.number().int(),
  size: Count,
  atimeNs: z.string().regex(/^-?\d+$/),
  mtimeNs: z.string().regex(/^-?\d+$/),
  /** Extended attributes, name to hex value (capabilities and ACLs are among them). */
  xattrs: z.record(z.string(), Hex),
  /** Attributes that chattr(1) sets: immutable, append only, no dump, synchronous, no access time; the kernel's bits. */
  flags: Count.optional(),
  /** True where not all of it took room on the disk. */
  sparse: z.boolean().optional(),
  /** Device, number and birth of its inode: entries that have the same were names (hard links) of one file. */
  inode: z.string().max(128).optional(),
  /** Names that it had, its own among them, and those of the others that were known. */
  links: Count.optional(),
  names: z.array(z.string()).max(64).optional(),
  /** Mode and owner of its folder, of the folder around that, and so on: for where they are gone. */
  folders: z
    .array(z.tuple([z.number().int(), z.number().int(), z.number().int()]))
    .max(64)
    .optional(),
});
export type FileIdentity = z.infer<typeof FileIdentity>;

export const QuarantineEntry = z.strictObject({
  id: QuarantineId,
  sha256: Sha256,
  file: FileIdentity,
  at: Instant,
  why: z.string(),
  case: CaseId.nullable(),
  prescription: PrescriptionId.nullable(),
  /** `held`: only here; `repaired`: a repaired file took its place; `restored` and `deleted` end it. */
  state: z.enum(["held", "repaired", "restored", "deleted"]),
});
export type QuarantineEntry = z.infer<typeof QuarantineEntry>;
