import { protect } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const orders = `
create table statistics_order (
  "id" uuid primary key, "owner" text not null, "organisations" text[] not null, "case_ref" text, "state" text not null, "version" integer not null,
  "due_at" timestamptz, "created_at" timestamptz not null, "updated_at" timestamptz not null, "sealed" bytea,
  "year" text, "until" date
);
-- One release a year, for ever; what was refused may be ordered again.
create unique index order__already_ordered on statistics_order (until) where state <> 'order_refused';
grant select, insert, update on statistics_order to notifications_app;
`;

export class StatisticsOrder1764250000000 implements MigrationInterface {
  readonly name = 'StatisticsOrder1764250000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(orders);
    await runner.query(protect('statistics_order', 'notifications_owner'));
  }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
