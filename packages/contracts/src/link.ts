/**
 * What agents and the analysis centre say to the admin server. Every body is sealed with HPKE to the server's public key
 * and answered under a key exported from the same context, so that any plain HTTP proxy may lie between.
 * `POST /link/v1/enrol` and `POST /link/v1/message` carry it; `PUT /link/v1/samples/:case` carries a sealed sample.
 */
import { z } from "zod";
import { Verdict } from "./behaviour.ts";
import { Count, Instant } from "./common.ts";
import { errorCodes } from "./errors.ts";
import { FLEET_PARTS, FleetCount, MAX_PART_FILES, VouchedFile } from "./fleet.ts";
import { CaseId, Family, MachineId, PrescriptionId, Sha256 } from "./ids.ts";
import { RepairOutcome } from "./scan.ts";
import { SampleMeta } from "./suspicion.ts";

/** Base64url without padding. */
export const Base64Url = z.string().regex(/^[A-Za-z0-9_-]*$/);

export const EnrolRequest = z.strictObject({
  type: z.literal("enrol"),
  /** The secret half of the one-time token. */
  secret: Base64Url,
  role: z.enum(["agent", "analysis"]),
  hostname: z.string().max(255),
  /** Ed25519 public key (raw, base64url) with which this party signs its messages from now on. */
  publicKey: Base64Url,
  version: z.string().max(32),
  /** Only from an analysis centre: to whom samples are sealed, and the first TUF root (JSON text). */
  analysis: z.strictObject({ recipient: z.string(), tufRoot: z.string() }).nullable(),
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;

export const EnrolReply = z.strictObject({
  type: z.literal("enrolled"),
  machine: MachineId,
  /** age recipient of the analysis centre; null until one is enrolled. */
  recipient: z.string().nullable(),
  tufRoot: z.string().nullable(),
});
export type EnrolReply = z.infer<typeof EnrolReply>;

/** How completely a machine is watched. */
export const Coverage = z.strictObject({
  source: z.enum(["fanotify", "inotify", "mixed", "none"]),
  /** Folders, or mounted file systems, whose events arrive. */
  folders: Count,
  /** Times that the kernel lost events or the watch began anew, each followed by a comparison. */
  gaps: Count,
  /** When all roots were last compared with the baseline. */
  compared: Instant.nullable(),
  /** Why events do not come from the source that tells most; null where they do. */
  reason: z.string().max(512).nullable().optional(),
});
export type Coverage = z.infer<typeof Coverage>;

/** Agent: what is new for me? Held by the server up to `waitSeconds` while nothing is. */
export const SyncRequest = z.strictObject({
  type: z.literal("sync"),
  /** Revision of the last answer, or 0. */
  known: Count,
  waitSeconds: z.number().min(0).max(30),
  health: z.strictObject({
    version: z.string().max(32),
    active: z.array(PrescriptionId).max(10_000),
    watched: z.array(z.string().max(4096)).max(256),
    files: Count,
    lostEvents: Count,
    blind: z.string().nullable(),
    /** How completely the machine is watched. */
    coverage: Coverage.optional(),
    /** What a person should know: content that was dropped, a full disk, a paused scan. */
    notices: z.array(z.string().max(1024)).max(64).optional(),
  }),
});
export type SyncRequest = z.infer<typeof SyncRequest>;

export const SyncReply = z.strictObject({
  type: z.literal("synced"),
  revision: Count,
  /** Prescriptions that this machine shall have active; their content comes from the TUF repository only. */
  assigned: z.array(PrescriptionId).max(10_000),
  recalled: z.array(PrescriptionId).max(10_000),
  /** Prescriptions that retired, each with the active one that answers for it now. What they did stays done. */
  replaced: z
    .array(z.strictObject({ id: PrescriptionId, by: PrescriptionId }))
    .max(10_000)
    .optional(),
  recipient: z.string().nullable(),
  tufRoot: z.string().nullable(),
  /** Cases of this machine that ended, so that it can stop to hold what waited for them. */
  cases: z.array(
    z.strictObject({
      id: CaseId,
      outcome: z.string(),
      verdict: Verdict.nullable(),
      why: z.string().nullable(),
    }),
  ),
});
export type SyncReply = z.infer<typeof SyncReply>;

/** Agent: I open this case. Idempotent by id. The server answers whether it wants the sealed sample. */
export const OpenCase = z.strictObject({ type: z.literal("open-case"), id: CaseId, sample: SampleMeta });
export type OpenCase = z.infer<typeof OpenCase>;
export const OpenCaseReply = z.strictObject({
  type: z.literal("case-opened"),
  /** False where an active case or prescription already answers this sample. */
  upload: z.boolean(),
  known: PrescriptionId.nullable(),
});
export type OpenCaseReply = z.infer<typeof OpenCaseReply>;

/** Agent: a prescription was carried out here (for the patient: `case` is its case). Idempotent by (machine, prescription). */
export const ReportOutcome = z.strictObject({
  type: z.literal("outcome"),
  prescription: PrescriptionId,
  case: CaseId.nullable(),
  /** Each file that the prescription's rule found; empty where the machine was only made immune. */
  files: z.array(RepairOutcome).max(10_000),
  healthy: z.boolean(),
  why: z.string().nullable(),
});
export type ReportOutcome = z.infer<typeof ReportOutcome>;

/** Agent: events for the timeline of a case or the machine (refused, repaired, quarantined, blind ...). */
export const ReportEvents = z.strictObject({
  type: z.literal("events"),
  events: z
    .array(z.strictObject({ case: CaseId.nullable(), at: Instant, what: z.string().max(2048) }))
    .max(1000),
});
export type ReportEvents = z.infer<typeof ReportEvents>;

/**
 * Agent: this is what I hold, as digests of its parts; null where a part is empty, and what the server holds of it is
 * forgotten. Whoever stops to contribute offers nothing but nulls.
 */
export const OfferSelf = z.strictObject({
  type: z.literal("self-offer"),
  parts: z.array(Sha256.nullable()).length(FLEET_PARTS),
});
export type OfferSelf = z.infer<typeof OfferSelf>;
export const OfferSelfReply = z.strictObject({
  type: z.literal("self-wanted"),
  /** Parts that the server holds otherwise. */
  parts: z
    .array(
      z
        .number()
        .int()
        .min(0)
        .max(FLEET_PARTS - 1),
    )
    .max(FLEET_PARTS),
});

/** Agent: one part whole, in place of what the server holds of it. Idempotent. */
export const SelfPart = z.strictObject({
  type: z.literal("self-part"),
  part: z
    .number()
    .int()
    .min(0)
    .max(FLEET_PARTS - 1),
  files: z.array(VouchedFile).min(1).max(MAX_PART_FILES),
});
export type SelfPart = z.infer<typeof SelfPart>;

/** Analysis centre: give me work. Held up to `waitSeconds`. A lease that runs out is given again. */
export const ClaimWork = z.strictObject({
  type: z.literal("claim"),
  waitSeconds: z.number().min(0).max(30),
  leaseSeconds: z.number().min(10).max(3600),
});
export type ClaimWork = z.infer<typeof ClaimWork>;
export const ClaimReply = z.strictObject({
  type: z.literal("claimed"),
  work: z
    .strictObject({
      case: CaseId,
      lease: z.string(),
      sample: SampleMeta,
      /** Machines whose word counts that the sample is a file of a package: not those that suspect it, nor any of late. */
      fleet: FleetCount.optional(),
    })
    .nullable(),
  /** Prescriptions that were withdrawn here: nothing may be answered by them any more. */
  recalled: z.array(PrescriptionId).max(10_000).optional(),
  /** Prescriptions that every machine has: another sample of their family may be answered by them at once. */
  everywhere: z.array(PrescriptionId).max(10_000).optional(),
  /** Prescriptions that retired because every machine has what replaces them: they are no targets any more. */
  replaced: z.array(PrescriptionId).max(10_000).optional(),
});
export type ClaimReply = z.infer<typeof ClaimReply>;

/** Analysis centre: still at it. */
export const RenewLease = z.strictObject({
  type: z.literal("renew"),
  case: CaseId,
  lease: z.string(),
  leaseSeconds: z.number().min(10).max(3600),
  progress: z.string().max(256),
});
export type RenewLease = z.infer<typeof RenewLease>;

/** Analysis centre: the end of an analysis. Idempotent by case. */
export const ReportAnalysis = z.strictObject({
  type: z.literal("analysed"),
  case: CaseId,
  lease: z.string(),
  verdict: Verdict,
  family: Family.nullable(),
  prescription: PrescriptionId.nullable(),
  gaveUp: z.strictObject({ code: z.string(), why: z.string() }).nullable(),
  /** The report as JSON text (ImmunizeReport), kept for the case page. */
  report: z.string().max(1 << 20),
});
export type ReportAnalysis = z.infer<typeof ReportAnalysis>;

/** Analysis centre: files of the TUF repository, in the order in which they must appear (timestamp last). */
export const PublishFiles = z.strictObject({
  type: z.literal("publish"),
  files: z
    .array(z.strictObject({ path: z.string().regex(/^[A-Za-z0-9._/-]{1,256}$/), content: Base64Url }))
    .max(64),
});
export type PublishFiles = z.infer<typeof PublishFiles>;

export const Done = z.strictObject({ type: z.literal("done") });
export const Refusal = z.strictObject({
  type: z.literal("refused"),
  code: z.enum(errorCodes),
  message: z.string(),
  hint: z.string(),
});
export type Refusal = z.infer<typeof Refusal>;

export const LinkRequest = z.discriminatedUnion("type", [
  SyncRequest,
  OpenCase,
  ReportOutcome,
  ReportEvents,
  OfferSelf,
  SelfPart,
  ClaimWork,
  RenewLease,
  ReportAnalysis,
  PublishFiles,
]);
export type LinkRequest = z.infer<typeof LinkRequest>;
export const LinkReply = z.discriminatedUnion("type", [
  EnrolReply,
  SyncReply,
  OpenCaseReply,
  OfferSelfReply,
  ClaimReply,
  Done,
  Refusal,
]);
export type LinkReply = z.infer<typeof LinkReply>;

/**
 * What is inside a sealed request: who, when, a number used once, and the body. The whole envelope's bytes are signed by
 * `machine`'s Ed25519 key; the signature travels sealed beside it.
 */
export const LinkEnvelope = z.strictObject({
  machine: MachineId.nullable(),
  at: Instant,
  nonce: Base64Url,
  body: z.union([EnrolRequest, LinkRequest]),
});
export type LinkEnvelope = z.infer<typeof LinkEnvelope>;

/** The token that `thymus up` prints and `thymus join` takes: one-time secret and the server's public key, base64url JSON. */
export const JoinToken = z.strictObject({
  version: z.literal(1),
  secret: Base64Url,
  /** X25519 public key of the admin server (raw, base64url). */
  server: Base64Url,
});
export type JoinToken = z.infer<typeof JoinToken>;

/** Signature over a sample upload, in a sealed header document: binds case and ciphertext digest to the machine. */
export const SampleUpload = z.strictObject({
  case: CaseId,
  ciphertext: Sha256,
  machine: MachineId,
  at: Instant,
});
export type SampleUpload = z.infer<typeof SampleUpload>;
