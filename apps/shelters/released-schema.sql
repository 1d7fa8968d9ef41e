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
create policy alert_settle on alert to shelters_owner using (true);
create function settle_alert() returns trigger language plpgsql security definer set search_path = shelters as $$
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
create function locate(tbl text, wanted jsonb) returns table (id uuid, owner text) language plpgsql security definer set search_path = shelters as $$
begin
  if not exists (select 1 from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = 'shelters' and k.relname = tbl and a.attname = 'organisations') then raise exception 'no aggregate'; end if;
  return query execute format('select t.id, t.owner from %I t, jsonb_populate_record(null::%I, $1) v where %s', tbl, tbl,
    (select string_agg(format('t.%I = v.%I', k, k), ' and ') from jsonb_object_keys(wanted) k)) using wanted;
end $$;
create table "shelter" (
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
  "public_name" text,
  "country" text,
  "region" text,
  "profiles" text[],
  "languages" text[],
  "limited_to" text[],
  "units" jsonb
);
create table "bed_reservation" (
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
  "shelter" uuid,
  "unit" text,
  "profile" text,
  "referral" uuid,
  "bed_request" uuid,
  "referrer" text,
  "expected_arrival" timestamptz,
  "refusal" text,
  "released_for" text
);
create table "stay" (
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
  "shelter" uuid,
  "unit" text,
  "bed" text,
  "reservation" uuid,
  "referral" uuid,
  "referrer" text,
  "intake" text,
  "arrival" text,
  "arrived_at" timestamptz,
  "admitted_at" timestamptz,
  "exited_at" timestamptz,
  "decided" boolean,
  "reason" text,
  "hand_over_owed" boolean
);
create table "bed_request" (
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
  "priority" text,
  "profile" text,
  "party_size" integer,
  "languages" text[],
  "access_needed" boolean,
  "needed_from" timestamptz,
  "asked" jsonb
);
-- One person comes from one request: the first hold wins (decisions 19).
create unique index bed_request__superseded on bed_reservation (bed_request) where state in ('held', 'consumed');
create index bed_reservation_referral on bed_reservation (referral) where state = 'held';
create index stay_case on stay (case_ref);
alter table "shelter" enable row level security; alter table "shelter" force row level security;
create policy parties on "shelter" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "shelter" for select to shelters_owner using (true);
create index "shelter_organisations" on "shelter" using gin (organisations);
create index "shelter_recent" on "shelter" (created_at, id);
alter table "bed_reservation" enable row level security; alter table "bed_reservation" force row level security;
create policy parties on "bed_reservation" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "bed_reservation" for select to shelters_owner using (true);
create index "bed_reservation_organisations" on "bed_reservation" using gin (organisations);
create index "bed_reservation_recent" on "bed_reservation" (created_at, id);
alter table "stay" enable row level security; alter table "stay" force row level security;
create policy parties on "stay" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "stay" for select to shelters_owner using (true);
create index "stay_organisations" on "stay" using gin (organisations);
create index "stay_recent" on "stay" (created_at, id);
alter table "bed_request" enable row level security; alter table "bed_request" force row level security;
create policy parties on "bed_request" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "bed_request" for select to shelters_owner using (true);
create index "bed_request_organisations" on "bed_request" using gin (organisations);
create index "bed_request_recent" on "bed_request" (created_at, id);
create table unit (
  shelter uuid not null references shelter, code text not null, owner text not null, profile text not null,
  total integer not null check (total >= 0), out_of_service integer not null default 0 check (out_of_service >= 0), occupied integer not null default 0, held integer not null default 0,
  primary key (shelter, code), constraint bed__capacity check (occupied + held + out_of_service <= total));
alter table unit enable row level security; alter table unit force row level security;
create policy own on unit for select using (owner = nullif(current_setting('app.org', true), ''));
create policy counting on unit to shelters_owner using (true) with check (true);
alter table bed_reservation add foreign key (shelter, unit) references unit;
alter table stay add foreign key (shelter, unit) references unit;
create index bed_reservation_held on bed_reservation (shelter, unit) where state = 'held';
create index stay_occupying on stay (shelter, unit) where state in ('admitted', 'resident', 'absent', 'missing', 'exit_planned');

create function declare_units() returns trigger language plpgsql security definer set search_path = shelters as $$
begin
  insert into unit (shelter, code, owner, profile, total, out_of_service)
    select distinct on (u->>'code') new.id, u->>'code', new.owner, u->>'profile', (u->>'total')::integer, coalesce((u->>'outOfService')::integer, 0) from jsonb_array_elements(coalesce(new.units, '[]')) u
    on conflict (shelter, code) do update set profile = excluded.profile, total = excluded.total, out_of_service = excluded.out_of_service;
  update unit set total = 0, out_of_service = 0 where shelter = new.id and code not in (select u->>'code' from jsonb_array_elements(coalesce(new.units, '[]')) u);
  return null;
