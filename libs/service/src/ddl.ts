import { isPersonal, tableOf, type ColumnType, type Fields, type Lifecycle } from '@footbridge/lifecycle';
import { columnOf } from './store.js';

const types: Readonly<Record<ColumnType, string>> = { text: 'text', instant: 'timestamptz', day: 'date', boolean: 'boolean', integer: 'integer', texts: 'text[]', uuid: 'uuid', json: 'jsonb' };

/** The columns that a lifecycle's table has. Personal fields have none of their own: they are in `sealed`. */
export function columnsOfTable(l: Lifecycle): ReadonlyMap<string, string> {
  const columns = new Map([['id', 'uuid'], ['owner', 'text'], ['organisations', 'text[]'], ['case_ref', 'text'], ['state', 'text'], ['version', 'integer'], ['due_at', 'timestamptz'], ['created_at', 'timestamptz'], ['updated_at', 'timestamptz'], ['sealed', 'bytea']]);
  for (const [name, field] of Object.entries(l.fields as Fields)) if (!isPersonal(field)) columns.set(columnOf(name), types[field.column]);
  return columns;
}

/** For a new migration: the statement that makes a lifecycle's table. Migrations keep its text, so that a later change of fields needs a new one. */
export function createTable(l: Lifecycle): string {
  const notNull = new Set(['owner', 'organisations', 'state', 'version', 'created_at', 'updated_at']);
  const lines = [...columnsOfTable(l)].map(([name, type]) => `  "${name}" ${type}${name === 'id' ? ' primary key' : notNull.has(name) ? ' not null' : ''}`);
  return `create table "${tableOf(l)}" (\n${lines.join(',\n')}\n);`;
}
