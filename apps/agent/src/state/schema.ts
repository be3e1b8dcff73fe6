import type { CaseOutcome, FileType, Verdict } from "@thymus/contracts";
import type { Generated } from "kysely";

/** A program of a watched root as it was accepted last: self, on this machine. Times in nanoseconds as text. */
export interface FileTable {
  path: string;
  root: string;
  size: number;
  mtime_ns: string;
  ctime_ns: string;
  ino: string;
  mode: number;
  type: FileType;
  /** 1 where the content is a program. */
  program: number;
  /** 0 where the file is too large to be read whole: then `sha256` covers only its head and tail. */
  whole: number;
  /** Null for what is no program. */
  sha256: string | null;
  /** Block signature of the content, with which foreign regions of a later version are found. */
  signature: Uint8Array | null;
  /** What a clean file is rebuilt by; null for what is no program and for what was accepted before there were any. */
  fingerprint: Uint8Array | null;
  /** Instant at which it appeared, or null where the first baseline already had it. */
  appeared: string | null;
  accepted: string;
  /** Why it is accepted: `first-baseline`, `owner-change`, `package-manager`, `repaired` ... */
  how: string;
}

/** A folder of a tree whose integrity is kept. Paths and names of trees are byte strings (integrity/byte-string.ts). */
export interface TreeFolderTable {
  id: Generated<number>;
  path: string;
}

/** Anything in such a folder, as it was accepted last: files, links, folders, devices. Of programs `file` tells more. */
export interface TreeEntryTable {
  folder: number;
  name: string;
  /** integrity/stamp.ts */
  stamp: string;
  /** Of the whole content (of a link: its target), base64url; null where it was not read yet. */
  sha256: string | null;
  program: number;
  /** Number of the making of a baseline that recorded it; 0: recorded otherwise. */
  run: number;
}

/** Earlier accepted contents of a program, so that a repair can be compared with them. */
export interface FileHistoryTable {
  path: string;
  sha256: string;
  mtime_ns: string;
  at: string;
  fingerprint: Uint8Array | null;
}

export interface DecoyTable {
  path: string;
  root: string;
  kind: string;
  content: Uint8Array;
  sha256: string;
  mode: number;
  /** How often it was touched since its root's case was opened. */
  touched: number;
}

/** Stages of a case on this machine, in order; each is one idempotent step of the outbox. */
export type CaseStep = "suspected" | "spooled" | "sealed" | "opened" | "uploaded" | "closed";

export interface SuspectCaseTable {
  id: string;
  root: string;
  path: string;
  sha256: string;
  /** Quarantine entry that holds the sample's bytes, or null: then they lie at `path`. */
  source: string | null;
  /** SampleMeta as JSON. */
  sample: string;
  step: CaseStep;
  /** The case before it of the same incident, or null. */
  follows: string | null;
  depth: number;
  attempts: number;
  /** Earliest instant of the next attempt, milliseconds since 1970. */
  next_try: number;
  /** 1 once the server knows the case. */
  announced: number;
  known: string | null;
  outcome: CaseOutcome | null;
  verdict: Verdict | null;
  why: string | null;
  opened: string;
  changed: string;
}

/** The changed files of a case. */
export interface CaseMemberTable {
  case_id: string;
  path: string;
  sha256: string;
  score: number;
  appeared: number;
  decoy: number;
  quarantine: string | null;
  /** Reasons and observations as JSON, for a later case about this file. */
  suspicion: string | null;
}

/** `replaced`: another active one answers for it; its document and all that it did are kept. */
export type PrescriptionState = "wanted" | "active" | "refused" | "recalled" | "replaced";

export interface PrescriptionTable {
  id: string;
  state: PrescriptionState;
  document: string | null;
  why: string | null;
  case_id: string | null;
  /** 1 once the watched roots have been scanned with it. */
  scanned: number;
  changed: string;
}

/** What a prescription did to one file. */
export interface HandledTable {
  prescription: string;
  path: string;
  result: "repaired" | "not-infected" | "refused" | "failed";
  why: string | null;
  before: string | null;
  after: string | null;
  at: string;
}

export interface OutcomeTable {
  prescription: string;
  /** ReportOutcome as JSON. */
  body: string;
  sent: number;
}

