import type { MigrationInterface, QueryRunner } from 'typeorm';

const envelopes = `
create table known_envelope (envelope text primary key, case_ref text not null, recipient text not null, due_at timestamptz not null);
create index known_envelope_case on known_envelope (case_ref, recipient);
grant select, insert on known_envelope to returns_app;
`;

export class Envelopes1764200000000 implements MigrationInterface {
  readonly name = 'Envelopes1764200000000';
  async up(runner: QueryRunner): Promise<void> { await runner.query(envelopes); }
  down(): Promise<void> { return Promise.reject(new Error('There is no way back: restore a backup.')); }
}
