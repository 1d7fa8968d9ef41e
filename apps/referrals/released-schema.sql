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
-- migration Access1764230000000
-- Looks at people are counted in the audit trail itself, so that no restart forgets them.
create index audit_looks on audit (account, at) where command in ('reveal', 'fetchNeeds', 'disclose', 'lookRefused');
-- Whose behaviour an alert is about; only supervision is shown such a one.
alter table alert add account text;
create table "break_glass" (
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
  "reason" text,
  "asked_by" text,
  "opened_at" timestamptz,
  "until" timestamptz,
  "confirmed_by" text,
  "reviewed_by" text,
  "finding" text
);
create index break_glass_case on break_glass (case_id, asked_by) where state = 'open';
-- Life at risk waits for nobody, but only once, also where two requests come at the same moment.
create unique index break_glass__earlier_not_confirmed on break_glass (asked_by) where confirmed_by is null and state <> 'reviewed';
create table "export" (
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
  "asked_by" text,
  "until" timestamptz,
  "started_at" timestamptz,
  "finished_at" timestamptz
);
-- Which cases were invented, to see who opens them.
create table decoy (case_ref text primary key, owner text not null, marked_by text not null, at timestamptz not null);
alter table decoy enable row level security; alter table decoy force row level security;
create policy decoy_own on decoy using (owner = nullif(current_setting('app.org', true), ''));
grant select, insert on decoy to referrals_app;
grant select, insert, update on break_glass, export to referrals_app;
alter table "break_glass" enable row level security; alter table "break_glass" force row level security;
create policy parties on "break_glass" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "break_glass" for select to referrals_owner using (true);
create index "break_glass_organisations" on "break_glass" using gin (organisations);
create index "break_glass_recent" on "break_glass" (created_at, id);
alter table "export" enable row level security; alter table "export" force row level security;
create policy parties on "export" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "export" for select to referrals_owner using (true);
create index "export_organisations" on "export" using gin (organisations);
create index "export_recent" on "export" (created_at, id);
-- migration Sealing1764200000000
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

alter table "recipient_key" enable row level security; alter table "recipient_key" force row level security;
create policy parties on "recipient_key" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "recipient_key" for select to referrals_owner using (true);
create index "recipient_key_organisations" on "recipient_key" using gin (organisations);
create index "recipient_key_recent" on "recipient_key" (created_at, id);


alter table "identity_envelope" enable row level security; alter table "identity_envelope" force row level security;
create policy parties on "identity_envelope" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "identity_envelope" for select to referrals_owner using (true);
create index "identity_envelope_organisations" on "identity_envelope" using gin (organisations);
create index "identity_envelope_recent" on "identity_envelope" (created_at, id);


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
-- migration Rights1764240000000
create table known_restriction (request uuid primary key, case_ref text not null, restricted boolean not null, version integer not null);
create index known_restriction_case on known_restriction (case_ref) where restricted;
grant select, insert, update on known_restriction to referrals_app;
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
alter table "rights_request" enable row level security; alter table "rights_request" force row level security;
create policy parties on "rights_request" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "rights_request" for select to referrals_owner using (true);
create index "rights_request_organisations" on "rights_request" using gin (organisations);
create index "rights_request_recent" on "rights_request" (created_at, id);
alter table "legal_hold" enable row level security; alter table "legal_hold" force row level security;
create policy parties on "legal_hold" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "legal_hold" for select to referrals_owner using (true);
create index "legal_hold_organisations" on "legal_hold" using gin (organisations);
create index "legal_hold_recent" on "legal_hold" (created_at, id);
grant select, insert, update on rights_request, legal_hold to referrals_app; grant execute on function purposes_over(timestamptz, timestamptz) to referrals_app;
-- migration ReferencesEnd1764270000000
alter table reference add purpose text not null default '', add generation integer not null default 1;
alter table reference drop constraint reference_organisation_kind_aggregate_key;
alter table reference add constraint reference_organisation_kind_aggregate_key unique (organisation, kind, aggregate, purpose, generation);
create table reference_end (ref text not null references reference on delete cascade, reason text not null, at timestamptz not null, primary key (ref, reason));
create index reference_end_ref on reference_end (ref, at);
grant select, insert on reference_end to referrals_app;

