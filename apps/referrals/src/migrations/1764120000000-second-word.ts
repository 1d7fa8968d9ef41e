import { secondWord } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SecondWord1764120000000 implements MigrationInterface {
  readonly name = 'SecondWord1764120000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(secondWord('referrals', ['mark_unplaced_cases()'])); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