export interface EventTable {
  id: Generated<number>;
  case_id: string | null;
  at: string;
  what: string;
  sent: number;
}

export interface QuarantineTable {
  id: string;
  sha256: string;
  /** Bytes of the sealed file. */
  sealed: number;
  /** FileIdentity as JSON. */
  file: string;
  at: string;
  why: string;
  case_id: string | null;
  prescription: string | null;
  state: "held" | "repaired" | "restored" | "deleted";
  /** sha256 of what took its place, or null. */
  replaced_by: string | null;
  /** The sealed content that it has; entries of equal contents have one together. */
  object: string;
  /** Which inode it was, or null: entries with the same were names of one file. */
  inode: string | null;
  /** 1 where nothing that this machine knows shows that it was right: it was taken away, or its new content was never self. */
  unproven: number;
}

/** A sealed content of the quarantine, under a name that says nothing of it. It lives while an entry needs it. */
export interface SealedTable {
  object: string;
  /** Bytes of the sealed file. */
  bytes: number;
}

/** A content that crashed the agent or was wrong here: by its digest it is never loaded again. */
export interface DroppedTable {
  digest: string;
  prescription: string;
  why: string;
  at: string;
}

/** A file of Thymus itself as it was last seen, and what was told of its last change, or null. */
export interface OwnFileTable {
  path: string;
  kind: string;
  marks: string;
  sha256: string;
  mode: number;
  uid: number;
  gid: number;
  at: string;
  told: string | null;
}

/** A clean content that a path had once. */
export interface CopyTable {
  path: string;
  sha256: string;
  size: number;
  mtime_ns: string;
  ctime_ns: string;
  /** FileIdentity as JSON. */
  file: string;
  at: string;
}

/** A copied file that is gone, and since when that is known. */
export interface CopyGoneTable {
  path: string;
  since: string;
}

/** A sealed content in DIR/agent/copies, once for all paths that have it. */
export interface CopyContentTable {
  sha256: string;
  /** Bytes of the sealed file. */
  sealed: number;
}

/** The journal: an unfinished change of an owner's file. A restart finishes it or takes it back. */
export interface OperationTable {
  id: string;
  kind: "repair" | "hold" | "restore";
  path: string;
  /** Full path of the temporary file in the same folder. */
  temporary: string;
  before: string | null;
  after: string | null;
  quarantine: string;
  prescription: string | null;
  case_id: string | null;
  /** Root that the file belongs to, or null. */
  root: string | null;
  why: string;
  at: string;
}

/** Contents that the owner gave back by hand: never refused again at that path. */
export interface AllowedTable {
  path: string;
  sha256: string;
}

/** What was found of a file that a package manifest names, so that it is read once. */
export interface VouchedTable {
  path: string;
  /** Size, place and times of the file, and the digests of the manifests: where one differs, it is read anew. */
  marks: string;
  /** Null where it is no program, or not the content that the manifests name. */
  sha256: string | null;
}

/** A process tree that was stopped; written down before the first signal. */
export interface StoppedTreeTable {
  id: string;
  at: string;
  state: "suspended" | "ended" | "resumed" | "gone";
  why: string;
  program: string;
  /** The machine's start in which it ran. */
  boot: string;
  /** Members as JSON. */
  processes: string;
  /** What it changed and what became of that, as JSON. */
  files: string;
  /** What is still to be done about it, as JSON; null where nothing is. */
  work: string | null;
}

export interface MetaTable {
  key: string;
  value: string;
}

export interface AgentDatabase {
  file: FileTable;
  file_history: FileHistoryTable;
  tree_folder: TreeFolderTable;
  tree_entry: TreeEntryTable;
  decoy: DecoyTable;
  suspect_case: SuspectCaseTable;
  case_member: CaseMemberTable;
  prescription: PrescriptionTable;
  handled: HandledTable;
  outcome: OutcomeTable;
  event: EventTable;
  quarantine: QuarantineTable;
  sealed: SealedTable;
  dropped: DroppedTable;
  own_file: OwnFileTable;
  copy: CopyTable;
  copy_content: CopyContentTable;
  copy_gone: CopyGoneTable;
  operation: OperationTable;
  allowed: AllowedTable;
  vouched: VouchedTable;
  stopped_tree: StoppedTreeTable;
  meta: MetaTable;
}
