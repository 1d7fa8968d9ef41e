import type { MigrationInterface, QueryRunner } from 'typeorm';
import { grants, protect, serviceSchema } from '@footbridge/service';

const tables = `
create table "partner" (
  "id" uuid primary key, "owner" text not null, "organisations" text[] not null, "case_ref" text, "state" text not null, "version" integer not null,
  "due_at" timestamptz, "created_at" timestamptz not null, "updated_at" timestamptz not null, "sealed" bytea,
  "public_name" text, "country" text, "regions" text[], "services" text[], "profiles" text[], "languages" text[], "judges" text[], "suspended_for" text
);
create table "agreement" (
  "id" uuid primary key, "owner" text not null, "organisations" text[] not null, "case_ref" text, "state" text not null, "version" integer not null,
  "due_at" timestamptz, "created_at" timestamptz not null, "updated_at" timestamptz not null, "sealed" bytea,
  "from" text, "to" text, "categories" text[], "until" date, "onward_transfer" boolean
);
create table "subscription" (
  "id" uuid primary key, "owner" text not null, "organisations" text[] not null, "case_ref" text, "state" text not null, "version" integer not null,
  "due_at" timestamptz, "created_at" timestamptz not null, "updated_at" timestamptz not null, "sealed" bytea,
  "url" text, "event_types" text[], "previous_until" timestamptz, "public_key" text, "rotated_at" timestamptz, "judges" text[]
);
create table "delivery" (
  "id" uuid primary key, "owner" text not null, "organisations" text[] not null, "case_ref" text, "state" text not null, "version" integer not null,
  "due_at" timestamptz, "created_at" timestamptz not null, "updated_at" timestamptz not null, "sealed" bytea,
  "subscription_id" uuid, "event_id" text, "type" text, "body" text, "consent_ref" text, "protective" boolean, "aggregate_id" uuid, "aggregate_version" integer,
  "attempts" integer, "next_attempt_at" timestamptz, "last_status" integer
);
create unique index partner__already_member on partner (owner) where state <> 'partner_terminated';
create index delivery_subscription on delivery (subscription_id, state);
create index delivery_case on delivery (case_ref) where case_ref is not null;
`;

/** Public facts of organisations, and desks of theirs (no account is called after a person): nothing for row-level security to hide. */
const registers = `
create table organisation (
  id uuid primary key, organisation text not null unique, type text not null, country text not null, name text not null, network_body boolean not null, disabled boolean not null, version integer not null, created_at timestamptz not null);
create index organisation_recent on organisation (created_at, id);
create table account (
  id uuid primary key, account text not null unique, organisation text not null, name text, roles text[] not null, disabled boolean not null, version integer not null, created_at timestamptz not null);
create index account_recent on account (created_at, id);

-- The deny list of the service that keeps the registers is never behind them.
create function denied() returns trigger language plpgsql as $$
begin
  insert into disabled (subject, version, disabled) values (to_jsonb(new)->>tg_argv[0], new.version, new.disabled)
    on conflict (subject) do update set version = excluded.version, disabled = excluded.disabled;
  return null;
end $$;
create trigger organisation_denied after insert or update on organisation for each row execute function denied('organisation');
create trigger account_denied after insert or update on account for each row execute function denied('account');
`;

