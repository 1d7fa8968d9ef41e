import { grants, protect, serviceSchema } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const owner = 'shelters_owner';

const aggregates = `
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
`;

/**
 * The capacity invariant (reference 2.2.1). Who writes a reservation or a stay changes the counts of its unit, whatever the code
 * path; who may not go on is stopped by the check. The counts are taken at the end of the transaction, under the unit's lock:
 * an admission that uses its own reservation needs no bed twice. The service's own role cannot write them.
 */
const units = `
create table unit (
  shelter uuid not null references shelter, code text not null, owner text not null, profile text not null,
  total integer not null check (total >= 0), out_of_service integer not null default 0 check (out_of_service >= 0), occupied integer not null default 0, held integer not null default 0,
  primary key (shelter, code), constraint bed__capacity check (occupied + held + out_of_service <= total));
alter table unit enable row level security; alter table unit force row level security;
create policy own on unit for select using (owner = nullif(current_setting('app.org', true), ''));
create policy counting on unit to ${owner} using (true) with check (true);
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
${['bed_reservation', 'stay'].map((table) => `
create constraint trigger unit_entered after insert on ${table} deferrable initially deferred for each row execute function unit_entered();
create constraint trigger unit_left after delete on ${table} deferrable initially deferred for each row execute function unit_left();
create constraint trigger unit_kept after update on ${table} deferrable initially deferred for each row when (old.state is distinct from new.state or old.unit is distinct from new.unit) execute function unit_entered();
create constraint trigger unit_changed after update on ${table} deferrable initially deferred for each row when (old.unit is distinct from new.unit or old.shelter is distinct from new.shelter) execute function unit_left();`).join('')}
`;

/** What of a shelter is for others: no address, no number. */
const directory = `
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
`;

const known = `
create table known_referral (referral uuid primary key, state text not null, sender text not null, receiver text not null, service_type text, priority text not null, case_ref text, version integer not null);
create table known_partner (organisation text primary key, active boolean not null, country text, version integer not null);
create table known_safety_alert (alert uuid primary key, case_ref text, open boolean not null, version integer not null);
create index known_safety_alert_open on known_safety_alert (case_ref) where open;
`;

/** The tables of this service as it began. Never edited after release: a change is a new migration. */
export class First1764000000000 implements MigrationInterface {
  name = 'First1764000000000';
  async up(q: QueryRunner): Promise<void> {
    await q.query(serviceSchema('shelters', owner));
    await q.query(aggregates);
    for (const table of ['shelter', 'bed_reservation', 'stay', 'bed_request']) await q.query(protect(table, owner));
    await q.query(units);
    await q.query(directory);
    await q.query(known);
    await q.query(grants('shelters', 'shelters_app'));
    // counted by the database alone
    await q.query('revoke insert, update on unit from shelters_app');
  }
  down(): Promise<void> { return Promise.reject(new Error('A backup is how to go back.')); }
}
