import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The band that is told with a change of admissions, and which held beds nobody named is waiting for. */
export class BandsAndBeds1764100000000 implements MigrationInterface {
  name = 'BandsAndBeds1764100000000';
  async up(q: QueryRunner): Promise<void> {
    await q.query(`
alter table shelter add column band text;
alter table bed_reservation add column anonymous boolean;
alter table bed_reservation no force row level security;
update bed_reservation set anonymous = bed_request is not null and referral is null;
alter table bed_reservation force row level security;`);
  }
  down(): Promise<void> { return Promise.reject(new Error('A backup is how to go back.')); }
}
