import { heldBack } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class HeldBack1764330000000 implements MigrationInterface {
  readonly name = 'HeldBack1764330000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(heldBack()); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
