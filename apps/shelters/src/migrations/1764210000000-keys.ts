import { keysSchema } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Keys1764210000000 implements MigrationInterface {
  readonly name = 'Keys1764210000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(keysSchema('shelters')); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
