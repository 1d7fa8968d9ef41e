import { endingReferences, ledger, protect } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const owner = 'referrals_owner';

const lifecycles = `
create table "exact_release" (
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
  "recipient" text,
  "fields" text[],
  "released_until" timestamptz
);
create table "continuity_code" (
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
  "digest" text,
  "issued_at" timestamptz,
  "usable_until" timestamptz,
  "used_by" text,
  "used_at" timestamptz
);
`;

const others = `
create index exact_release_case on exact_release (case_id, recipient) where state = 'released';
create index continuity_code_case on continuity_code (case_id);
create unique index continuity_code_digest on continuity_code (digest);
create table continuity_pepper (one boolean primary key default true check (one), wrapped text not null);
create table continuity_attempt (position bigint generated always as identity primary key, account text not null, organisation text not null, at timestamptz not null);
create index continuity_attempt_at on continuity_attempt (at);

-- Which code opens now, for whoever is shown it: where it is, and nothing of it.
create function continuity_code_of(wanted text, now timestamptz) returns table (id uuid, owner text) language sql stable security definer set search_path = referrals, pg_temp as $$
  select c.id, c.owner from continuity_code c where c.digest = wanted and c.state = 'issued' and c.usable_until > now $$;

-- The names that consents have introduced end with the last of them, in its transaction; all of them with an erasure.
create function consent_record_over() returns trigger language plpgsql set search_path = referrals, pg_temp as $$
begin
  if not exists (select from consent_record c where c.case_id = new.case_id and c.purpose = new.purpose and c.recipient = new.recipient and c.id <> new.id and c.state in ('given', 'renewed')) then
    perform end_introduction(new.recipient, new.case_id::text, new.purpose, 'CONSENT_OVER');
  end if;
  return null;
end $$;
create trigger consent_record_over after update of state on consent_record for each row when (new.state in ('withdrawn', 'revoked', 'expired') and new.recipient is not null) execute function consent_record_over();
create function partner_over() returns trigger language plpgsql set search_path = referrals, pg_temp as $$
begin
  insert into reference_end (ref, reason, at) select ref, 'PARTNER_OVER', now() from reference where organisation = new.organisation and purpose <> '' on conflict do nothing;
  return null;
end $$;
create trigger partner_over after insert or update of state on known_partner for each row when (new.state = 'partner_terminated') execute function partner_over();
create function case_erased() returns trigger language plpgsql set search_path = referrals, pg_temp as $$
begin
  insert into reference_end (ref, reason, at) select ref, 'ERASED', now() from reference where kind = 'cas' and aggregate = new.id::text and organisation <> new.owner on conflict do nothing;
  update continuity_code set state = 'ended', version = version + 1 where case_id = new.id and state = 'issued';
  return null;
end $$;
create trigger case_erased after update of state on "case" for each row when (new.state = 'anonymised') execute function case_erased();
`;

/** Names of a case that end with their purpose; what each receiver has learnt, and what two persons let it know as it is; codes that survivors carry. */
export class ReferencesEnd1764270000000 implements MigrationInterface {
  readonly name = 'ReferencesEnd1764270000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(endingReferences('referrals', 'referrals_app'));
    await runner.query(ledger('referrals', 'referrals_app'));
    await runner.query(lifecycles);
    for (const table of ['exact_release', 'continuity_code']) await runner.query(protect(table, owner));
    await runner.query(others);
    await runner.query(`grant select, insert, update on exact_release, continuity_code to referrals_app; grant select, insert on continuity_pepper, continuity_attempt to referrals_app; grant delete on continuity_attempt to referrals_app; grant usage on all sequences in schema referrals to referrals_app;
      grant execute on function continuity_code_of(text, timestamptz) to referrals_app`);
  }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
