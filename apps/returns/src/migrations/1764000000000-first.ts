import { grants, protect, serviceSchema } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const owner = 'returns_owner';

const aggregates = `
create table "return_case" (
  "id" uuid primary key,
  "owner" text not null,
  "organisations" text[] not null,
  "case_ref" text,
  "state" text not null,
  "version" integer not null,
  "due_at" timestamptz,
  "created_at" timestamptz not null,
  "updated_at" timestamptz not null,
  "sealed" bytea,
  "requested_by" text,
  "origin_office" text,
  "origin_consent" text,
  "reception_plan" uuid,
  "reintegration_case" uuid,
  "reintegration_declined" boolean,
  "counselled_at" timestamptz,
  "decision_recorded_by" text,
  "decided_at" timestamptz,
  "not_cleared_at" timestamptz,
  "reconfirmed_at" timestamptz,
  "departed_at" timestamptz,
  "arrived_at" timestamptz,
  "failed_at" timestamptz,
  "received_at" timestamptz,
  "escort_required" boolean,
  "safe_arrival_call" boolean,
  "consent_ended" boolean,
  "cancelled_for" text
);
create table "reception_plan" (
  "id" uuid primary key,
  "owner" text not null,
  "organisations" text[] not null,
  "case_ref" text,
  "state" text not null,
  "version" integer not null,
  "due_at" timestamptz,
  "created_at" timestamptz not null,
  "updated_at" timestamptz not null,
  "sealed" bytea,
  "return_case" uuid,
  "origin_office" text,
  "origin_consent" text,
  "reason" text
);
create index return_case_case on return_case (case_ref);
-- One reception at a time: who is expected in two places is met in none.
create unique index one_plan__reception_is_open on reception_plan (return_case) where state in ('reception_requested', 'reception_accepted', 'ready');
`;

const known = `
create table known_reintegration (reintegration uuid primary key, case_ref text not null, organisation text not null, state text not null, version integer not null);
create index known_reintegration_case on known_reintegration (case_ref);
create table phrase_attempt (plan uuid not null, at timestamptz not null);
create index phrase_attempt_plan on phrase_attempt (plan, at);
`;

/** The tables of this service as it began. Never edited after release: a change is a new migration. */
export class First1764000000000 implements MigrationInterface {
  name = 'First1764000000000';
  async up(q: QueryRunner): Promise<void> {
    await q.query(serviceSchema('returns', owner));
    await q.query(aggregates);
    for (const table of ['return_case', 'reception_plan']) await q.query(protect(table, owner));
    await q.query(known);
    await q.query(grants('returns', 'returns_app'));
  }
  down(): Promise<void> { return Promise.reject(new Error('A backup is how to go back.')); }
}
