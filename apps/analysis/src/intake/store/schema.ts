/** What an intake keeps: submissions, findings of finished analyses, rules; beside the queue's own table. */
import { type JobsDatabase, jobsMigration } from "@thymus/jobs";
import type { Migration } from "@thymus/store";
import { sql } from "kysely";

/** One submission. Times are milliseconds since 1970. */
export interface SubmissionTable {
  /** A case id. */
  id: string;
  sha256: string;
  name: string;
  type: string;
  size: number;
  urgency: number;
  state: "queued" | "folded" | "answered";
  /** For `folded`: whose result it waits for, and whether it is the same content or only nearly. */
  into_sha256: string | null;
  near: number;
  /** Text of the giver, given back with the answer. */
  ticket: string | null;
  submitted: number;
  answered: number | null;
  answered_by: string | null;
  /** ImmunizeReport as JSON text. */
  report: string | null;
  prescription: string | null;
  /** 1 once the giver has the answer. */
  delivered: number;
  /** The machine from which it comes; null where that is unknown, or nobody else. */
  submitter: string | null;
}

/** What is remembered of a finished analysis. */
export interface FindingTable {
  sha256: string;
  type: string;
  verdict: string;
  family: string | null;
  prescription: string | null;
  report: string;
  sketch: string | null;
  /** Digest of the program and chamber that found it. */
  version: string;
  found: number;
}

/** A rule of a prescription that this centre made. */
export interface RuleTable {
  prescription: string;
  family: string;
  source: string;
  scope: string;
  /** Finding from which answers by this rule are made. */
  sha256: string;
  recalled: number;
}

/** Sketches of what waits, by content. */
export interface SketchTable {
  sha256: string;
  type: string;
  size: number;
  sketch: string;
}

export interface IntakeDatabase extends JobsDatabase {
  submission: SubmissionTable;
  finding: FindingTable;
  rule: RuleTable;
  sketch: SketchTable;
}

export const intakeMigrations: readonly Migration[] = [
  jobsMigration,
  {
    name: "intake-001",
    async up(db) {
      await sql`create table submission (
        id text primary key,
        sha256 text not null,
        name text not null,
        type text not null,
        size integer not null,
        urgency integer not null,
        state text not null check (state in ('queued', 'folded', 'answered')),
        into_sha256 text,
        near integer not null,
        ticket text,
        submitted integer not null,
        answered integer,
        answered_by text,
        report text,
        prescription text,
        delivered integer not null
      ) strict`.execute(db);
      await sql`create index submission_open on submission (sha256) where state <> 'answered'`.execute(db);
      await sql`create index submission_into on submission (into_sha256) where state = 'folded'`.execute(db);
      await sql`create index submission_undelivered on submission (id) where state = 'answered' and delivered = 0`.execute(
        db,
      );
      await sql`create table finding (
        sha256 text primary key,
        type text not null,
        verdict text not null,
        family text,
        prescription text,
        report text not null,
        sketch text,
        version text not null,
        found integer not null
      ) strict`.execute(db);
      await sql`create table rule (
        prescription text primary key,
        family text not null,
        source text not null,
        scope text not null,
        sha256 text not null,
        recalled integer not null
      ) strict`.execute(db);
      await sql`create table sketch (
        sha256 text primary key,
        type text not null,
        size integer not null,
        sketch text not null
      ) strict`.execute(db);
    },
  },
  {
    name: "intake-002",
    async up(db) {
      await sql`alter table submission add column submitter text`.execute(db);
    },
  },
];
