import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = `
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
`;

export class Second1764100000000 implements MigrationInterface {
  readonly name = 'Second1764100000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(tables); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
