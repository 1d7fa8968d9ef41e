import { grants, protect, serviceSchema } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const owner = 'referrals_owner';

/** The tables of the lifecycles, one statement each, as they stood on this day. */
const lifecycles = `
create table "case" (
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
  "purpose" text,
  "opened_by" text,
  "brought_by" text,
  "opened_at" timestamptz,
  "closed_at" timestamptz,
  "assignees" text[]
);
create table "identification" (
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
  "authority" text,
  "reflection_until" timestamptz
);
create table "consent_record" (
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
  "purpose" text,
  "recipient" text,
  "categories" text[],
  "notice_version" text,
  "language" text,
  "interpreter" boolean,
  "medium" text,
  "witness" text,
  "valid_until" date,
  "legal_basis" text,
  "special_category_basis" text,
  "requested_by" text,
  "given_at" timestamptz,
  "ended_at" timestamptz,
  "guardian_appointment_id" uuid
);
create table "guardian_appointment" (
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
  "authority" text,
  "requested_at" timestamptz,
  "started_at" timestamptz,
  "ended_at" timestamptz,
  "suspended_at" timestamptz
);
create table "risk_assessment" (
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
  "assessed_by" text,
  "valid_until" date,
  "completed_at" timestamptz,
  "co_signed_by" text
);
create table "referral" (
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
  "service_type" text,
  "priority" text,
  "receiver" text,
  "referrer" text,
  "referrer_sees_little" boolean,
  "reason_for_referral" text,
  "fields_disclosed" text[],
  "replaces_referral" uuid,
  "consent_id" uuid,
  "overridden_at" timestamptz,
  "sent_at" timestamptz,
  "accepted_at" timestamptz,
  "first_contact_at" timestamptz,
  "ended_at" timestamptz,
  "reason" text,
  "outcome" text,
  "alternatives" text[]
);
create table "hold" (
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
  "placed_by" text
);
create table "safety_alert" (
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
  "raised_by" text
);
create table "recall" (
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
  "consent_id" uuid,
  "referral_id" uuid,
  "recipient" text,
  "asked_at" timestamptz,
  "confirmed_at" timestamptz,
  "deleted" boolean,
  "ground" text
);
create table "intake" (
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
  "stay_id" uuid,
  "consent_ids" jsonb,
  "intake_ref" text,
  "stay_ref" text,
  "shelter" text,
  "arrived_at" timestamptz,
  "source_kind" text,
  "brought_by" text,
  "reason" text
);`;

/** What this service follows of the others, and what is no lifecycle. References, codes and days only. */
const others = `
create index consent_record_case on consent_record (case_id);
create index identification_case on identification (case_id);
create index guardian_appointment_case on guardian_appointment (case_id);
create index risk_assessment_case on risk_assessment (case_id);
create index hold_case on hold (case_id);
create index safety_alert_case on safety_alert (case_id);
create index recall_consent on recall (consent_id);
create index recall_referral on recall (referral_id);
create index intake_stay on intake (stay_id);
create index intake_ref on intake (intake_ref);
create index case_assignees on "case" using gin (assignees);
create index referral_case on referral (case_id);
create index referral_consent on referral (consent_id);
create index referral_replaces on referral (replaces_referral);
create unique index sg8__one_open_referral on referral (case_id, service_type, receiver) where state in ('sent', 'acknowledged', 'accepted', 'in_service', 'suspended');

create table known_partner (organisation text primary key, state text not null, services text[] not null, profiles text[] not null, version integer not null);
create table known_agreement (agreement uuid primary key, from_organisation text not null, to_organisation text not null, categories text[] not null, until date not null, ended boolean not null, version integer not null);
create index known_agreement_pair on known_agreement (from_organisation, to_organisation);
create table known_bed (bed uuid primary key, referral uuid not null, state text not null, version integer not null);
create index known_bed_referral on known_bed (referral);
create table known_shelter (shelter text primary key, id uuid not null, organisation text not null, state text not null, version integer not null);

-- Who fetched what, when, and under which consent: the person is told when she asks (DP-11).
create table disclosure (
  id uuid primary key, referral_id uuid not null, case_id uuid not null, owner text not null, recipient text not null, consent_id uuid, categories text[] not null, at timestamptz not null);
create index disclosure_referral on disclosure (referral_id);
create index disclosure_case on disclosure (case_id, at);
alter table disclosure enable row level security; alter table disclosure force row level security;
create policy disclosure_parties on disclosure using (nullif(current_setting('app.org', true), '') in (owner, recipient)) with check (owner = nullif(current_setting('app.org', true), ''));

create table clearance (
  id uuid primary key, case_id uuid not null, owner text not null, step text not null, cleared boolean not null, until date, version integer not null, changed_at timestamptz not null, unique (case_id, step));
alter table clearance enable row level security; alter table clearance force row level security;
create policy clearance_owner on clearance using (owner = nullif(current_setting('app.org', true), ''));
create policy clearance_look on clearance for select to ${owner} using (true);

-- Marked in the same transaction as whatever may change the answer; a mark is deleted with the answer.
create table clearance_due (position bigint generated always as identity primary key, case_id uuid not null, owner text not null);
create function case_marked() returns trigger language plpgsql as $$
begin
  insert into clearance_due (case_id, owner) values (new.id, new.owner);
  return null;
end $$;
create function matter_marked() returns trigger language plpgsql as $$
begin
  insert into clearance_due (case_id, owner) values (new.case_id, new.owner);
  return null;
end $$;
create trigger clearance_marked after insert or update on "case" for each row execute function case_marked();
create trigger clearance_marked after insert or update on consent_record for each row execute function matter_marked();
create trigger clearance_marked after insert or update on guardian_appointment for each row execute function matter_marked();
create trigger clearance_marked after insert or update on risk_assessment for each row execute function matter_marked();
create trigger clearance_marked after insert or update on hold for each row execute function matter_marked();
create trigger clearance_marked after insert or update on safety_alert for each row execute function matter_marked();

-- Only children are ever without a placement: an adult's needs nobody's decision.
create function mark_unplaced_cases() returns void language sql security definer set search_path = referrals as $$
  insert into clearance_due (case_id, owner)
  select c.id, c.owner from "case" c where c.state in ('active', 'follow_up') and not exists (select 1 from clearance k where k.case_id = c.id and k.step = 'PLACEMENT' and k.cleared);
$$;
`;

const tables = ['case', 'identification', 'consent_record', 'guardian_appointment', 'risk_assessment', 'referral', 'hold', 'safety_alert', 'recall', 'intake'];

export class First1764000000000 implements MigrationInterface {
  readonly name = 'First1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(serviceSchema('referrals', owner));
    await runner.query(lifecycles);
    for (const table of tables) await runner.query(protect(table, owner));
    await runner.query(others);
    await runner.query(grants('referrals', 'referrals_app'));
    await runner.query('grant delete on clearance_due to referrals_app; revoke update on disclosure from referrals_app;');
  }

  down(): Promise<void> {
    return Promise.reject(new Error('There is no way back from the first migration: restore a backup.'));
  }
}
