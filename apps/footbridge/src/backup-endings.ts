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
  /** SQL of what names a row. */
  readonly key: string;
  /** The column that says that it is over; `state` if none is named. */
  readonly says?: string;
  /** When it is over, as SQL. */
  readonly over: string;
  /** In other states its sealed values are gone. */
  readonly holds?: readonly string[];
  /** Older data may not know of it at all: then the row itself comes back, without what is sealed in it, and with the names that organisations have for it. */
  readonly whole?: true;
  /** What is to be done again with it, as SQL. */
  readonly again?: string;
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
  { table: 'guardian_appointment', key: 'id', over: "state not in ('interim', 'appointed')" },
  { table: 'clearance', key: "case_id || ' ' || step", says: 'cleared', over: 'not cleared' },
  { table: 'known_clearance', key: "case_ref || ' ' || step", says: 'cleared', over: 'not cleared' },
  { table: 'exact_release', key: 'id', over: "state <> 'released'" },
  { table: 'continuity_code', key: 'id', over: "state <> 'issued'" },
  { table: 'export', key: 'id', over: "state <> 'allowed'" },
  { table: 'break_glass', key: 'id', over: "state <> 'open'" },
  // One that failed (sub_disabled) fails again by itself, and its partner is written to then, not twice.
  { table: 'subscription', key: 'id', over: "state in ('sub_revoked', 'sub_rejected', 'sub_paused')" },
  { table: 'hold', key: 'id', over: "state = 'placed'", whole: true },
  { table: 'safety_alert', key: 'id', over: "state = 'raised'", whole: true },
  { table: 'legal_hold', key: 'id', over: "state = 'standing'", whole: true },
  { table: 'panic_lock', key: 'id', over: "state = 'locked'", whole: true },
  // The file in the folder of keys may be that of before: each service locks anew.
  { table: 'key_lock', key: 'panic_lock', says: 'locked', over: 'locked', whole: true, again: 'applied = false' },
  { table: 'known_restriction', key: 'request', says: 'restricted', over: 'restricted', whole: true },
];
const endingOf = (schema: string, table: string): Ending | undefined => endings.find((ending) => ending.table === table && (ending.schema ?? schema) === schema);

const has = (tables: readonly (readonly [string, string])[], schema: string, table: string): boolean => tables.some(([s, t]) => s === schema && t === table);
const isRow = (row: unknown): boolean => Array.isArray(row) && (row.length === 3 || (row.length === 4 && typeof row[3] === 'object' && row[3] !== null)) && typeof row[0] === 'string' && typeof row[1] === 'string' && Number.isSafeInteger(row[2]);
export const isEnded = (content: unknown): content is Ended => typeof content === 'object' && content !== null && 'table' in content && Array.isArray(content.table) && content.table.length === 2 && content.table.every((name) => typeof name === 'string')
  && endingOf(String(content.table[0]), String(content.table[1])) !== undefined && 'rows' in content && Array.isArray(content.rows) && content.rows.every(isRow);

/** Of the same moment as the data. `tables`: those that are there. */
export async function endedOf(client: pg.Client, tables: readonly (readonly [string, string])[]): Promise<readonly Ended[]> {
  const found: Ended[] = [];
  for (const [schema, table] of tables) {
    const ending = endingOf(schema, table);
    if (!ending) continue;
    const { rows } = await client.query<{ key: string; value: string; version: number; whole: object | null }>(`select (${ending.key})::text as key, ${ending.says ?? 'state'}::text as value, version, ${ending.whole ? `to_jsonb(t) - 'sealed'${has(tables, schema, 'reference') ? ` || jsonb_build_object('$references', (select coalesce(jsonb_agg(r), '[]') from ${client.escapeIdentifier(schema)}.reference r where r.aggregate = (${ending.key})::text))` : ''}` : 'null::jsonb'} as whole from ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)} t where ${ending.over} order by 1`);
    found.push({ table: [schema, table], rows: rows.map(({ key, value, version, whole }) => (whole === null ? [key, value, version] : [key, value, version, whole])) });
  }
  return found;
}

/**
 * Only forwards: what the data itself knows to be later stays as it is. Triggers run, as they did when it ended: they keep who is a member, which names
 * resolve, which endpoint is written to. None of them writes to anybody.
 */
export async function endAgain(client: pg.Client, ended: readonly Ended[], tables: readonly (readonly [string, string])[]): Promise<void> {
  await client.query("set local session_replication_role to 'origin'");
  const { rows: [{ path } = { path: '' }] } = await client.query<{ path: string }>("select current_setting('search_path') as path");
  for (const { table: [schema, table], rows } of ended) {
    const ending = endingOf(schema, table);
    if (!ending || rows.length === 0 || !has(tables, schema, table)) continue;
    const name = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)}`;
    const says = ending.says ?? 'state';
    // As the service itself, whose triggers name its tables without the schema.
    await client.query("select set_config('search_path', $1, true)", [client.escapeIdentifier(schema)]);
    const { rows: [column] } = await client.query<{ type: string }>('select format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = $1::regclass and attname = $2', [name, says]);
    if (!column) continue;
    const forgets = ending.holds ? `, sealed = case when r->>1 = any($2) then t.sealed end` : '';
    await client.query(`update ${name} t set ${says} = (r->>1)::${column.type}, version = (r->>2)::integer${forgets} from json_array_elements($1::json) r where (${ending.key})::text = r->>0 and t.version < (r->>2)::integer`, [JSON.stringify(rows), ...(ending.holds ? [ending.holds] : [])]);
    if (ending.whole) await client.query(`insert into ${name} select w.* from json_array_elements($1::json) r, json_populate_record(null::${name}, r->3) w where r->3 is not null on conflict do nothing`, [JSON.stringify(rows)]);
    if (ending.whole && has(tables, schema, 'reference')) await client.query(`insert into reference select n.* from json_array_elements($1::json) r, json_populate_recordset(null::reference, coalesce(r->3->'$references', '[]')) n where r->3 is not null on conflict do nothing`, [JSON.stringify(rows)]);
    if (ending.again) await client.query(`update ${name} set ${ending.again} from json_array_elements($1::json) r where (${ending.key})::text = r->>0 and ${says}::text = r->>1`, [JSON.stringify(rows)]);
  }
  await client.query("select set_config('search_path', $1, true), set_config('session_replication_role', 'replica', true)", [path]);
}
