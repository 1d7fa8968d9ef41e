import { grants, protect } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const owner = 'returns_owner';

const columns = `
alter table return_case add column office_asked boolean, add column arrangement_consent text, add column helper text, add column helper_consent text;
alter table return_case no force row level security;
-- the office of a return that was stopped is not asked any more
update return_case set origin_office = null, origin_consent = null, reception_plan = null where state in ('requested', 'counselling', 'under_assessment', 'not_cleared', 'return_suspended');
-- what stands already is carried by the best consent that is known of it
update return_case r set office_asked = r.origin_office is not null, arrangement_consent = (select k.consent from known_consent k
  where k.case_ref = r.case_ref and k.purpose = 'RETURN_ARRANGEMENT' and k.recipient = r.owner order by k.state in ('given', 'renewed') desc, k.valid_until desc nulls first limit 1);
alter table return_case force row level security;
`;

const failures = `
create table "failed_reception" (
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
  "origin_office" text
);
create index failed_reception_unreviewed on failed_reception (origin_office) where state = 'unreviewed';
-- Of another organisation's failed reception nothing but that the office waits for its review (F7).
create function office_under_review(office text) returns boolean language sql stable security definer set search_path = returns, pg_temp as
  $$ select exists (select from failed_reception where origin_office = office and state = 'unreviewed') $$;
`;

/** Which consent carries a return, whether an office was asked, and the review of failed receptions. */
export class FailedReceptions1764100000000 implements MigrationInterface {
  name = 'FailedReceptions1764100000000';
  async up(q: QueryRunner): Promise<void> {
    await q.query(columns);
    await q.query(failures);
    await q.query(protect('failed_reception', owner));
    await q.query(grants('returns', 'returns_app'));
  }
  down(): Promise<void> { return Promise.reject(new Error('A backup is how to go back.')); }
}
