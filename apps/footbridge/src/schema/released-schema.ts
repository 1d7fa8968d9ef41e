import { existsSync, readFileSync } from 'node:fs';
import type { ServiceDefinition } from '@footbridge/service';

/** What a migration has done to databases out there, statement by statement: also what it takes from a library. */
export interface ReleasedMigration { readonly name: string; readonly sql: string }
type Migration = InstanceType<ServiceDefinition['migrations'][number]>;

export const releasedFile = (service: string): URL => new URL(`../../../${service}/released-schema.sql`, import.meta.url);
const heading = /^-- migration (\w+)\n/m;

/** The statements of each migration, without a database. */
export async function migrationsOf({ migrations }: Pick<ServiceDefinition, 'migrations'>): Promise<readonly ReleasedMigration[]> {
  return Promise.all(migrations.map(async (Made) => {
    const migration = new Made();
    const statements: string[] = [];
    const recorder: unknown = { query: (statement: string) => { statements.push(statement.trim()); return Promise.resolve([]); } };
    await migration.up(recorder as Parameters<Migration['up']>[0]);
    return { name: migration.name ?? Made.name, sql: `${statements.join('\n')}\n` };
  }));
}

export const read = (text: string): readonly ReleasedMigration[] => {
  const [, ...parts] = text.split(heading);
  return parts.flatMap((part, n) => (n % 2 === 0 ? [{ name: part, sql: parts[n + 1] ?? '' }] : []));
};
export const written = (migrations: readonly ReleasedMigration[]): string => migrations.map(({ name, sql }) => `-- migration ${name}\n${sql}`).join('');
export const releasedOf = (service: string): readonly ReleasedMigration[] => (existsSync(releasedFile(service)) ? read(readFileSync(releasedFile(service), 'utf8')) : []);

/** What stands between a service's migrations and those that were released, one sentence each. */
export function breaks(released: readonly ReleasedMigration[], now: readonly ReleasedMigration[]): readonly string[] {
  return [
    ...released.flatMap(({ name, sql }, n) => {
      const found = now.find((m) => m.name === name);
      if (!found) return [`${name} was released and is gone.`];
      if (found.sql !== sql) return [`${name} was released and now does something else: put it back, and write a new migration.`];
      return now[n]?.name === name ? [] : [`${name} was released in another place of the order.`];
    }),
    ...now.filter(({ name }) => !released.some((m) => m.name === name)).map(({ name }) => `${name} is not released yet: npm run schema:release.`),
  ];
}
