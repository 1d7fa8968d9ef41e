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
create policy alert_settle on alert to reintegration_owner using (true);
create function settle_alert() returns trigger language plpgsql security definer set search_path = reintegration as $$
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
create function locate(tbl text, wanted jsonb) returns table (id uuid, owner text) language plpgsql security definer set search_path = reintegration as $$
begin
  if not exists (select 1 from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = 'reintegration' and k.relname = tbl and a.attname = 'organisations') then raise exception 'no aggregate'; end if;
  return query execute format('select t.id, t.owner from %I t, jsonb_populate_record(null::%I, $1) v where %s', tbl, tbl,
    (select string_agg(format('t.%I = v.%I', k, k), ' and ') from jsonb_object_keys(wanted) k)) using wanted;
end $$;
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
alter table "reintegration_case" enable row level security; alter table "reintegration_case" force row level security;
create policy parties on "reintegration_case" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "reintegration_case" for select to reintegration_owner using (true);
create index "reintegration_case_organisations" on "reintegration_case" using gin (organisations);
create index "reintegration_case_recent" on "reintegration_case" (created_at, id);
create table known_reception (return_case uuid primary key, case_ref text not null, received_at timestamptz not null);
create index known_reception_case on known_reception (case_ref);
grant usage on schema reintegration to reintegration_app;
grant select, insert, update on all tables in schema reintegration to reintegration_app;
grant delete on deadline, outbox, inbox, parked, idempotency, subject_key to reintegration_app;
revoke update on audit, reference from reintegration_app;
grant usage on all sequences in schema reintegration to reintegration_app;
grant execute on all functions in schema reintegration to reintegration_app;
-- migration ConsentWithdrawn1764100000000
alter table reintegration_case add column consent_withdrawn boolean
-- migration SecondWord1764120000000
alter table approval add version integer not null default 1;
alter table audit add approved_by text;
create or replace function locate(tbl text, wanted jsonb) returns table (id uuid, owner text) language plpgsql security definer set search_path = reintegration, pg_temp as $$
begin
  if not exists (select 1 from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = 'reintegration' and k.relname = tbl and a.attname = 'organisations') then raise exception 'no aggregate'; end if;
  return query execute format('select t.id, t.owner from %I t, jsonb_populate_record(null::%I, $1) v where %s order by t.id', tbl, tbl,
    (select string_agg(format('t.%I = v.%I', k, k), ' and ') from jsonb_object_keys(wanted) k)) using wanted;
end $$;
alter function settle_alert() set search_path = reintegration, pg_temp;
-- migration Access1764230000000
-- Looks at people are counted in the audit trail itself, so that no restart forgets them.
create index audit_looks on audit (account, at) where command in ('reveal', 'fetchNeeds', 'disclose', 'lookRefused');
-- Whose behaviour an alert is about; only supervision is shown such a one.
alter table alert add account text;
-- migration Rights1764240000000
create table known_restriction (request uuid primary key, case_ref text not null, restricted boolean not null, version integer not null);
create index known_restriction_case on known_restriction (case_ref) where restricted;
grant select, insert, update on known_restriction to reintegration_app;
-- migration ReferencesEnd1764270000000
alter table reference add purpose text not null default '', add generation integer not null default 1;
alter table reference drop constraint reference_organisation_kind_aggregate_key;
alter table reference add constraint reference_organisation_kind_aggregate_key unique (organisation, kind, aggregate, purpose, generation);
create table reference_end (ref text not null references reference on delete cascade, reason text not null, at timestamptz not null, primary key (ref, reason));
create index reference_end_ref on reference_end (ref, at);
grant select, insert on reference_end to reintegration_app;

-- With the last consent for a purpose goes the name that came with it; in the same transaction as the news of it.
create function end_introduction(recipient text, case_of text, for_purpose text, why text) returns void language sql security definer set search_path = reintegration, pg_temp as $$
  insert into reference_end (ref, reason, at) select ref, why, now() from reference
  where organisation = recipient and kind = 'cas' and aggregate = case_of and purpose <> '' and (for_purpose is null or purpose = for_purpose) on conflict do nothing $$;
create function consent_over() returns trigger language plpgsql set search_path = reintegration, pg_temp as $$
begin
  if not exists (select from known_consent k where k.case_ref = new.case_ref and k.purpose = new.purpose and k.recipient = new.recipient and k.consent <> new.consent and k.state in ('given', 'renewed')) then
    perform end_introduction(new.recipient, new.case_ref, new.purpose, 'CONSENT_OVER');
  end if;
  return null;
end $$;
create trigger consent_over after insert or update of state on known_consent for each row when (new.state in ('withdrawn', 'revoked', 'expired') and new.recipient is not null) execute function consent_over();
create function organisation_over() returns trigger language plpgsql security definer set search_path = reintegration, pg_temp as $$
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
grant select, insert, update on organisation_key, key_lock to reintegration_app;
grant select, insert, update (receipt) on erasure_receipt to reintegration_app;

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
grant select, insert on audit_leaf, audit_root, known_audit_root to reintegration_app;

create policy audit_sequencing on audit for select to reintegration_owner using (true);
create policy audit_expiring on audit for delete to reintegration_owner using (at < now() - interval '6 years');

-- In the order of positions, whosever they are; hashes are made of it, and nothing else.
create function audit_waiting(above bigint, up_to bigint, most integer) returns setof json language sql stable security definer set search_path = reintegration, pg_temp set timezone = 'UTC' as $$
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
create function expire_audit() returns bigint language sql security definer set search_path = reintegration, pg_temp as $$
  with gone as (
    delete from audit where at < now() - interval '6 years' and position <= (select l.position from audit_leaf l where l.index = (
      select max(size) - 1 from audit_root r where r.at < to_char((now() - interval '6 years') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))
    returning 1)
  select count(*) from gone;
$$;
grant execute on function audit_waiting(bigint, bigint, integer), expire_audit() to reintegration_app;
-- migration SessionsEnd1764290000000
alter table key_lock add sessions_ended_at timestamptz not null default clock_timestamp();

create table told_elsewhere (case_ref text not null, recipient text not null, service text not null, primary key (case_ref, recipient, service));
grant select, insert on told_elsewhere to reintegration_app;
-- migration CountingLooks1764300000000
drop index audit_looks;
create index audit_looks on audit (account, at) where command in ('reveal', 'fetchNeeds', 'disclose', 'collect', 'accessCopy', 'lookRefused');
-- migration HeldBack1764330000000
alter table outbox add column held text;
create index outbox_held on outbox (aggregate) where held is not null;
