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
-- migration Access1764230000000
-- Looks at people are counted in the audit trail itself, so that no restart forgets them.
create index audit_looks on audit (account, at) where command in ('reveal', 'fetchNeeds', 'disclose', 'lookRefused');
-- Whose behaviour an alert is about; only supervision is shown such a one.
alter table alert add account text;
-- migration Rights1764240000000
create table known_restriction (request uuid primary key, case_ref text not null, restricted boolean not null, version integer not null);
create index known_restriction_case on known_restriction (case_ref) where restricted;
grant select, insert, update on known_restriction to notifications_app;
-- migration ReferencesEnd1764270000000
alter table reference add purpose text not null default '', add generation integer not null default 1;
alter table reference drop constraint reference_organisation_kind_aggregate_key;
alter table reference add constraint reference_organisation_kind_aggregate_key unique (organisation, kind, aggregate, purpose, generation);
create table reference_end (ref text not null references reference on delete cascade, reason text not null, at timestamptz not null, primary key (ref, reason));
create index reference_end_ref on reference_end (ref, at);
grant select, insert on reference_end to notifications_app;

-- With the last consent for a purpose goes the name that came with it; in the same transaction as the news of it.
create function end_introduction(recipient text, case_of text, for_purpose text, why text) returns void language sql security definer set search_path = notifications, pg_temp as $$
  insert into reference_end (ref, reason, at) select ref, why, now() from reference
  where organisation = recipient and kind = 'cas' and aggregate = case_of and purpose <> '' and (for_purpose is null or purpose = for_purpose) on conflict do nothing $$;
create function consent_over() returns trigger language plpgsql set search_path = notifications, pg_temp as $$
begin
  if not exists (select from known_consent k where k.case_ref = new.case_ref and k.purpose = new.purpose and k.recipient = new.recipient and k.consent <> new.consent and k.state in ('given', 'renewed')) then
    perform end_introduction(new.recipient, new.case_ref, new.purpose, 'CONSENT_OVER');
  end if;
  return null;
end $$;
create trigger consent_over after insert or update of state on known_consent for each row when (new.state in ('withdrawn', 'revoked', 'expired') and new.recipient is not null) execute function consent_over();
create function organisation_over() returns trigger language plpgsql security definer set search_path = notifications, pg_temp as $$
begin
  insert into reference_end (ref, reason, at) select ref, 'ORGANISATION_OVER', now() from reference where organisation = new.organisation and purpose <> '' on conflict do nothing;
  return null;
end $$;
create trigger organisation_over after insert or update of active on known_organisation for each row when (not new.active) execute function organisation_over();
-- migration Keys1764210000000
alter table subject_key add key_version integer generated always as (substring(wrapped from '^(?:file1[.]|vault:v)([0-9]{1,6})[.:]')::integer) stored;
create index subject_key_version on subject_key (owner, key_version);
create table organisation_key (organisation text primary key, wanted integer not null default 0, least integer not null default 0, rewrapped integer not null default 0, destroyed integer not null default 0);
create table key_lock (panic_lock uuid primary key, organisation text not null, locked boolean not null, version integer not null, applied boolean not null default false);
create table erasure_receipt (case_ref text primary key, owner text not null, case_of_owner text, erased_at timestamptz not null, receipt jsonb);
create index erasure_receipt_owner on erasure_receipt (owner, erased_at desc);
create index erasure_receipt_unsigned on erasure_receipt (case_ref) where receipt is null;
grant select, insert, update on organisation_key, key_lock to notifications_app;
grant select, insert, update (receipt) on erasure_receipt to notifications_app;

-- Who wrapped with the key before and commits after the service has given its word is told to do it again (40001), with the key as it is now.
create function key_is_new_enough() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('keys ' || tg_table_schema || ' ' || new.owner, 0));
  if coalesce(new.key_version, 0) < (select rewrapped from organisation_key where organisation = new.owner) then raise exception 'old key' using errcode = '40001'; end if;
  return null;
end $$;
create trigger key_is_new_enough after insert or update of wrapped on subject_key for each row execute function key_is_new_enough();
-- Destroys what is here of a case's keys and writes it down under the name that its owner has for it; the receipt is signed afterwards, so that no erasure waits for a signature.
create function shred(erased_case text, erased_owner text, erased_aggregate text, at timestamptz) returns void language plpgsql as $$
begin
  delete from subject_key where subject = erased_case;
  insert into erasure_receipt (case_ref, owner, case_of_owner, erased_at)
    values (erased_case, erased_owner, (select ref from reference where organisation = erased_owner and kind = 'cas' and aggregate in (erased_case, erased_aggregate) limit 1), at) on conflict do nothing;
end $$;
-- An erased case gets no key again, whoever asks for it.
create function is_not_erased() returns trigger language plpgsql as $$
begin
  if exists (select 1 from erasure_receipt where case_ref = new.subject) then raise exception 'erased' using errcode = '23514', constraint = 'erased__case_erased'; end if;
  return new;
end $$;
create trigger is_not_erased before insert on subject_key for each row execute function is_not_erased();

