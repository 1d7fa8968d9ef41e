import { grants, protect, serviceSchema } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const owner = 'reintegration_owner';

const aggregates = `
create table "reintegration_case" (
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
  "proposer" text,
  "consent" text,
  "follow_up_consent" text,
  "return_id" uuid,
  "return_ref" text,
  "case_manager" text,
  "received_at" timestamptz,
  "plan_agreed_at" timestamptz,
  "assessed_at" timestamptz,
  "attempts" jsonb,
  "reason" text
);
-- An organisation proposes a person once, as long as that is open.
create unique index reintegration__already_proposed on reintegration_case (case_ref, owner, proposer) where state not in ('reint_declined', 'refused_by_person', 'reint_closed');
create index reintegration_case_case on reintegration_case (case_ref);
create index reintegration_case_consent on reintegration_case (consent);
`;

const known = `
create table known_reception (return_case uuid primary key, case_ref text not null, received_at timestamptz not null);
create index known_reception_case on known_reception (case_ref);
`;

/** The tables of this service as it began. Never edited after release: a change is a new migration. */
export class First1764000000000 implements MigrationInterface {
  name = 'First1764000000000';
  async up(q: QueryRunner): Promise<void> {
    await q.query(serviceSchema('reintegration', owner));
    await q.query(aggregates);
    await q.query(protect('reintegration_case', owner));
    await q.query(known);
    await q.query(grants('reintegration', 'reintegration_app'));
  }
  down(): Promise<void> { return Promise.reject(new Error('A backup is how to go back.')); }
}
