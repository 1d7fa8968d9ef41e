import { keysSchema, protect } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const own = `
create table "key_rotation" (
  "id" uuid primary key, "owner" text not null, "organisations" text[] not null, "case_ref" text, "state" text not null, "version" integer not null,
  "due_at" timestamptz, "created_at" timestamptz not null, "updated_at" timestamptz not null, "sealed" bytea,
  "key_version" integer, "rotated_at" timestamptz
);
create unique index key_rotation__changed_meanwhile on key_rotation (owner, key_version);
create table "panic_lock" (
  "id" uuid primary key, "owner" text not null, "organisations" text[] not null, "case_ref" text, "state" text not null, "version" integer not null,
  "due_at" timestamptz, "created_at" timestamptz not null, "updated_at" timestamptz not null, "sealed" bytea
);
create unique index panic_lock__locked_already on panic_lock (owner) where state = 'locked';
-- Which service has said that nothing of it hangs on a key of an organisation before this version.
create table keys_rewrapped (organisation text not null, service text not null, key_version integer not null, primary key (organisation, service));
grant select, insert, update on key_rotation, panic_lock, keys_rewrapped to notifications_app;

-- The service that keeps the locks is never behind them.
create function panic_locked() returns trigger language plpgsql as $$
begin
  insert into key_lock (panic_lock, organisation, locked, version) values (new.id, new.owner, new.state = 'locked', new.version)
    on conflict (panic_lock) do update set locked = excluded.locked, version = excluded.version, applied = false where key_lock.version < excluded.version;
  return null;
end $$;
create trigger panic_locked after insert or update on panic_lock for each row execute function panic_locked();
${protect('key_rotation', 'notifications_owner')}
${protect('panic_lock', 'notifications_owner')}
`;

export class Keys1764210000000 implements MigrationInterface {
  readonly name = 'Keys1764210000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(keysSchema('notifications') + own); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
