import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who has to be written to, noted in the commit that disables an endpoint: no stop in between loses it. */
const mailDue = `
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
`;

export class MailDue1764050000000 implements MigrationInterface {
  name = 'MailDue1764050000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(mailDue); }
  down(): Promise<void> { return Promise.reject(new Error('forward only')); }
}
