import type { MigrationInterface, QueryRunner } from 'typeorm';

const closing = `
-- A draft holds its case while it is written; whoever closes the case waits for that, and then sees it.
create function no_referral_is_open() returns trigger language plpgsql as $$
begin
  if exists (select 1 from referral where case_id = new.id and state not in ('closed', 'entered_in_error')) then
    raise exception 'open' using errcode = '23514', constraint = 'close__referral_open';
  end if;
  return new;
end $$;
create trigger no_referral_is_open before update of state on "case" for each row when (new.state = 'closed' and old.state <> 'closed') execute function no_referral_is_open();
`;

export class Closing1764130000000 implements MigrationInterface {
  readonly name = 'Closing1764130000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(closing); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
