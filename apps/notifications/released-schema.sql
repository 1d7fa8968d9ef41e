-- migration First1764000000000
create table reference (ref text primary key, organisation text not null, kind text not null, aggregate text not null, unique (organisation, kind, aggregate));
create index reference_aggregate on reference (aggregate);
create table subject_key (subject text not null, owner text not null, wrapped text not null, created_at timestamptz not null default now(), primary key (subject, owner));
create table audit (
  position bigint generated always as identity primary key, at timestamptz not null, organisations text[] not null, kind text not null, aggregate uuid,
  command text not null, from_state text, to_state text, version integer, organisation text, account text, role text, on_behalf_of text, how text,
  caused_by text, ground text, fields text[]);
create index audit_aggregate on audit (aggregate, position);
alter table audit enable row level security; alter table audit force row level security;
create policy audit_parties on audit for select using (organisations @> array[nullif(current_setting('app.org', true), '')]);
create policy audit_append on audit for insert with check (true);
create table idempotency (caller text not null, key text not null, request text not null, status integer not null, headers jsonb not null, body jsonb not null, at timestamptz not null default now(), primary key (caller, key));
create index idempotency_at on idempotency (at);
create table deadline (
  aggregate uuid not null, clock text not null, lifecycle text not null, owner text not null, due_at timestamptz not null, command text, body jsonb, alert text, alert_to text,
  attempts integer not null default 0, done_at timestamptz, primary key (aggregate, clock));
create index deadline_due on deadline (due_at) where done_at is null;
create table alert (id uuid primary key, organisation text not null, code text not null, kind text not null, aggregate uuid not null, clock text, raised_at timestamptz not null, settled_at timestamptz, unique (aggregate, clock, raised_at));
create index alert_open on alert (organisation, raised_at) where settled_at is null;
alter table alert enable row level security; alter table alert force row level security;
create policy alert_own on alert using (organisation = nullif(current_setting('app.org', true), ''));
create policy alert_append on alert for insert with check (true);
create policy alert_settle on alert to notifications_owner using (true);
create function settle_alert() returns trigger language plpgsql security definer set search_path = notifications as $$
begin update alert set settled_at = clock_timestamp() where aggregate = old.aggregate and clock = old.clock and settled_at is null; return old; end $$;
create trigger deadline_left after delete on deadline for each row execute function settle_alert();
create table approval (
  id uuid primary key, ref text not null unique, owner text not null, lifecycle text not null, aggregate uuid, command text not null, body jsonb not null, roles text[] not null,
  asked_by text not null, asked_organisation text not null, asked_role text not null, asked_at timestamptz not null, expires_at timestamptz not null, state text not null, decided_by text);
create table known_consent (consent text primary key, case_ref text not null, purpose text not null, recipient text, state text not null, valid_until timestamptz, categories text[] not null default '{}', version integer not null);
create index known_consent_case on known_consent (case_ref, purpose);
create table known_clearance (case_ref text not null, step text not null, cleared boolean not null, until date, version integer not null, primary key (case_ref, step));
create table known_organisation (organisation text primary key, type text not null, country text not null, active boolean not null, version integer not null);
create table disabled (subject text primary key, version integer not null, disabled boolean not null);

create table outbox (
  position bigint generated always as identity primary key, id text not null, type text not null, time text not null, subject text, audience text not null, recipient text, aggregate uuid not null, version integer not null, copy integer not null, case_ref text, owner text, consent_ref text, about uuid, caused_by text, traceparent text, data bytea not null, created_at timestamptz not null default now(), unique (id)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 10000);

create function outbox_written() returns trigger language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock_shared(hashtextextended('footbridge.relay.asleep.' || tg_table_schema, 0)) then
    perform pg_notify('outbox_' || tg_table_schema, '');
  end if;
  return null;
end $$;
create trigger outbox_written after insert on outbox for each statement execute function outbox_written();

create table inbox (handler text not null, event_id text not null, at timestamptz not null default now(), primary key (handler, event_id));
create index inbox_at on inbox using brin (at);

create table parked (
  id bigint generated always as identity primary key, position bigint generated by default as identity, handler text not null, state text not null check (state in ('parked', 'waiting', 'dropped')),
  reason text not null, attempts integer not null, at timestamptz not null default now(), event_id text, type text, time text, subject text, audience text, recipient text, aggregate uuid, version integer, copy integer, case_ref text, owner text, consent_ref text, about uuid, caused_by text, traceparent text, data bytea,
  topic text not null, partition integer not null, place bigint not null, unique (handler, topic, partition, place)
);
create unique index parked_event on parked (handler, event_id) where event_id is not null;
create index parked_key on parked (aggregate, position);
create index parked_case on parked (case_ref) where state <> 'dropped';

