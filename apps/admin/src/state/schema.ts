import type { JobsDatabase } from "@thymus/jobs";
import type { Generated } from "kysely";

/** Times are milliseconds since 1970; fields named `..._json` hold JSON text; flags are 0 or 1. */
export interface AdminDatabase extends JobsDatabase {
  meta: { key: string; value: string };
  token: {
    hash: string;
    role: string;
    expires: number;
    used_by: string | null;
  };
  machine: {
    id: string;
    role: string;
    hostname: string;
    public_key: string;
    version: string;
    enrolled: number;
    seen: number | null;
    health_json: string | null;
  };
  nonce: { nonce: string; at: number };
  incident: IncidentTable;
  /** The ids under which machines opened a case: their own, or one folded into an earlier case. */
  opening: { id: string; incident: string; machine: string };
  history: {
    id: Generated<number>;
    incident: string;
    at: number;
    stage: string;
    machine: string | null;
    what: string;
  };
  /** Events that machines reported, to tell a repetition. */
  machine_event: { machine: string; incident: string | null; at: number; what: string; digest: string };
  prescription: {
    id: string;
    incident: string | null;
    patient: string | null;
    state: string;
    scope: string;
    recalled: number | null;
    why: string | null;
    published: number | null;
    /** When it retired, and for which other one; only while its state is `replaced`. */
    replaced: number | null;
    replaced_by: string | null;
    document_json: string | null;
  };
  /** A program that a machine's package manager vouches for, as the machine says; `sha256` as 32 bytes. */
  fleet_file: { machine: string; sha256: Uint8Array; size: number; since: number };
  /** Digest of all files of a machine whose first byte is `part`. */
  fleet_part: { machine: string; part: number; digest: string };
  /** Which sample a prescription answers. */
  specimen: { sha256: string; prescription: string };
  outcome: {
    prescription: string;
    machine: string;
    incident: string | null;
    at: number;
    healthy: number;
    why: string | null;
    repaired: number;
    refused: number;
    failed: number;
    digest: string;
  };
}

/** `case` is a word of SQL, so a case's table is called incident. */
interface IncidentTable {
  id: string;
  machine: string;
  stage: string;
  outcome: string | null;
  waits: string | null;
  stored: number;
  verdict: string | null;
  family: string | null;
  prescription: string | null;
  why: string | null;
  deadline: number | null;
  sha256: string;
  size: number;
  name: string;
  score: number;
  sample_json: string;
  report_json: string | null;
  opened: number;
  changed: number;
  /** Revision at which the case ended, for syncs. */
  ended_revision: number | null;
}