end $$;
create trigger units_declared after insert or update of units on shelter for each row execute function declare_units();

create function count_unit(of_shelter uuid, of_code text) returns void language plpgsql security definer set search_path = shelters as $$
begin
  if of_code is null then return; end if;
  -- not "for update": the foreign keys of others in line hold their share of the row
  perform from unit where shelter = of_shelter and code = of_code for no key update;
  -- a statement of its own, so that it sees what was committed while it waited for the lock
  update unit u set held = c.held, occupied = c.occupied
    from (select (select count(*) from bed_reservation r where r.shelter = of_shelter and r.unit = of_code and r.state = 'held') as held,
                 (select count(*) from stay s where s.shelter = of_shelter and s.unit = of_code and s.state in ('admitted', 'resident', 'absent', 'missing', 'exit_planned')) as occupied) c
    where u.shelter = of_shelter and u.code = of_code and (u.held, u.occupied) is distinct from (c.held, c.occupied);
end $$;
create function unit_entered() returns trigger language plpgsql set search_path = shelters as $$ begin perform count_unit(new.shelter, new.unit); return null; end $$;
create function unit_left() returns trigger language plpgsql set search_path = shelters as $$ begin perform count_unit(old.shelter, old.unit); return null; end $$;

create constraint trigger unit_entered after insert on bed_reservation deferrable initially deferred for each row execute function unit_entered();
create constraint trigger unit_left after delete on bed_reservation deferrable initially deferred for each row execute function unit_left();
create constraint trigger unit_kept after update on bed_reservation deferrable initially deferred for each row when (old.state is distinct from new.state or old.unit is distinct from new.unit) execute function unit_entered();
create constraint trigger unit_changed after update on bed_reservation deferrable initially deferred for each row when (old.unit is distinct from new.unit or old.shelter is distinct from new.shelter) execute function unit_left();
create constraint trigger unit_entered after insert on stay deferrable initially deferred for each row execute function unit_entered();
create constraint trigger unit_left after delete on stay deferrable initially deferred for each row execute function unit_left();
create constraint trigger unit_kept after update on stay deferrable initially deferred for each row when (old.state is distinct from new.state or old.unit is distinct from new.unit) execute function unit_entered();
create constraint trigger unit_changed after update on stay deferrable initially deferred for each row when (old.unit is distinct from new.unit or old.shelter is distinct from new.shelter) execute function unit_left();
create table capacity_band (shelter uuid not null references shelter, profile text not null, band text not null, hour timestamptz not null, primary key (shelter, profile));
create table band_publication (hour timestamptz primary key);
create function directory() returns table (shelter uuid, reference text, owner text, public_name text, country text, region text, profiles text[], languages text[], state text, limited_to text[])
  language sql stable security definer set search_path = shelters as $$
  select s.id, r.ref, s.owner, s.public_name, s.country, s.region, s.profiles, s.languages, s.state, s.limited_to
  from shelter s join reference r on r.organisation = '*' and r.kind = 'shl' and r.aggregate = s.id::text where s.state in ('open', 'limited') $$;
create function free_places() returns table (shelter uuid, owner text, reference text, country text, profile text, free bigint)
  language sql stable security definer set search_path = shelters as $$
  select d.shelter, d.owner, d.reference, d.country, u.profile, sum(u.total - u.occupied - u.held - u.out_of_service) from directory() d join unit u on u.shelter = d.shelter where u.total > 0
  group by d.shelter, d.owner, d.reference, d.country, u.profile $$;
create table known_referral (referral uuid primary key, state text not null, sender text not null, receiver text not null, service_type text, priority text not null, case_ref text, version integer not null);
create table known_partner (organisation text primary key, active boolean not null, country text, version integer not null);
create table known_safety_alert (alert uuid primary key, case_ref text, open boolean not null, version integer not null);
create index known_safety_alert_open on known_safety_alert (case_ref) where open;
grant usage on schema shelters to shelters_app;
grant select, insert, update on all tables in schema shelters to shelters_app;
grant delete on deadline, outbox, inbox, parked, idempotency, subject_key to shelters_app;
revoke update on audit, reference from shelters_app;
grant usage on all sequences in schema shelters to shelters_app;
grant execute on all functions in schema shelters to shelters_app;
revoke insert, update on unit from shelters_app
-- migration BandsAndBeds1764100000000
alter table shelter add column band text;
alter table bed_reservation add column anonymous boolean;
alter table bed_reservation no force row level security;
update bed_reservation set anonymous = bed_request is not null and referral is null;
alter table bed_reservation force row level security;
-- migration SecondWord1764120000000
alter table approval add version integer not null default 1;
alter table audit add approved_by text;
create or replace function locate(tbl text, wanted jsonb) returns table (id uuid, owner text) language plpgsql security definer set search_path = shelters, pg_temp as $$
begin
  if not exists (select 1 from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = 'shelters' and k.relname = tbl and a.attname = 'organisations') then raise exception 'no aggregate'; end if;
  return query execute format('select t.id, t.owner from %I t, jsonb_populate_record(null::%I, $1) v where %s order by t.id', tbl, tbl,
    (select string_agg(format('t.%I = v.%I', k, k), ' and ') from jsonb_object_keys(wanted) k)) using wanted;
