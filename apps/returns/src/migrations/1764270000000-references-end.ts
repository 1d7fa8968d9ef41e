import { endingReferences, ledger } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Names of a case that end with their purpose; and what each office has learnt. */
export class ReferencesEnd1764270000000 implements MigrationInterface {
  readonly name = 'ReferencesEnd1764270000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(endingReferences('returns', 'returns_app'));
    await runner.query(ledger('returns', 'returns_app'));
  }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
