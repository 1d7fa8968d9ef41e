import { restriction } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Rights1764240000000 implements MigrationInterface {
  readonly name = 'Rights1764240000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(restriction('reintegration')); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