end $$;
alter function settle_alert() set search_path = shelters, pg_temp;
alter function declare_units() set search_path = shelters, pg_temp;
alter function count_unit(uuid, text) set search_path = shelters, pg_temp;
alter function directory() set search_path = shelters, pg_temp;
alter function free_places() set search_path = shelters, pg_temp;
-- migration Access1764230000000
-- Looks at people are counted in the audit trail itself, so that no restart forgets them.
create index audit_looks on audit (account, at) where command in ('reveal', 'fetchNeeds', 'disclose', 'lookRefused');
-- Whose behaviour an alert is about; only supervision is shown such a one.
alter table alert add account text;
-- migration Rights1764240000000
create table known_restriction (request uuid primary key, case_ref text not null, restricted boolean not null, version integer not null);
create index known_restriction_case on known_restriction (case_ref) where restricted;
grant select, insert, update on known_restriction to shelters_app;
-- migration ReferencesEnd1764270000000
alter table reference add purpose text not null default '', add generation integer not null default 1;
alter table reference drop constraint reference_organisation_kind_aggregate_key;
alter table reference add constraint reference_organisation_kind_aggregate_key unique (organisation, kind, aggregate, purpose, generation);
create table reference_end (ref text not null references reference on delete cascade, reason text not null, at timestamptz not null, primary key (ref, reason));
create index reference_end_ref on reference_end (ref, at);
grant select, insert on reference_end to shelters_app;

-- With the last consent for a purpose goes the name that came with it; in the same transaction as the news of it.
create function end_introduction(recipient text, case_of text, for_purpose text, why text) returns void language sql security definer set search_path = shelters, pg_temp as $$
  insert into reference_end (ref, reason, at) select ref, why, now() from reference
  where organisation = recipient and kind = 'cas' and aggregate = case_of and purpose <> '' and (for_purpose is null or purpose = for_purpose) on conflict do nothing $$;
create function consent_over() returns trigger language plpgsql set search_path = shelters, pg_temp as $$
begin
  if not exists (select from known_consent k where k.case_ref = new.case_ref and k.purpose = new.purpose and k.recipient = new.recipient and k.consent <> new.consent and k.state in ('given', 'renewed')) then
    perform end_introduction(new.recipient, new.case_ref, new.purpose, 'CONSENT_OVER');
  end if;
  return null;
end $$;
create trigger consent_over after insert or update of state on known_consent for each row when (new.state in ('withdrawn', 'revoked', 'expired') and new.recipient is not null) execute function consent_over();
create function organisation_over() returns trigger language plpgsql security definer set search_path = shelters, pg_temp as $$
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
grant select, insert, update on organisation_key, key_lock to shelters_app;
grant select, insert, update (receipt) on erasure_receipt to shelters_app;

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
-- migration AuditTree1764220000000
create table audit_leaf (index bigint primary key, position bigint not null unique, leaf bytea not null, chain bytea not null);
create table audit_root (
  number integer primary key, size bigint not null, root bytea not null, chain bytea not null, at text not null, previous bytea not null, digest bytea not null unique,
  key text not null, signature text not null, peaks bytea[] not null);
create table known_audit_root (service text not null, number integer not null, digest bytea not null, signature text not null, at text not null, primary key (service, number, digest));
grant select, insert on audit_leaf, audit_root, known_audit_root to shelters_app;

create policy audit_sequencing on audit for select to shelters_owner using (true);
create policy audit_expiring on audit for delete to shelters_owner using (at < now() - interval '6 years');

-- In the order of positions, whosever they are; hashes are made of it, and nothing else.
create function audit_waiting(above bigint, up_to bigint, most integer) returns setof json language sql stable security definer set search_path = shelters, pg_temp set timezone = 'UTC' as $$
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
create function expire_audit() returns bigint language sql security definer set search_path = shelters, pg_temp as $$
  with gone as (
    delete from audit where at < now() - interval '6 years' and position <= (select l.position from audit_leaf l where l.index = (
      select max(size) - 1 from audit_root r where r.at < to_char((now() - interval '6 years') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))
    returning 1)
  select count(*) from gone;
$$;
grant execute on function audit_waiting(bigint, bigint, integer), expire_audit() to shelters_app;
-- migration SessionsEnd1764290000000
alter table key_lock add sessions_ended_at timestamptz not null default clock_timestamp();
-- migration CountingLooks1764300000000
drop index audit_looks;
create index audit_looks on audit (account, at) where command in ('reveal', 'fetchNeeds', 'disclose', 'collect', 'accessCopy', 'lookRefused');
-- migration HeldBack1764330000000
alter table outbox add column held text;
create index outbox_held on outbox (aggregate) where held is not null;
