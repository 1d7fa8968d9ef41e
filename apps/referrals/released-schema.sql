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
create policy alert_settle on alert to referrals_owner using (true);
create function settle_alert() returns trigger language plpgsql security definer set search_path = referrals as $$
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
create function locate(tbl text, wanted jsonb) returns table (id uuid, owner text) language plpgsql security definer set search_path = referrals as $$
begin
  if not exists (select 1 from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = 'referrals' and k.relname = tbl and a.attname = 'organisations') then raise exception 'no aggregate'; end if;
  return query execute format('select t.id, t.owner from %I t, jsonb_populate_record(null::%I, $1) v where %s', tbl, tbl,
    (select string_agg(format('t.%I = v.%I', k, k), ' and ') from jsonb_object_keys(wanted) k)) using wanted;
end $$;
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
);
alter table "case" enable row level security; alter table "case" force row level security;
create policy parties on "case" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "case" for select to referrals_owner using (true);
create index "case_organisations" on "case" using gin (organisations);
create index "case_recent" on "case" (created_at, id);
alter table "identification" enable row level security; alter table "identification" force row level security;
create policy parties on "identification" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "identification" for select to referrals_owner using (true);
create index "identification_organisations" on "identification" using gin (organisations);
create index "identification_recent" on "identification" (created_at, id);
alter table "consent_record" enable row level security; alter table "consent_record" force row level security;
create policy parties on "consent_record" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "consent_record" for select to referrals_owner using (true);
create index "consent_record_organisations" on "consent_record" using gin (organisations);
create index "consent_record_recent" on "consent_record" (created_at, id);
alter table "guardian_appointment" enable row level security; alter table "guardian_appointment" force row level security;
create policy parties on "guardian_appointment" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "guardian_appointment" for select to referrals_owner using (true);
create index "guardian_appointment_organisations" on "guardian_appointment" using gin (organisations);
create index "guardian_appointment_recent" on "guardian_appointment" (created_at, id);
alter table "risk_assessment" enable row level security; alter table "risk_assessment" force row level security;
create policy parties on "risk_assessment" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "risk_assessment" for select to referrals_owner using (true);
create index "risk_assessment_organisations" on "risk_assessment" using gin (organisations);
create index "risk_assessment_recent" on "risk_assessment" (created_at, id);
alter table "referral" enable row level security; alter table "referral" force row level security;
create policy parties on "referral" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "referral" for select to referrals_owner using (true);
create index "referral_organisations" on "referral" using gin (organisations);
create index "referral_recent" on "referral" (created_at, id);
alter table "hold" enable row level security; alter table "hold" force row level security;
create policy parties on "hold" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "hold" for select to referrals_owner using (true);
create index "hold_organisations" on "hold" using gin (organisations);
create index "hold_recent" on "hold" (created_at, id);
alter table "safety_alert" enable row level security; alter table "safety_alert" force row level security;
create policy parties on "safety_alert" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "safety_alert" for select to referrals_owner using (true);
create index "safety_alert_organisations" on "safety_alert" using gin (organisations);
create index "safety_alert_recent" on "safety_alert" (created_at, id);
alter table "recall" enable row level security; alter table "recall" force row level security;
create policy parties on "recall" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "recall" for select to referrals_owner using (true);
create index "recall_organisations" on "recall" using gin (organisations);
create index "recall_recent" on "recall" (created_at, id);
alter table "intake" enable row level security; alter table "intake" force row level security;
create policy parties on "intake" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "intake" for select to referrals_owner using (true);
create index "intake_organisations" on "intake" using gin (organisations);
create index "intake_recent" on "intake" (created_at, id);
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
create policy clearance_look on clearance for select to referrals_owner using (true);

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
grant usage on schema referrals to referrals_app;
grant select, insert, update on all tables in schema referrals to referrals_app;
grant delete on deadline, outbox, inbox, parked, idempotency, subject_key to referrals_app;
revoke update on audit, reference from referrals_app;
grant usage on all sequences in schema referrals to referrals_app;
grant execute on all functions in schema referrals to referrals_app;
grant delete on clearance_due to referrals_app; revoke update on disclosure from referrals_app;
-- migration Second1764100000000
alter table referral add unreached_at timestamptz, add drafted_by text;
-- Whoever wrote the draft; until now only the audit trail knew.
alter table referral no force row level security;
alter table audit no force row level security;
update referral r set drafted_by = (select a.organisation from audit a where a.aggregate = r.id and a.command = 'draftReferral' order by a.position limit 1);
alter table referral force row level security;
alter table audit force row level security;

-- Which offices were asked to receive her: they are asked to delete when the return ends (reference 2.3.3).
create table known_reception (case_ref text not null, office text not null, primary key (case_ref, office));

-- An erasure is complete when all have destroyed their keys (decisions 9).
create table erased (case_ref text not null, service text not null, at timestamptz not null, primary key (case_ref, service));

-- In the transaction that anonymises: the key never outlives the case.
create function key_destroyed() returns trigger language plpgsql as $$
begin
  delete from subject_key where subject = new.case_ref;
  return null;
end $$;
create trigger key_destroyed after update of state on "case" for each row when (new.state = 'anonymised') execute function key_destroyed();

-- A house that becomes known may be what a guardian has agreed to already.
create function house_known() returns trigger language plpgsql security definer set search_path = referrals, pg_temp as $$
begin
  insert into clearance_due (case_id, owner)
  select c.case_id, c.owner from consent_record c where c.recipient = new.organisation and c.purpose = 'REFERRAL_DISCLOSURE' and c.state in ('given', 'renewed');
  return null;
end $$;
create trigger house_known after insert on known_shelter for each row execute function house_known();

-- A step that was not told before: whether a guardian speaks for her.
insert into clearance_due (case_id, owner) select case_id, owner from guardian_appointment where state in ('interim', 'appointed') and case_id is not null;

grant select, insert, update on known_reception, erased to referrals_app;
-- migration SecondWord1764120000000
alter table approval add version integer not null default 1;
alter table audit add approved_by text;
create or replace function locate(tbl text, wanted jsonb) returns table (id uuid, owner text) language plpgsql security definer set search_path = referrals, pg_temp as $$
begin
  if not exists (select 1 from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = 'referrals' and k.relname = tbl and a.attname = 'organisations') then raise exception 'no aggregate'; end if;
  return query execute format('select t.id, t.owner from %I t, jsonb_populate_record(null::%I, $1) v where %s order by t.id', tbl, tbl,
    (select string_agg(format('t.%I = v.%I', k, k), ' and ') from jsonb_object_keys(wanted) k)) using wanted;
end $$;
alter function settle_alert() set search_path = referrals, pg_temp;
alter function mark_unplaced_cases() set search_path = referrals, pg_temp;
-- migration Closing1764130000000
-- A draft holds its case while it is written; whoever closes the case waits for that, and then sees it.
create function no_referral_is_open() returns trigger language plpgsql as $$
begin
  if exists (select 1 from referral where case_id = new.id and state not in ('closed', 'entered_in_error')) then
    raise exception 'open' using errcode = '23514', constraint = 'close__referral_open';
  end if;
  return new;
end $$;
create trigger no_referral_is_open before update of state on "case" for each row when (new.state = 'closed' and old.state <> 'closed') execute function no_referral_is_open();