create table "key_rotation" (
  "id" uuid primary key, "owner" text not null, "organisations" text[] not null, "case_ref" text, "state" text not null, "version" integer not null,
  "due_at" timestamptz, "created_at" timestamptz not null, "updated_at" timestamptz not null, "sealed" bytea,
  "key_version" integer, "rotated_at" timestamptz
);
create unique index key_rotation__changed_meanwhile on key_rotation (owner, key_version);
create table "panic_lock" (
  "id" uuid primary key, "owner" text not null, "organisations" text[] not null, "case_ref" text, "state" text not null, "version" integer not null,
  "due_at" timestamptz, "created_at" timestamptz not null, "updated_at" timestamptz not null, "sealed" bytea
);
create unique index panic_lock__locked_already on panic_lock (owner) where state = 'locked';
-- Which service has said that nothing of it hangs on a key of an organisation before this version.
create table keys_rewrapped (organisation text not null, service text not null, key_version integer not null, primary key (organisation, service));
grant select, insert, update on key_rotation, panic_lock, keys_rewrapped to notifications_app;

-- The service that keeps the locks is never behind them.
create function panic_locked() returns trigger language plpgsql as $$
begin
  insert into key_lock (panic_lock, organisation, locked, version) values (new.id, new.owner, new.state = 'locked', new.version)
    on conflict (panic_lock) do update set locked = excluded.locked, version = excluded.version, applied = false where key_lock.version < excluded.version;
  return null;
end $$;
create trigger panic_locked after insert or update on panic_lock for each row execute function panic_locked();

alter table "key_rotation" enable row level security; alter table "key_rotation" force row level security;
create policy parties on "key_rotation" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "key_rotation" for select to notifications_owner using (true);
create index "key_rotation_organisations" on "key_rotation" using gin (organisations);
create index "key_rotation_recent" on "key_rotation" (created_at, id);


alter table "panic_lock" enable row level security; alter table "panic_lock" force row level security;
create policy parties on "panic_lock" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "panic_lock" for select to notifications_owner using (true);
create index "panic_lock_organisations" on "panic_lock" using gin (organisations);
create index "panic_lock_recent" on "panic_lock" (created_at, id);
-- migration StatisticsOrder1764250000000
create table statistics_order (
  "id" uuid primary key, "owner" text not null, "organisations" text[] not null, "case_ref" text, "state" text not null, "version" integer not null,
  "due_at" timestamptz, "created_at" timestamptz not null, "updated_at" timestamptz not null, "sealed" bytea,
  "year" text, "until" date
);
-- One release a year, for ever; what was refused may be ordered again.
create unique index order__already_ordered on statistics_order (until) where state <> 'order_refused';
grant select, insert, update on statistics_order to notifications_app;
alter table "statistics_order" enable row level security; alter table "statistics_order" force row level security;
create policy parties on "statistics_order" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "statistics_order" for select to notifications_owner using (true);
create index "statistics_order_organisations" on "statistics_order" using gin (organisations);
create index "statistics_order_recent" on "statistics_order" (created_at, id);
-- migration AuditTree1764220000000
create table audit_leaf (index bigint primary key, position bigint not null unique, leaf bytea not null, chain bytea not null);
create table audit_root (
  number integer primary key, size bigint not null, root bytea not null, chain bytea not null, at text not null, previous bytea not null, digest bytea not null unique,
  key text not null, signature text not null, peaks bytea[] not null);
create table known_audit_root (service text not null, number integer not null, digest bytea not null, signature text not null, at text not null, primary key (service, number, digest));
grant select, insert on audit_leaf, audit_root, known_audit_root to notifications_app;

create policy audit_sequencing on audit for select to notifications_owner using (true);
create policy audit_expiring on audit for delete to notifications_owner using (at < now() - interval '6 years');

-- In the order of positions, whosever they are; hashes are made of it, and nothing else.
create function audit_waiting(above bigint, up_to bigint, most integer) returns setof json language sql stable security definer set search_path = notifications, pg_temp set timezone = 'UTC' as $$
  select row_to_json(a) from audit a where a.position > above and a.position <= up_to order by a.position limit most;
$$;

create function audit_is_kept() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and tg_table_name = 'audit' then
    if old.at < now() - interval '6 years' then return old; end if;
  end if;
  raise exception 'append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_is_kept before update or delete on audit for each row execute function audit_is_kept();
create trigger audit_is_not_emptied before truncate on audit for each statement execute function audit_is_kept();
create trigger audit_leaf_is_kept before update or delete on audit_leaf for each row execute function audit_is_kept();
create trigger audit_leaf_is_not_emptied before truncate on audit_leaf for each statement execute function audit_is_kept();
create trigger audit_root_is_kept before update or delete on audit_root for each row execute function audit_is_kept();
create trigger audit_root_is_not_emptied before truncate on audit_root for each statement execute function audit_is_kept();
create trigger known_audit_root_is_kept before update or delete on known_audit_root for each row execute function audit_is_kept();
create trigger known_audit_root_is_not_emptied before truncate on known_audit_root for each statement execute function audit_is_kept();

-- What a root has covered for six years is not needed to verify it: the hash is there.
create function expire_audit() returns bigint language sql security definer set search_path = notifications, pg_temp as $$
  with gone as (
    delete from audit where at < now() - interval '6 years' and position <= (select l.position from audit_leaf l where l.index = (
      select max(size) - 1 from audit_root r where r.at < to_char((now() - interval '6 years') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))
    returning 1)
  select count(*) from gone;
$$;
grant execute on function audit_waiting(bigint, bigint, integer), expire_audit() to notifications_app;
-- migration SessionsEnd1764290000000
alter table key_lock add sessions_ended_at timestamptz not null default clock_timestamp();
-- migration CountingLooks1764300000000
drop index audit_looks;
create index audit_looks on audit (account, at) where command in ('reveal', 'fetchNeeds', 'disclose', 'collect', 'accessCopy', 'lookRefused');
-- migration HeldBack1764330000000
alter table outbox add column held text;
create index outbox_held on outbox (aggregate) where held is not null;