-- With the last consent for a purpose goes the name that came with it; in the same transaction as the news of it.
create function end_introduction(recipient text, case_of text, for_purpose text, why text) returns void language sql security definer set search_path = referrals, pg_temp as $$
  insert into reference_end (ref, reason, at) select ref, why, now() from reference
  where organisation = recipient and kind = 'cas' and aggregate = case_of and purpose <> '' and (for_purpose is null or purpose = for_purpose) on conflict do nothing $$;
create function consent_over() returns trigger language plpgsql set search_path = referrals, pg_temp as $$
begin
  if not exists (select from known_consent k where k.case_ref = new.case_ref and k.purpose = new.purpose and k.recipient = new.recipient and k.consent <> new.consent and k.state in ('given', 'renewed')) then
    perform end_introduction(new.recipient, new.case_ref, new.purpose, 'CONSENT_OVER');
  end if;
  return null;
end $$;
create trigger consent_over after insert or update of state on known_consent for each row when (new.state in ('withdrawn', 'revoked', 'expired') and new.recipient is not null) execute function consent_over();
create function organisation_over() returns trigger language plpgsql security definer set search_path = referrals, pg_temp as $$
begin
  insert into reference_end (ref, reason, at) select ref, 'ORGANISATION_OVER', now() from reference where organisation = new.organisation and purpose <> '' on conflict do nothing;
  return null;
end $$;
create trigger organisation_over after insert or update of active on known_organisation for each row when (not new.active) execute function organisation_over();
create table learnt (id uuid primary key, owner text not null, recipient text not null, subject text not null, sealed bytea not null, version integer not null, constraint learnt_owner_recipient_subject_key unique (owner, recipient, subject));
alter table learnt enable row level security; alter table learnt force row level security;
create policy learnt_own on learnt using (owner = nullif(current_setting('app.org', true), ''));
grant select, insert, update on learnt to referrals_app;
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
alter table "exact_release" enable row level security; alter table "exact_release" force row level security;
create policy parties on "exact_release" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "exact_release" for select to referrals_owner using (true);
create index "exact_release_organisations" on "exact_release" using gin (organisations);
create index "exact_release_recent" on "exact_release" (created_at, id);
alter table "continuity_code" enable row level security; alter table "continuity_code" force row level security;
create policy parties on "continuity_code" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "continuity_code" for select to referrals_owner using (true);
create index "continuity_code_organisations" on "continuity_code" using gin (organisations);
create index "continuity_code_recent" on "continuity_code" (created_at, id);
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
grant select, insert, update on exact_release, continuity_code to referrals_app; grant select, insert on continuity_pepper, continuity_attempt to referrals_app; grant delete on continuity_attempt to referrals_app; grant usage on all sequences in schema referrals to referrals_app;
      grant execute on function continuity_code_of(text, timestamptz) to referrals_app
-- migration Keys1764210000000
alter table subject_key add key_version integer generated always as (substring(wrapped from '^(?:file1[.]|vault:v)([0-9]{1,6})[.:]')::integer) stored;
create index subject_key_version on subject_key (owner, key_version);
create table organisation_key (organisation text primary key, wanted integer not null default 0, least integer not null default 0, rewrapped integer not null default 0, destroyed integer not null default 0);
create table key_lock (panic_lock uuid primary key, organisation text not null, locked boolean not null, version integer not null, applied boolean not null default false);
create table erasure_receipt (case_ref text primary key, owner text not null, case_of_owner text, erased_at timestamptz not null, receipt jsonb);
create index erasure_receipt_owner on erasure_receipt (owner, erased_at desc);
create index erasure_receipt_unsigned on erasure_receipt (case_ref) where receipt is null;
grant select, insert, update on organisation_key, key_lock to referrals_app;
grant select, insert, update (receipt) on erasure_receipt to referrals_app;

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

