import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Published and public, but for the order: nothing here is about a person, and no count is without its noise. */
const statistics = `
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
`;

export class Statistics1764250000000 implements MigrationInterface {
  readonly name = 'Statistics1764250000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(statistics); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
