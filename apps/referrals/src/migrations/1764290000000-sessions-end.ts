import { sessionsEnd, toldElsewhere } from '@footbridge/service';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A panic ends sessions; whom another service may have told of a case. */
export class SessionsEnd1764290000000 implements MigrationInterface {
  readonly name = 'SessionsEnd1764290000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(sessionsEnd() + toldElsewhere('referrals_app')); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