/** What the sender has to find without being any organisation: identifiers, states and times, kept by triggers in the commit of the aggregate. */
const sending = `
create table member (organisation text primary key, country text, active boolean not null);
create function member_changed() returns trigger language plpgsql as $$
begin
  insert into member (organisation, country, active) values (new.owner, new.country, new.state = 'partner_active')
    on conflict (organisation) do update set country = excluded.country, active = excluded.active;
  return null;
end $$;
create trigger member_changed after insert or update on partner for each row execute function member_changed();

create table endpoint (subscription uuid primary key, owner text not null, state text not null, event_types text[] not null, failures integer not null default 0, failing_since timestamptz);
create index endpoint_owner on endpoint (owner);
create index endpoint_types on endpoint using gin (event_types);
create function endpoint_changed() returns trigger language plpgsql as $$
begin
  insert into endpoint (subscription, owner, state, event_types) values (new.id, new.owner, new.state, coalesce(new.event_types, '{}'))
    on conflict (subscription) do update set state = excluded.state, event_types = excluded.event_types,
      -- who comes back begins anew
      failures = case when excluded.state = 'sub_active' and endpoint.state in ('sub_paused', 'sub_disabled') then 0 else endpoint.failures end,
      failing_since = case when excluded.state = 'sub_active' and endpoint.state in ('sub_paused', 'sub_disabled') then null else endpoint.failing_since end;
  return null;
end $$;
create trigger endpoint_changed after insert or update on subscription for each row execute function endpoint_changed();

create table delivery_due (delivery uuid primary key, owner text not null, subscription uuid not null, due_at timestamptz not null, tried boolean not null, leased_until timestamptz);
create index delivery_due_subscription on delivery_due (subscription, due_at);
create index delivery_due_leased on delivery_due (subscription) where leased_until is not null;
create function delivery_changed() returns trigger language plpgsql as $$
begin
  if new.state in ('queued', 'retrying') then
    insert into delivery_due (delivery, owner, subscription, due_at, tried) values (new.id, new.owner, new.subscription_id, coalesce(new.next_attempt_at, new.updated_at), new.state = 'retrying')
      on conflict (delivery) do update set due_at = excluded.due_at, tried = excluded.tried, leased_until = null;
  else
    delete from delivery_due where delivery = new.id;
  end if;
  return null;
end $$;
create trigger delivery_changed after insert or update on delivery for each row execute function delivery_changed();
`;

const feed = `
create table feed (
  position bigint generated always as identity primary key, organisation text not null, event_id text not null, type text not null, body text not null, consent_ref text, case_ref text, protective boolean not null,
  at timestamptz not null, written_at timestamptz not null default clock_timestamp(), unique (organisation, event_id));
create index feed_organisation on feed (organisation, position);
create index feed_at on feed (at);
create index feed_case on feed (case_ref) where case_ref is not null;
alter table feed enable row level security; alter table feed force row level security;
create policy own on feed using (organisation = nullif(current_setting('app.org', true), ''));
create policy keeping on feed to notifications_owner using (true) with check (true);
create table feed_waiting (id bigint generated always as identity primary key, organisation text not null, event_id text not null, type text not null, body text not null, visible_at timestamptz not null);
create index feed_waiting_visible on feed_waiting (visible_at);

create function publish_feed(now timestamptz) returns void language plpgsql security definer set search_path = notifications as $$
declare w feed_waiting;
begin
  for w in select * from feed_waiting where visible_at <= now order by organisation, id limit 1000 for update skip locked loop
    perform pg_advisory_xact_lock(hashtextextended('feed.' || w.organisation, 0));
    insert into feed (organisation, event_id, type, body, protective, at) values (w.organisation, w.event_id, w.type, w.body, true, now) on conflict do nothing;
    delete from feed_waiting where id = w.id;
  end loop;
end $$;
create function tidy_feed(before timestamptz) returns void language sql security definer set search_path = notifications as $$ delete from feed where at < before $$;

create policy erasing on delivery to notifications_owner using (true) with check (true);
-- No personal value is kept here; what is left of a case are bodies on their way and the word that ties them to it.
create function erase_case(erased text) returns void language plpgsql security definer set search_path = notifications as $$
begin
  update delivery set body = null, case_ref = null, consent_ref = null where case_ref = erased;
  delete from feed where case_ref = erased;
  delete from known_consent where case_ref = erased;
  delete from known_clearance where case_ref = erased;
  delete from reference where aggregate = erased;
end $$;
`;

export class First1764000000000 implements MigrationInterface {
  name = 'First1764000000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(serviceSchema('notifications', 'notifications_owner'));
    await runner.query(tables);
    for (const table of ['partner', 'agreement', 'subscription', 'delivery']) await runner.query(protect(table, 'notifications_owner'));
    await runner.query(registers);
    await runner.query(sending);
    await runner.query(feed);
    await runner.query(grants('notifications', 'notifications_app'));
    await runner.query('grant delete on delivery_due, feed_waiting to notifications_app');
  }
  /** Forward only: what a partner was told cannot be untold. */
  down(): Promise<void> { return Promise.reject(new Error('forward only')); }
}
