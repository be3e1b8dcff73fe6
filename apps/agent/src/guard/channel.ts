/** What the agent and the answering process say to each other: one JSON document a line, over a socket that both inherit. */

/** Milliseconds after the deadline in which a late verdict is still of use, to who asks next. */
export const LATE = 2000;

export interface AccessSettings {
  readonly mode: "observe" | "deny";
  readonly folders: readonly string[];
  readonly deadlineMs: number;
  readonly whenUnsure: "allow" | "deny";
  /** Whether the kernel may be told not to ask again about good files of root. */
  readonly ignoreMarks: boolean;
}

export interface DocumentSettings {
  readonly folders: readonly string[];
  /** Documents that one process tree may change before the agent is asked about it. */
  readonly files: number;
  readonly decoys: readonly string[];
  readonly deadlineMs: number;
}

/** Agent to answering process. */
export type Order =
  | { t: "begin"; agent: number; family: boolean; silentMs: number }
  | { t: "access"; settings: AccessSettings | null }
  | { t: "documents"; settings: DocumentSettings | null }
  /** There are other decoys now in the folders that are guarded. */
  | { t: "decoys"; paths: readonly string[] }
  | { t: "beat" }
  /** `keep`: the identity that was looked at, to be believed from now on; null where it may have changed. */
  | { t: "verdict"; kind: "scan" | "writer"; id: number; verdict: "allow" | "deny"; keep: string | null }
  /** What was decided before counts no more: the rules changed. */
  | { t: "forget" }
  /** A tree that was refused may go on. */
  | { t: "release"; tree: string };

/** Answering process to agent. */
export type Word =
  | { t: "begun"; pid: number }
  | { t: "beat"; counts: Counts }
  | {
      t: "scan";
      id: number;
      path: string;
      pid: number;
      /** Descriptor in the answering process by which exactly this file can be opened. */
      fd: number;
      identity: string;
      exec: boolean;
    }
  | {
      t: "writer";
      id: number;
      path: string;
      pid: number;
      key: string;
      tree: number[];
      files: string[];
      /** Of each of these files, the last process that changed it. */
      writers: number[];
      decoy: boolean;
    }
  | { t: "refused"; path: string; pid: number; exec: boolean; denied: boolean; kind: "scan" | "writer" }
  | { t: "trouble"; what: string }
  /** Its last word. */
  | { t: "fault"; what: string };

export interface Counts {
  /** Answers in all, and how they came about. */
  answered: number;
  fromCache: number;
  /** Not kept waiting because of who asked. */
  exempt: number;
  asked: number;
  denied: number;
  expired: number;
  /** Answered at once as the agent was silent. */
  unguarded: number;
  ignored: number;
  /** Distinct documents of all trees. */
  changed: number;
  /** Changes whose process was gone before it could be told whose child it was. */
  strays: number;
  waiting: number;
  /** Folders of documents that are marked. */
  folders: number;
}

/** Cuts what arrives into lines and reads each. */
export class Lines<T> {
  #rest = "";

  take(text: string): T[] {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    return lines.filter(Boolean).map((line) => JSON.parse(line) as T);
  }
}
