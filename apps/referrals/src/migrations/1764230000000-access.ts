import { accessSchema, protect } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const owner = 'referrals_owner';

const tables = `
create table "break_glass" (
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
  "case_id" uuid,
  "reason" text,
  "asked_by" text,
  "opened_at" timestamptz,
  "until" timestamptz,
  "confirmed_by" text,
  "reviewed_by" text,
  "finding" text
);
create index break_glass_case on break_glass (case_id, asked_by) where state = 'open';
-- Life at risk waits for nobody, but only once, also where two requests come at the same moment.
create unique index break_glass__earlier_not_confirmed on break_glass (asked_by) where confirmed_by is null and state <> 'reviewed';
create table "export" (
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
  "asked_by" text,
  "until" timestamptz,
  "started_at" timestamptz,
  "finished_at" timestamptz
);
-- Which cases were invented, to see who opens them.
create table decoy (case_ref text primary key, owner text not null, marked_by text not null, at timestamptz not null);
alter table decoy enable row level security; alter table decoy force row level security;
create policy decoy_own on decoy using (owner = nullif(current_setting('app.org', true), ''));
grant select, insert on decoy to referrals_app;
grant select, insert, update on break_glass, export to referrals_app;
`;

export class Access1764230000000 implements MigrationInterface {
  readonly name = 'Access1764230000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(accessSchema());
    await runner.query(tables);
    for (const table of ['break_glass', 'export']) await runner.query(protect(table, owner));
  }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
