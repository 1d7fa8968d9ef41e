import { protect } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const sealing = `
alter table consent_record add signature text, add signed_with text;

create table "recipient_key" (
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
  "public_key" text,
  "signed_by" text,
  "proof" text,
  "pin" text,
  "confirmed_at" timestamptz,
  "retired_at" timestamptz,
  "signature" text,
  "signed_with" text,
  -- One in use for each organisation; looked at when the transaction ends, since the next one is confirmed and the last retired in one.
  constraint "key__one_key_in_use" exclude using btree (owner with =) where (state = 'active') deferrable initially deferred
);
create table "identity_envelope" (
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
  "referral_id" uuid,
  "consent_id" uuid,
  "purpose" text,
  "recipient" text,
  "categories" text[],
  "expires_at" timestamptz,
  "collected_at" timestamptz,
  "destroyed_at" timestamptz
);
create index identity_envelope_referral on identity_envelope (referral_id);
create index identity_envelope_consent on identity_envelope (consent_id) where state in ('waiting', 'collected');
${protect('recipient_key', 'referrals_owner')}
${protect('identity_envelope', 'referrals_owner')}

-- To an origin office something goes without a referral.
alter table disclosure alter referral_id drop not null;
-- Each pick-up is a disclosure (DP-11), in the transaction that hands it out.
create function identity_disclosed() returns trigger language plpgsql as $$
begin
  insert into disclosure (id, referral_id, case_id, owner, recipient, consent_id, categories, at) values (gen_random_uuid(), new.referral_id, new.case_id, new.owner, new.recipient, new.consent_id, new.categories, new.updated_at);
  return null;
end $$;
create trigger identity_disclosed after update on identity_envelope for each row when (new.state = 'collected') execute function identity_disclosed();

grant select, insert, update on recipient_key, identity_envelope to referrals_app;
`;

export class Sealing1764200000000 implements MigrationInterface {
  readonly name = 'Sealing1764200000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(sealing); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
