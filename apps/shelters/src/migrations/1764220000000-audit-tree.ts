import { auditTree } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AuditTree1764220000000 implements MigrationInterface {
  readonly name = 'AuditTree1764220000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(auditTree('shelters', 'shelters_owner', 'shelters_app')); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
