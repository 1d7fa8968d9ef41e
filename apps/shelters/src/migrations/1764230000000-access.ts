import { accessSchema } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Access1764230000000 implements MigrationInterface {
  readonly name = 'Access1764230000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(accessSchema()); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
