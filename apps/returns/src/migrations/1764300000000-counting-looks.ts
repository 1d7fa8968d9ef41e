import { countingLooks } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CountingLooks1764300000000 implements MigrationInterface {
  readonly name = 'CountingLooks1764300000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(countingLooks()); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
