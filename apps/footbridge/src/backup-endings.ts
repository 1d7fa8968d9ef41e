import type pg from 'pg';

/**
 * What has ended stays ended when older data comes back (G2): a consent that was withdrawn, as its service keeps it and as each other knows it, an
 * envelope that was fetched or destroyed, an agreement, a partner, an account or a key that is good no more, a restriction that stands. Which ones is
 * in the file of keys, as who was erased is: reference, value and version, nothing of a person.
 */
export interface Ended { readonly table: readonly [string, string]; readonly rows: readonly (readonly [key: string, value: string, version: number, whole?: object])[] }

interface Ending {
  readonly table: string;
  readonly schema?: string;
  readonly key: string;
  /** The column that says that it is over; `state` if none is named. */
  readonly says?: string;
  /** When it is over, as SQL. */
  readonly over: string;
  /** In other states its sealed values are gone. */
  readonly holds?: readonly string[];
  /** Older data may not know of it at all: then the row itself comes back, which holds nothing of a person. */
  readonly whole?: true;
}
const endings: readonly Ending[] = [
  { table: 'consent_record', key: 'id', over: "state not in ('requested', 'given', 'renewed')" },
  { table: 'known_consent', key: 'consent', over: "state not in ('given', 'renewed')" },
  { table: 'identity_envelope', key: 'id', over: "state <> 'waiting'", holds: ['waiting', 'collected'] },
  { table: 'recipient_key', key: 'id', over: "state = 'retired'" },
  { table: 'agreement', key: 'id', over: "state <> 'signed'" },
  { table: 'known_agreement', key: 'agreement', says: 'ended', over: 'ended' },
  { table: 'partner', key: 'id', over: "state in ('partner_suspended', 'partner_terminated')" },
  { table: 'known_partner', schema: 'referrals', key: 'organisation', over: "state in ('partner_suspended', 'partner_terminated')" },
  { table: 'known_partner', schema: 'shelters', key: 'organisation', says: 'active', over: 'not active' },
  { table: 'organisation', schema: 'notifications', key: 'id', says: 'disabled', over: 'disabled' },
  { table: 'account', schema: 'notifications', key: 'id', says: 'disabled', over: 'disabled' },
  { table: 'known_organisation', key: 'organisation', says: 'active', over: 'not active' },
  { table: 'disabled', key: 'subject', says: 'disabled', over: 'disabled', whole: true },
  { table: 'case', key: 'id', says: 'restricted_at', over: 'restricted_at is not null' },
  { table: 'known_restriction', key: 'request', says: 'restricted', over: 'restricted', whole: true },
];
const endingOf = (schema: string, table: string): Ending | undefined => endings.find((ending) => ending.table === table && (ending.schema ?? schema) === schema);

const isRow = (row: unknown): boolean => Array.isArray(row) && (row.length === 3 || (row.length === 4 && typeof row[3] === 'object' && row[3] !== null)) && typeof row[0] === 'string' && typeof row[1] === 'string' && Number.isSafeInteger(row[2]);
export const isEnded = (content: unknown): content is Ended => typeof content === 'object' && content !== null && 'table' in content && Array.isArray(content.table) && content.table.length === 2 && content.table.every((name) => typeof name === 'string')
  && endingOf(String(content.table[0]), String(content.table[1])) !== undefined && 'rows' in content && Array.isArray(content.rows) && content.rows.every(isRow);

/** Of the same moment as the data. `tables`: those that are there. */
export async function endedOf(client: pg.Client, tables: readonly (readonly [string, string])[]): Promise<readonly Ended[]> {
  const found: Ended[] = [];
  for (const [schema, table] of tables) {
    const ending = endingOf(schema, table);
    if (!ending) continue;
    const { rows } = await client.query<{ key: string; value: string; version: number; whole: object | null }>(`select ${ending.key}::text as key, ${ending.says ?? 'state'}::text as value, version, ${ending.whole ? 'to_json(t)' : 'null::json'} as whole from ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)} t where ${ending.over} order by 1`);
    found.push({ table: [schema, table], rows: rows.map(({ key, value, version, whole }) => (whole === null ? [key, value, version] : [key, value, version, whole])) });
  }
  return found;
}

/** Only forwards: what the data itself knows to be later stays as it is. */
export async function endAgain(client: pg.Client, ended: readonly Ended[], tables: readonly (readonly [string, string])[]): Promise<void> {
  for (const { table: [schema, table], rows } of ended) {
    const ending = endingOf(schema, table);
    if (!ending || rows.length === 0 || !tables.some(([s, t]) => s === schema && t === table)) continue;
    const name = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)}`;
    const says = ending.says ?? 'state';
    const { rows: [column] } = await client.query<{ type: string }>('select format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = $1::regclass and attname = $2', [name, says]);
    if (!column) continue;
    const forgets = ending.holds ? `, sealed = case when r->>1 = any($2) then t.sealed end` : '';
    await client.query(`update ${name} t set ${says} = (r->>1)::${column.type}, version = (r->>2)::integer${forgets} from json_array_elements($1::json) r where t.${ending.key}::text = r->>0 and t.version < (r->>2)::integer`, [JSON.stringify(rows), ...(ending.holds ? [ending.holds] : [])]);
    if (ending.whole) await client.query(`insert into ${name} select w.* from json_array_elements($1::json) r, json_populate_record(null::${name}, r->3) w where r->3 is not null on conflict do nothing`, [JSON.stringify(rows)]);
  }
}
