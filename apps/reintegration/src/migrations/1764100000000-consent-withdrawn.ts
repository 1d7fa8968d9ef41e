import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A withdrawn consent is kept on the case: it ends no help (W6). */
export class ConsentWithdrawn1764100000000 implements MigrationInterface {
  name = 'ConsentWithdrawn1764100000000';
  async up(q: QueryRunner): Promise<void> { await q.query('alter table reintegration_case add column consent_withdrawn boolean'); }
  down(): Promise<void> { return Promise.reject(new Error('A backup is how to go back.')); }
}
