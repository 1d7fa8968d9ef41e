import { keysSchema } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** In the transaction that anonymises, with the receipt. */
const own = `
create or replace function key_destroyed() returns trigger language plpgsql as $$
begin
  perform shred(new.case_ref, new.owner, new.id::text, new.updated_at);
  return null;
end $$;
`;

export class Keys1764210000000 implements MigrationInterface {
  readonly name = 'Keys1764210000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(keysSchema('referrals') + own); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
