import type pg from 'pg';

/**
 * What has ended stays ended when older data comes back (G2): a consent that was withdrawn, as its service keeps it and as each other knows it, and an
 * envelope that was fetched or destroyed. Which ones is in the file of keys, as who was erased is: reference, state and version, nothing of a person.
 */
export interface Ended { readonly table: readonly [string, string]; readonly rows: readonly (readonly [key: string, state: string, version: number])[] }

interface Ending { readonly table: string; readonly key: string; /** States from which it may still go on. */ readonly live: readonly string[]; /** In other states its sealed values are gone. */ readonly holds?: readonly string[] }
const endings: readonly Ending[] = [
  { table: 'consent_record', key: 'id', live: ['requested', 'given', 'renewed'] },
  { table: 'known_consent', key: 'consent', live: ['given', 'renewed'] },
  { table: 'identity_envelope', key: 'id', live: ['waiting'], holds: ['waiting', 'collected'] },
];
const endingOf = (table: string): Ending | undefined => endings.find((ending) => ending.table === table);

const isRow = (row: unknown): boolean => Array.isArray(row) && row.length === 3 && typeof row[0] === 'string' && typeof row[1] === 'string' && Number.isSafeInteger(row[2]);
export const isEnded = (content: unknown): content is Ended => typeof content === 'object' && content !== null && 'table' in content && Array.isArray(content.table) && content.table.length === 2 && typeof content.table[0] === 'string'
  && endingOf(String(content.table[1])) !== undefined && 'rows' in content && Array.isArray(content.rows) && content.rows.every(isRow);

/** Of the same moment as the data. `tables`: those that are there. */
export async function endedOf(client: pg.Client, tables: readonly (readonly [string, string])[]): Promise<readonly Ended[]> {
  const found: Ended[] = [];
  for (const [schema, table] of tables) {
    const ending = endingOf(table);
    if (!ending) continue;
    const { rows } = await client.query<{ key: string; state: string; version: number }>(`select ${ending.key}::text as key, state, version from ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)} where state <> all($1) order by 1`, [ending.live]);
    found.push({ table: [schema, table], rows: rows.map(({ key, state, version }) => [key, state, version]) });
  }
  return found;
}

/** Only forwards: what the data itself knows to be later stays as it is. */
export async function endAgain(client: pg.Client, ended: readonly Ended[], tables: readonly (readonly [string, string])[]): Promise<void> {
  for (const { table: [schema, table], rows } of ended) {
    const ending = endingOf(table);
    if (!ending || rows.length === 0 || !tables.some(([s, t]) => s === schema && t === table)) continue;
    const forgets = ending.holds ? `, sealed = case when r->>1 = any($2) then t.sealed end` : '';
    await client.query(`update ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)} t set state = r->>1, version = (r->>2)::integer${forgets} from json_array_elements($1::json) r where t.${ending.key}::text = r->>0 and t.version < (r->>2)::integer`, [JSON.stringify(rows), ...(ending.holds ? [ending.holds] : [])]);
  }
}
