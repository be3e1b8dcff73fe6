import type { Migration } from "@thymus/store";
import { sql } from "kysely";
import { treesFromFiles } from "./trees-from-files.ts";

const first = [
  `create table file (path text primary key, root text not null, size integer not null, mtime_ns text not null,
     ctime_ns text not null, ino text not null, mode integer not null, type text not null, program integer not null,
     whole integer not null, sha256 text, signature blob, appeared text, accepted text not null, how text not null) strict`,
  `create index file_root on file (root)`,
  `create index file_sha256 on file (sha256)`,
  `create index file_appeared on file (appeared)`,
  `create table file_history (path text not null, sha256 text not null, mtime_ns text not null, at text not null,
     primary key (path, sha256)) strict`,
  `create table decoy (path text primary key, root text not null, kind text not null, content blob not null,
     sha256 text not null, mode integer not null, touched integer not null) strict`,
  `create table suspect_case (id text primary key, root text not null, path text not null, sha256 text not null, source text,
     sample text not null, step text not null, follows text, depth integer not null, attempts integer not null,
     next_try integer not null, announced integer not null, known text, outcome text, verdict text, why text, opened text not null,
     changed text not null) strict`,
  `create index suspect_case_step on suspect_case (step)`,
  `create table case_member (case_id text not null references suspect_case (id) on delete cascade, path text not null,
     sha256 text not null, score real not null, appeared integer not null, decoy integer not null, quarantine text,
     suspicion text, primary key (case_id, path, sha256)) strict`,
  `create index case_member_path on case_member (path, sha256)`,
  `create table prescription (id text primary key, state text not null, document text, why text, case_id text,
     scanned integer not null, changed text not null) strict`,
  `create table handled (prescription text not null, path text not null, result text not null, why text, before text,
     after text, at text not null, primary key (prescription, path)) strict`,
  `create table outcome (prescription text primary key, body text not null, sent integer not null) strict`,
  `create table event (id integer primary key autoincrement, case_id text, at text not null, what text not null,
     sent integer not null) strict`,
  `create index event_sent on event (sent)`,
  `create table quarantine (id text primary key, sha256 text not null, sealed integer not null, file text not null,
     at text not null, why text not null, case_id text, prescription text, state text not null, replaced_by text) strict`,
  `create table operation (id text primary key, kind text not null, path text not null, temporary text not null,
     before text, after text, quarantine text not null, prescription text, case_id text, root text, why text not null,
     at text not null) strict`,
  `create table allowed (path text not null, sha256 text not null, primary key (path, sha256)) strict`,
  `create table meta (key text primary key, value text not null) strict`,
];

const copies = [
  `create table copy_content (sha256 text primary key, sealed integer not null) strict`,
  `create table copy (path text not null, sha256 text not null references copy_content (sha256), size integer not null,
     mtime_ns text not null, ctime_ns text not null, file text not null, at text not null, primary key (path, sha256)) strict`,
  `create index copy_sha256 on copy (sha256)`,
];

const vault = [
  `create table sealed (object text primary key, bytes integer not null) strict, without rowid`,
  `alter table quarantine add column object text not null default ''`,
  `alter table quarantine add column inode text`,
  `alter table quarantine add column unproven integer not null default 0`,
  `update quarantine set object = id, unproven = (state = 'held')`,
  `insert into sealed (object, bytes) select id, sealed from quarantine where state in ('held', 'repaired')`,
  `create index quarantine_object on quarantine (object)`,
  `create index quarantine_inode on quarantine (inode) where inode is not null`,
  `create index quarantine_prescription on quarantine (prescription, state)`,
];

/** The schema of agent.db. A new step goes to the end; a step that was published never changes. */
export const migrations: readonly Migration[] = [
  {
    name: "001-first",
    async up(db) {
      for (const statement of first) await sql.raw(statement).execute(db);
    },
  },
  {
    name: "002-fingerprints",
    async up(db) {
      await sql.raw("alter table file add column fingerprint blob").execute(db);
      await sql.raw("alter table file_history add column fingerprint blob").execute(db);
    },
  },
  {
    name: "003-copies",
    async up(db) {
      for (const statement of copies) await sql.raw(statement).execute(db);
    },
  },
  {
    name: "004-vouched",
    async up(db) {
      await sql
        .raw(
          "create table vouched (path text primary key, marks text not null, sha256 text) strict, without rowid",
        )
        .execute(db);
    },
  },
  {
    name: "005-copies-gone",
    async up(db) {
      await sql.raw("create table copy_gone (path text primary key, since text not null) strict").execute(db);
      await sql.raw("create index copy_size on copy (size)").execute(db);
    },
  },
  {
    name: "006-vault",
    async up(db) {
      for (const statement of vault) await sql.raw(statement).execute(db);
    },
  },
  {
    name: "007-trees",
    up: treesFromFiles,
  },
  {
    name: "008-dropped",
    async up(db) {
      await sql
        .raw(
          "create table dropped (digest text primary key, prescription text not null, why text not null, at text not null) strict, without rowid",
        )
        .execute(db);
    },
  },
  {
    name: "009-own-files",
    async up(db) {
      await sql
        .raw(
          `create table own_file (path text primary key, kind text not null, marks text not null, sha256 text not null,
             mode integer not null, uid integer not null, gid integer not null, at text not null, told text) strict, without rowid`,
        )
        .execute(db);
    },
  },
  {
    name: "010-stopped-trees",
    async up(db) {
      await sql
        .raw(
          "create table stopped_tree (id text primary key, at text not null, state text not null, why text not null, program text not null, boot text not null, processes text not null, files text not null) strict",
        )
        .execute(db);
    },
  },
  {
    name: "011-stopped-work",
    async up(db) {
      await sql.raw("alter table stopped_tree add column work text").execute(db);
    },
  },
];
