/** What an intake takes, gives and promises. */
import type {
  CaseId,
  ImmunizeReport,
  Logger,
  Prescription,
  PrescriptionId,
  ThymusError,
} from "@thymus/contracts";
import type { Answer, Answered, SubmissionMeta } from "./answer.ts";

/** One sample whose turn it is. */
export interface Turn {
  /** Of the submission that came first with this content. */
  readonly id: CaseId;
  readonly file: string;
  readonly name: string;
  readonly sha256: string;
  /** The machine that submitted it first; null where that is unknown. */
  readonly submitter: string | null;
  /** Contents that wait or run now, this one included. */
  readonly busy: number;
  readonly signal: AbortSignal;
}

export interface Finished {
  readonly report: ImmunizeReport;
  readonly prescription: Prescription | null;
}

export interface IntakeOptions {
  readonly dataDir: string;
  /** Self, whose content is known to be clean; null for none. */
  readonly corpusDir: string | null;
  readonly cleanLists?: readonly string[];
  /** Machines of the fleet that must vouch for a sample; 0 or left out: none ever do. */
  readonly fleetClean?: number;
  /** Digest of the program and chamber: findings of another one are made anew. */
  readonly version: string;
  /** Submissions without an answer that may be held at once. */
  readonly capacity: number;
  /** Analyses at the same time. */
  readonly workers: number;
  /**
   * Analyses one sample. May be called again for the same sample after a kill. An error whose repetition may help
   * (`repeatable`) is tried again; any other ends as "gave up".
   */
  analyse(turn: Turn): Promise<Finished>;
  readonly repeatable?: (error: ThymusError) => boolean;
  /**
   * Whether another sample may be answered by this prescription at once; all that are not recalled unless told. One that
   * is still being tried on its patient belongs to that case alone.
   */
  readonly mayAnswerBy?: (prescription: PrescriptionId) => boolean;
  /** What took the place of a prescription that was replaced, or null. */
  readonly replacedBy?: (prescription: PrescriptionId) => Promise<PrescriptionId | null>;
  /** Called once an answer is written down; after a kill {@link Intake.undelivered} tells those that may have been missed. */
  readonly onAnswer?: (id: CaseId) => void;
  readonly log: Logger;
  readonly now?: () => number;
}

export interface Undelivered {
  readonly id: CaseId;
  readonly ticket: string;
  readonly answer: Answered;
}

export interface Intake {
  /**
   * Takes a sample. The same id again gives its present state.
   * @throws ThymusError what takeSample throws; CONFINEMENT_UNAVAILABLE; INTERRUPTED
   */
  submit(file: string, meta: SubmissionMeta): Promise<Answer>;
  answerOf(id: CaseId): Promise<Answer | null>;
  /** Submissions without an answer, by id with their tickets. */
  waiting(): Promise<{ id: CaseId; ticket: string | null; running: boolean }[]>;
  undelivered(): Promise<Undelivered[]>;
  delivered(id: CaseId): Promise<void>;
  /** Prescriptions that were withdrawn: nothing is answered by them any more. */
  recall(prescriptions: readonly string[]): Promise<void>;
  /** Forgets what was delivered long ago; to be called now and then. */
  prune(): Promise<void>;
  /** Submissions without an answer, how many of them are folded, contents that wait or run. */
  depth(): Promise<{ open: number; folded: number; contents: number; running: number }>;
  close(): Promise<void>;
}
