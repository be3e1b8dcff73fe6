import { jobsMigration } from "@thymus/jobs";
import type { Migration } from "@thymus/store";
import { sql } from "kysely";

const tables = [
  `create table meta (key text primary key, value text not null) strict`,
  `create table token (hash text primary key, role text not null, expires integer not null, used_by text) strict`,
  `create table machine (
    id text primary key, role text not null, hostname text not null, public_key text not null unique,
    version text not null, enrolled integer not null, seen integer, health_json text) strict`,
  `create table nonce (nonce text primary key, at integer not null) strict`,
  `create index nonce_at on nonce (at)`,
  `create table incident (
    id text primary key, machine text not null references machine (id),
    stage text not null, outcome text, waits text, stored integer not null,
    verdict text, family text, prescription text, why text, deadline integer,
    sha256 text not null, size integer not null, name text not null, score real not null,
    sample_json text not null, report_json text,
    opened integer not null, changed integer not null, ended_revision integer,
    check ((stage = 'closed') = (outcome is not null)),
    check (stage <> 'person' or waits is not null)) strict`,
  `create index incident_stage on incident (stage, opened)`,
  `create index incident_opened on incident (opened, id)`,
  `create index incident_sample on incident (sha256)`,
  `create table opening (
    id text primary key, incident text not null references incident (id), machine text not null) strict`,
  `create index opening_machine on opening (machine, incident)`,
  `create index opening_incident on opening (incident)`,
  `create table history (
    id integer primary key, incident text not null references incident (id), at integer not null,
    stage text not null, machine text, what text not null) strict`,
  `create index history_incident on history (incident, id)`,
  `create table machine_event (
    machine text not null, incident text, at integer not null, what text not null, digest text not null unique) strict`,
  `create index machine_event_at on machine_event (machine, at)`,
  `create table prescription (
    id text primary key, incident text, patient text, state text not null, scope text not null,
    recalled integer, why text, published integer, document_json text) strict`,
  `create table specimen (
    sha256 text not null, prescription text not null, primary key (sha256, prescription)) strict`,
  `create table outcome (
    prescription text not null, machine text not null, incident text, at integer not null,
    healthy integer not null, why text, repaired integer not null, refused integer not null, failed integer not null,
    digest text not null, primary key (prescription, machine)) strict`,
];

/** The schema of the admin server, step by step. */
export const adminMigrations: readonly Migration[] = [
  jobsMigration,
  {
    name: "admin-001",
    async up(db) {
      for (const table of tables) await sql.raw(table).execute(db);
    },
  },
  {
    name: "admin-002-replaced",
    async up(db) {
      await sql.raw("alter table prescription add column replaced integer").execute(db);
      await sql.raw("alter table prescription add column replaced_by text").execute(db);
    },
  },
  {
    name: "admin-003-fleet",
    async up(db) {
      for (const table of [
        `create table fleet_file (machine text not null, sha256 blob not null, size integer not null,
          since integer not null, primary key (machine, sha256)) strict, without rowid`,
        `create index fleet_file_sha256 on fleet_file (sha256)`,
        `create table fleet_part (machine text not null, part integer not null, digest text not null,
          primary key (machine, part)) strict, without rowid`,
      ])
        await sql.raw(table).execute(db);
    },
  },
];
