/** What is remembered of families. */
import type { Migration } from "@thymus/store";
import { type Generated, sql } from "kysely";

export interface FamilyTable {
  name: string;
  /** Milliseconds since 1970. */
  made: number;
}

/** One sample of a family. */
export interface MemberTable {
  sha256: string;
  family: string;
  /** 1 where a rule for it is of the program itself, 0 where it is of what it infects. */
  program: number;
  /** The machine that sent it; null for the operator of this installation. */
  submitter: string | null;
  /** KinSketch as JSON. */
  sketch: string;
  case_id: string;
  /** The prescription that stands for it now, or null. */
  stands: string | null;
  /** 1 where its evidence is kept. */
  evidence: number;
  added: number;
}

/** Lowest values of a member's sketches, by which relatives are looked up. */
export interface FeatureTable {
  value: number;
  sha256: string;
}

export interface PrescriptionTable {
  id: string;
  family: string;
  /** Prescription as JSON. */
  document: string;
  /** `made`: not published yet, so that nothing may replace it. */
  state: "made" | "active" | "retired" | "recalled";
  replaced_by: string | null;
  made: number;
}

/** What stood for a member before: it stands again when what took its place is withdrawn. The highest id is the latest. */
export interface StoodTable {
  id: Generated<number>;
  sha256: string;
  prescription: string;
}

export interface FamilyDatabase {
  family: FamilyTable;
  member: MemberTable;
  feature: FeatureTable;
  prescription: PrescriptionTable;
  stood: StoodTable;
}

export const familyMigrations: readonly Migration[] = [
  {
    name: "families-001",
    async up(db) {
      await sql`create table family (name text primary key, made integer not null) strict`.execute(db);
      await sql`create table member (
        sha256 text primary key,
        family text not null references family (name),
        program integer not null,
        submitter text,
        sketch text not null,
        case_id text not null,
        stands text,
        evidence integer not null,
        added integer not null
      ) strict`.execute(db);
      await sql`create index member_family on member (family)`.execute(db);
      await sql`create table feature (
        value integer not null,
        sha256 text not null references member (sha256) on delete cascade,
        primary key (value, sha256)
      ) strict, without rowid`.execute(db);
      await sql`create table prescription (
        id text primary key,
        family text not null references family (name),
        document text not null,
        state text not null check (state in ('made', 'active', 'retired', 'recalled')),
        replaced_by text,
        made integer not null
      ) strict`.execute(db);
      await sql`create index prescription_family on prescription (family)`.execute(db);
    },
  },
  {
    name: "families-002",
    async up(db) {
      await sql`create table stood (
        id integer primary key autoincrement,
        sha256 text not null references member (sha256) on delete cascade,
        prescription text not null,
        unique (sha256, prescription)
      ) strict`.execute(db);
    },
  },
];
