import { z } from "zod";
import { Count, FileType } from "./common.ts";
import { Sha256 } from "./ids.ts";

/** One line of a chamber's trace: a fact that the guest's kernel saw. `t` is seconds since the sample started. */
export const TraceEvent = z.strictObject({
  t: z.number(),
  pid: z.number().int(),
  ppid: z.number().int().optional(),
  /** Short name of the process as the kernel knows it. */
  comm: z.string().max(64),
  what: z.enum([
    "exec",
    "fork",
    "exit",
    "open-write",
    "open-read",
    "mkdir",
    "link",
    "unlink",
    "rename",
    "chmod",
    "chown",
    "utime",
    "connect",
    "send",
    "bind",
    "listen",
    "ptrace",
    "inject",
    "kill",
    "mmap-exec",
    "memfd",
    "setid",
    "capability",
    "namespace",
    "mount",
    "module",
    "prctl",
    "sleep",
    "lost",
  ]),
  path: z.string().max(4096).optional(),
  detail: z.string().max(4096).optional(),
});
export type TraceEvent = z.infer<typeof TraceEvent>;

export const Verdict = z.enum([
  "infector",
  "ransomware",
  "wiper",
  "dropper",
  "worm",
  "thief",
  "harmless",
  "unknown",
]);
export type Verdict = z.infer<typeof Verdict>;

/** How bad it would be on a machine that is in use. */
export const Severity = z.enum(["none", "low", "medium", "high", "critical"]);
export type Severity = z.infer<typeof Severity>;

/** Identifier of a technique of MITRE ATT&CK for Enterprise, e.g. T1554 or T1059.004. */
export const Technique = z.string().regex(/^T\d{4}(\.\d{3})?$/);
export type Technique = z.infer<typeof Technique>;

/** A technique of MITRE ATT&CK (e.g. T1554), in plain words, bound to the evidence that shows it. */
export const Behaviour = z.strictObject({
  technique: Technique,
  what: z.string(),
  evidence: z.string(),
});
export type Behaviour = z.infer<typeof Behaviour>;

export const Mechanism = z.enum(["prepend", "append", "insert", "cavity", "overwrite", "encode", "mixed"]);
export type Mechanism = z.infer<typeof Mechanism>;

/** How the sample changed its hosts. Bytes are counted over the invariant part of what was inserted. */
export const Infection = z.strictObject({
  mechanism: Mechanism,
  targets: z.array(FileType),
  invariantBytes: Count,
  /** Number of distinct inserted bodies seen. */
  variants: Count,
});
export type Infection = z.infer<typeof Infection>;

export const SampleFacts = z.strictObject({ sha256: Sha256, size: Count, type: FileType });
export type SampleFacts = z.infer<typeof SampleFacts>;

export const GaveUp = z.strictObject({ code: z.string(), why: z.string() });