-- How far each source has been heard. Worth nothing after a crash, so not worth a log record either.
create unlogged table watermark (service text not null, partition integer not null, at timestamptz not null, primary key (service, partition)) with (fillfactor = 50);


-- Where an aggregate is, for events that name no organisation: identifiers only, never a sealed column.
create function locate(tbl text, wanted jsonb) returns table (id uuid, owner text) language plpgsql security definer set search_path = notifications as $$
begin
  if not exists (select 1 from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = 'notifications' and k.relname = tbl and a.attname = 'organisations') then raise exception 'no aggregate'; end if;
  return query execute format('select t.id, t.owner from %I t, jsonb_populate_record(null::%I, $1) v where %s', tbl, tbl,
    (select string_agg(format('t.%I = v.%I', k, k), ' and ') from jsonb_object_keys(wanted) k)) using wanted;
end $$;
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
alter table "partner" enable row level security; alter table "partner" force row level security;
create policy parties on "partner" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "partner" for select to notifications_owner using (true);
create index "partner_organisations" on "partner" using gin (organisations);
create index "partner_recent" on "partner" (created_at, id);
alter table "agreement" enable row level security; alter table "agreement" force row level security;
create policy parties on "agreement" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "agreement" for select to notifications_owner using (true);
create index "agreement_organisations" on "agreement" using gin (organisations);
create index "agreement_recent" on "agreement" (created_at, id);
alter table "subscription" enable row level security; alter table "subscription" force row level security;
create policy parties on "subscription" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "subscription" for select to notifications_owner using (true);
create index "subscription_organisations" on "subscription" using gin (organisations);
create index "subscription_recent" on "subscription" (created_at, id);
alter table "delivery" enable row level security; alter table "delivery" force row level security;
create policy parties on "delivery" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "delivery" for select to notifications_owner using (true);
create index "delivery_organisations" on "delivery" using gin (organisations);
create index "delivery_recent" on "delivery" (created_at, id);
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
grant usage on schema notifications to notifications_app;
grant select, insert, update on all tables in schema notifications to notifications_app;
grant delete on deadline, outbox, inbox, parked, idempotency, subject_key to notifications_app;
revoke update on audit, reference from notifications_app;
grant usage on all sequences in schema notifications to notifications_app;
grant execute on all functions in schema notifications to notifications_app;
grant delete on delivery_due, feed_waiting to notifications_app
-- migration MailDue1764050000000
create table mail_due (
  subscription uuid not null, version integer not null, owner text not null, due_at timestamptz not null default clock_timestamp(), attempts integer not null default 0, primary key (subscription, version));
create index mail_due_at on mail_due (due_at);
create function mail_due_noted() returns trigger language plpgsql as $$
begin
  insert into mail_due (subscription, version, owner) values (new.id, new.version, new.owner);
  return null;
end $$;
create trigger mail_due_noted after update on subscription for each row when (new.state = 'sub_disabled' and old.state <> 'sub_disabled') execute function mail_due_noted();
grant select, insert, update, delete on mail_due to notifications_app;
-- migration SecondWord1764120000000
alter table approval add version integer not null default 1;
alter table audit add approved_by text;
create or replace function locate(tbl text, wanted jsonb) returns table (id uuid, owner text) language plpgsql security definer set search_path = notifications, pg_temp as $$
begin
  if not exists (select 1 from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = 'notifications' and k.relname = tbl and a.attname = 'organisations') then raise exception 'no aggregate'; end if;
  return query execute format('select t.id, t.owner from %I t, jsonb_populate_record(null::%I, $1) v where %s order by t.id', tbl, tbl,
    (select string_agg(format('t.%I = v.%I', k, k), ' and ') from jsonb_object_keys(wanted) k)) using wanted;
end $$;
alter function settle_alert() set search_path = notifications, pg_temp;
alter function publish_feed(timestamptz) set search_path = notifications, pg_temp;
alter function tidy_feed(timestamptz) set search_path = notifications, pg_temp;
alter function erase_case(text) set search_path = notifications, pg_temp;
