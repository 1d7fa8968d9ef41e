import { endingReferences } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ReferencesEnd1764270000000 implements MigrationInterface {
  readonly name = 'ReferencesEnd1764270000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(endingReferences('notifications', 'notifications_app')); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