create or replace function key_destroyed() returns trigger language plpgsql as $$
begin
  perform shred(new.case_ref, new.owner, new.id::text, new.updated_at);
  return null;
end $$;
-- migration Statistics1764250000000
create table statistics_order (id uuid primary key default gen_random_uuid(), until date not null unique, version integer not null default 1, counted text check (counted in ('PUBLISHED', 'REFUSED')));
create table statistics_ledger (
  position bigint generated always as identity primary key, family text not null, cube_version integer not null, period text not null, epsilon_thousandths integer not null check (epsilon_thousandths > 0),
  released_at timestamptz not null, unique (family, period));
create table statistics_release (period text primary key, family text not null, citizenships text[] not null, json text not null, csv text not null, foreign key (family, period) references statistics_ledger (family, period));

-- The library refuses first; this holds for two that publish at once, too (S-11).
create function statistics_budget() returns trigger language plpgsql set search_path = referrals, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('statistics.' || new.family, 0));
  if new.epsilon_thousandths > 1000 or new.epsilon_thousandths + coalesce((select sum(epsilon_thousandths) from statistics_ledger where family = new.family), 0) > 4000 then
    raise exception 'budget' using errcode = '23514', constraint = 'statistics__budget_spent';
  end if;
  return new;
end $$;
create trigger statistics_budget before insert on statistics_ledger for each row execute function statistics_budget();
create function statistics_stays() returns trigger language plpgsql as $$ begin raise exception 'released' using errcode = '23514', constraint = 'statistics__released'; end $$;
create trigger statistics_stays before update or delete on statistics_ledger for each row execute function statistics_stays();
create trigger statistics_stays before update or delete on statistics_release for each row execute function statistics_stays();

grant select, insert, update on statistics_order to referrals_app;
grant select, insert on statistics_ledger, statistics_release to referrals_app;
grant usage on all sequences in schema referrals to referrals_app;
-- migration AuditTree1764220000000
create table audit_leaf (index bigint primary key, position bigint not null unique, leaf bytea not null, chain bytea not null);
create table audit_root (
  number integer primary key, size bigint not null, root bytea not null, chain bytea not null, at text not null, previous bytea not null, digest bytea not null unique,
  key text not null, signature text not null, peaks bytea[] not null);
create table known_audit_root (service text not null, number integer not null, digest bytea not null, signature text not null, at text not null, primary key (service, number, digest));
grant select, insert on audit_leaf, audit_root, known_audit_root to referrals_app;

create policy audit_sequencing on audit for select to referrals_owner using (true);
create policy audit_expiring on audit for delete to referrals_owner using (at < now() - interval '6 years');

-- In the order of positions, whosever they are; hashes are made of it, and nothing else.
create function audit_waiting(above bigint, up_to bigint, most integer) returns setof json language sql stable security definer set search_path = referrals, pg_temp set timezone = 'UTC' as $$
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
create function expire_audit() returns bigint language sql security definer set search_path = referrals, pg_temp as $$
  with gone as (
    delete from audit where at < now() - interval '6 years' and position <= (select l.position from audit_leaf l where l.index = (
      select max(size) - 1 from audit_root r where r.at < to_char((now() - interval '6 years') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))
    returning 1)
  select count(*) from gone;
$$;
grant execute on function audit_waiting(bigint, bigint, integer), expire_audit() to referrals_app;
-- migration SessionsEnd1764290000000
alter table key_lock add sessions_ended_at timestamptz not null default clock_timestamp();

create table told_elsewhere (case_ref text not null, recipient text not null, service text not null, primary key (case_ref, recipient, service));
grant select, insert on told_elsewhere to referrals_app;
-- migration CountingLooks1764300000000
drop index audit_looks;
create index audit_looks on audit (account, at) where command in ('reveal', 'fetchNeeds', 'disclose', 'collect', 'accessCopy', 'lookRefused');
-- migration HeldBack1764330000000
alter table outbox add column held text;
create index outbox_held on outbox (aggregate) where held is not null;
