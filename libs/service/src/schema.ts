import { messagingSchema } from '@footbridge/messaging';

/**
 * What every service's schema holds besides its aggregates. How rows are read and written, with the
 * organisation in the same round trip as the work, is in store.ts.
 */
export const serviceSchema = (schema: string, owner: string): string => `
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
create policy alert_settle on alert to ${owner} using (true);
create function settle_alert() returns trigger language plpgsql security definer set search_path = ${schema} as $$
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
${messagingSchema}

-- Where an aggregate is, for events that name no organisation: identifiers only, never a sealed column.
create function locate(tbl text, wanted jsonb) returns table (id uuid, owner text) language plpgsql security definer set search_path = ${schema} as $$
begin
  if not exists (select 1 from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = '${schema}' and k.relname = tbl and a.attname = 'organisations') then raise exception 'no aggregate'; end if;
  return query execute format('select t.id, t.owner from %I t, jsonb_populate_record(null::%I, $1) v where %s', tbl, tbl,
    (select string_agg(format('t.%I = v.%I', k, k), ' and ') from jsonb_object_keys(wanted) k)) using wanted;
end $$;
`;

/**
 * The first change of what every service's schema holds: a second word is settled by version, the audit names whoever gave it, rows are
 * located in one order, and a function that runs as its owner meets no temporary table of its caller's.
 */
export const secondWord = (schema: string, definers: readonly string[] = []): string => `
alter table approval add version integer not null default 1;
alter table audit add approved_by text;
create or replace function locate(tbl text, wanted jsonb) returns table (id uuid, owner text) language plpgsql security definer set search_path = ${schema}, pg_temp as $$
begin
  if not exists (select 1 from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = '${schema}' and k.relname = tbl and a.attname = 'organisations') then raise exception 'no aggregate'; end if;
  return query execute format('select t.id, t.owner from %I t, jsonb_populate_record(null::%I, $1) v where %s order by t.id', tbl, tbl,
    (select string_agg(format('t.%I = v.%I', k, k), ' and ') from jsonb_object_keys(wanted) k)) using wanted;
end $$;
${['settle_alert()', ...definers].map((name) => `alter function ${name} set search_path = ${schema}, pg_temp;`).join('\n')}
`;

/** Row-level security with FORCE for an aggregate's table: parties read, the owner's commits write. */
export const protect = (table: string, owner: string): string => `
alter table "${table}" enable row level security; alter table "${table}" force row level security;
create policy parties on "${table}" using (organisations @> array[nullif(current_setting('app.org', true), '')]) with check (owner = nullif(current_setting('app.org', true), ''));
create policy locating on "${table}" for select to ${owner} using (true);
create index "${table}_organisations" on "${table}" using gin (organisations);
create index "${table}_recent" on "${table}" (created_at, id);
`;

/** What the service's own role may do: no table is its own, nothing is deleted but queue rows, the audit is append-only. */
export const grants = (schema: string, role: string): string => `
grant usage on schema ${schema} to ${role};
grant select, insert, update on all tables in schema ${schema} to ${role};
grant delete on deadline, outbox, inbox, parked, idempotency, subject_key to ${role};
revoke update on audit, reference from ${role};
grant usage on all sequences in schema ${schema} to ${role};
grant execute on all functions in schema ${schema} to ${role};
`;
