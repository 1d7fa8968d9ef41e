import { protect, restriction } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = `
create table "rights_request" (
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
  "kind" text,
  "brought_by" text,
  "received_at" timestamptz,
  "extended_for" text,
  "decided_at" timestamptz,
  "ground" text,
  "exceptions" text[],
  "ended_at" timestamptz
);
create index rights_request_case on rights_request (case_id);
create table "legal_hold" (
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
  "review_on" date,
  "reviewed_at" timestamptz,
  "ended_at" timestamptz
);
create index legal_hold_case on legal_hold (case_id);

alter table "case" add legal_basis text, add special_category_basis text, add restricted_at timestamptz, add statistics_objected_at timestamptz, add documents_forgotten_at timestamptz;
alter table referral add needs_forgotten_at timestamptz;

-- On what ground there was no word until now (DP-3): what organisations of the owner's kind go by.
alter table "case" no force row level security;
alter table "case" disable trigger clearance_marked;
update "case" c set
  legal_basis = case when k.public then 'PUBLIC_TASK' else 'LEGITIMATE_INTERESTS' end,
  special_category_basis = case when k.public then 'SOCIAL_PROTECTION' else 'SUBSTANTIAL_PUBLIC_INTEREST' end
  from (select c.id, coalesce(o.type in ('CentralGovernmentOrganisation', 'LocalGovernmentOrganisation'), false) as public from "case" c left join known_organisation o on o.organisation = c.owner) k where k.id = c.id;
update "case" set purpose = 'ASSISTANCE' where purpose is null and sealed is not null;
alter table "case" enable trigger clearance_marked;
alter table "case" force row level security;
alter table "case" add constraint "dp3__no_legal_basis" check (sealed is null or (purpose is not null and legal_basis is not null and special_category_basis is not null));

-- What is held for one purpose alone, when that purpose has been over for so long (DP-20). Identifiers only.
create function purposes_over(at timestamptz, before timestamptz) returns table (what text, id uuid, owner text) language sql security definer set search_path = referrals, pg_temp as $$
  select 'TRAVEL_DOCUMENTS', c.id, c.owner from "case" c
  where c.documents_forgotten_at is null and c.sealed is not null and c.state <> 'anonymised'
    and exists (select 1 from consent_record k where k.case_id = c.id and k.purpose in ('RETURN_ARRANGEMENT', 'EMBASSY_CONTACT', 'ORIGIN_OFFICE_DISCLOSURE') and k.ended_at is not null)
    and not exists (select 1 from consent_record k where k.case_id = c.id and k.purpose in ('RETURN_ARRANGEMENT', 'EMBASSY_CONTACT', 'ORIGIN_OFFICE_DISCLOSURE') and (k.state in ('requested', 'given', 'renewed') or k.ended_at >= before))
    and not exists (select 1 from legal_hold h where h.case_id = c.id and h.state = 'standing' and h.review_on >= at::date)
  union all
  select 'REFERRAL_NEEDS', r.id, r.owner from referral r
  where r.needs_forgotten_at is null and r.sealed is not null and r.state in ('closed', 'entered_in_error') and coalesce(r.ended_at, r.updated_at) < before
    and not exists (select 1 from legal_hold h where h.case_id = r.case_id and h.state = 'standing' and h.review_on >= at::date)
$$;
`;

export class Rights1764240000000 implements MigrationInterface {
  readonly name = 'Rights1764240000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(restriction('referrals'));
    await runner.query(tables);
    for (const table of ['rights_request', 'legal_hold']) await runner.query(protect(table, 'referrals_owner'));
    await runner.query('grant select, insert, update on rights_request, legal_hold to referrals_app; grant execute on function purposes_over(timestamptz, timestamptz) to referrals_app;');
  }

  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
