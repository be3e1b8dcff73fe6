/**
 * What an analysis saw, in full: `facts.json` of a case. The report page and the STIX export are made of it. Everything
 * here came from a hostile program's run and is text to be escaped, never to be trusted.
 */
import { z } from "zod";
import { Behaviour, SampleFacts, Severity, Technique, TraceEvent, Verdict } from "./behaviour.ts";
import { Count, FileType, Hex, Seconds } from "./common.ts";
import { CaseId, Family, Sha256 } from "./ids.ts";
import { ChamberInfo } from "./proof.ts";

/** Seconds since the sample started, in the run that is named. */
const Time = z.number();
const Line = z.string().max(1024);
const Path = z.string().max(4096);

/** One exchange with the chamber's fake internet. No packet of it left the chamber. */
export const NetworkRecord = z.strictObject({
  t: Time,
  protocol: z.enum(["dns", "http", "https", "smtp", "tls", "tcp", "udp"]),
  /** Name asked for, or to which the address belongs; null where the sample never asked for one. */
  name: z.string().max(255).nullable(),
  /** As the sample addressed it; empty for a question to the name server. */
  address: z.string().max(64),
  port: z.number().int().min(0).max(65535),
  /** In one line, e.g. `GET /update.sh`, `A example.org`, `PUT /left-pad (publish 1.3.1)`. */
  what: Line,
  bytesOut: Count,
  bytesIn: Count,
  /** Start of what the sample sent, unprintable characters replaced. */
  excerpt: z.string().max(4096),
});
export type NetworkRecord = z.infer<typeof NetworkRecord>;

/** What became of a honey credential: `read` alone is no theft; `sent` and `used` prove one. */
export const Theft = z.strictObject({
  /** Name of the credential's kind, e.g. `npm-token`, `aws-key`, `ssh-key`. */
  credential: z.string().max(64),
  path: Path,
  how: z.enum(["read", "sent", "used"]),
  t: Time,
  evidence: Line,
  /** Host that received it; left out for `read`. */
  to: z.string().max(255).optional(),
  /** The receiver is the service to which the credential belongs, or the reader the tool that keeps it there. */
  rightful: z.boolean().optional(),
  /** Process that read it. */
  pid: z.number().int().optional(),
});
export type Theft = z.infer<typeof Theft>;

/** How the sample was started in one run. */
export const RunFacts = z.strictObject({
  /** `plain`, `fresh decoys`, `second generation`, or what was varied. */
  label: z.string().max(128),
  ended: z.enum(["exited", "timeout", "host-timeout"]),
  exitStatus: z.number().int().nullable(),
  seconds: Seconds,
  traceEvents: Count,
  traceLost: Count,
  changedDecoys: Count,
});
export type RunFacts = z.infer<typeof RunFacts>;

/** One step of what happened, in plain words. */
export const StoryStep = z.strictObject({
  t: Time,
  what: Line,
  technique: Technique.nullable(),
  evidence: Line,
  weight: z.enum(["note", "suspicious", "harmful"]),
});
export type StoryStep = z.infer<typeof StoryStep>;

export const ProcessFacts = z.strictObject({
  pid: z.number().int(),
  ppid: z.number().int().nullable(),
  /** Last program that it became, or the name that the kernel gave it. */
  command: Path,
  started: Time,
  ended: Time.nullable(),
  /** Number of trace events of this process by kind, e.g. `{"open-write": 12}`. */
  did: z.partialRecord(TraceEvent.shape.what, Count),
});
export type ProcessFacts = z.infer<typeof ProcessFacts>;

export const TouchedFile = z.strictObject({
  path: Path,
  what: z.enum(["created", "changed", "deleted", "renamed"]),
  decoy: z.boolean(),
  type: FileType,
  /** Bytes after the run; null where it is gone. */
  size: Count.nullable(),
  sha256: Sha256.nullable(),
});
export type TouchedFile = z.infer<typeof TouchedFile>;

/** One changed place of one decoy. `before`, `removed`, `inserted`, `after`: bytes as hex, each at most 512 bytes. */
export const DiffHunk = z.strictObject({
  at: Count,
  before: Hex,
  removed: Hex,
  removedLength: Count,
  inserted: Hex,
  insertedLength: Count,
  after: Hex,
});
export type DiffHunk = z.infer<typeof DiffHunk>;
export const DecoyDiff = z.strictObject({ path: Path, type: FileType, hunks: z.array(DiffHunk).max(8) });
export type DecoyDiff = z.infer<typeof DecoyDiff>;

export const AnalysisFacts = z.strictObject({
  version: z.literal(1),
  case: CaseId,
  sample: SampleFacts,
  /** As it was handed in. */
  name: z.string().max(255),
  verdict: Verdict,
  severity: Severity,
  why: z.string().max(4096),
  family: Family.nullable(),
  chamber: ChamberInfo,
  behaviour: z.array(Behaviour).max(200),
  runs: z.array(RunFacts).max(16),
  story: z.array(StoryStep).max(200),
  processes: z.array(ProcessFacts).max(300),
  files: z.array(TouchedFile).max(1000),
  network: z.array(NetworkRecord).max(300),
  thefts: z.array(Theft).max(64),
  diffs: z.array(DecoyDiff).max(16),
  counts: z.strictObject({
    decoys: Count,
    changed: Count,
    missing: Count,
    /** Before the lists above were cut to their limits. */
    processes: Count,
    files: Count,
    network: Count,
  }),
});
export type AnalysisFacts = z.infer<typeof AnalysisFacts>;
