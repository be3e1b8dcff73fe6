import { z } from "zod";
import { Count, Seconds } from "./common.ts";
import { Sha256 } from "./ids.ts";

export const CorpusDigest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** Trust level of a chamber: `isolated` has its own kernel, `shared-kernel` has not. */
export const ChamberInfo = z.strictObject({
  kind: z.enum(["qemu-kvm", "qemu-tcg", "bwrap"]),
  trust: z.enum(["isolated", "shared-kernel"]),
  /** sha256 over kernel, root file system and guest program. */
  image: Sha256,
});
export type ChamberInfo = z.infer<typeof ChamberInfo>;

/** Seconds by the wall clock; `chamber` is the sum over the runs. */
export const StageSeconds = z.strictObject({
  total: Seconds,
  chamber: Seconds,
  signature: Seconds,
  proof: Seconds,
});
export type StageSeconds = z.infer<typeof StageSeconds>;

/** What was shown before a prescription may act. Counts of decoys, by content; each repair was byte for byte. */
export const Proof = z.strictObject({
  decoys: z.strictObject({
    infected: Count,
    detected: Count,
    repaired: Count,
    freshInfected: Count,
    freshDetected: Count,
    freshRepaired: Count,
    /** Decoys infected by an infected decoy; absent where none spread it. */
    secondInfected: Count.optional(),
    secondDetected: Count.optional(),
    secondRepaired: Count.optional(),
  }),
  /** A rule of programs themselves, not of files that they infect: on how many it was tried. No decoy is in its proof then. */
  programs: z.strictObject({ samples: Count, detected: Count }).optional(),
  /** A rule made general over samples that came one after the other: all of the family's that it was tried on, and those of them that it was not learned from. */
  members: z
    .strictObject({ samples: Count, detected: Count, heldOut: Count, heldOutDetected: Count })
    .optional(),
  goodware: z.strictObject({ files: Count, bytes: Count, matches: Count, corpus: CorpusDigest }),
  /** sha256 of every specimen that the proof rests on; the first is the sample itself. */
  samples: z.array(Sha256).min(1).max(256),
  /** Digest of the evidence folder's manifest, with which the proof can be run again. */
  evidence: Sha256,
  chamber: ChamberInfo,
  seconds: StageSeconds,
});
export type Proof = z.infer<typeof Proof>;
