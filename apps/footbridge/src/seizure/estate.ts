import { readdir, stat } from 'node:fs/promises';
import { Service, type Role } from '@footbridge/contracts';
import { isPersonalClass, type DataClass } from '@footbridge/privacy';
import { accessSettings, authorisationOf, keySettings, keyStoresOf, type AccessSettings } from '@footbridge/service';
import type { AnyRow } from '@footbridge/lifecycle';
import pg from 'pg';
import { keyTables, withDatabase } from '../backup.js';
import type { DataFolder } from '../data-folder.js';
import { lifetimes } from '../identity/lifetimes.js';
import { pathOf, register } from '../inventory/register.js';
import { services } from '../services.js';

export interface Table { readonly name: string; readonly rows: number; /** Rows with sealed bytes. */ readonly sealed: number; /** Columns that stand there in the clear, by class. */ readonly plain: Readonly<Partial<Record<DataClass, readonly string[]>>> }
export interface KeyHolder { readonly organisation: string; /** Cases in each service whose key is wrapped with this organisation's. */ readonly cases: number; readonly state: 'open' | 'locked' | 'gone' | 'not answering' }
export interface Insider { readonly role: Role; /** Kinds whose sealed fields this role reads: in cases that are given to it, and in others of its organisation. */ readonly given: readonly string[]; readonly colleagues: readonly string[]; /** Of another organisation's. */ readonly foreign: readonly string[]; /** Steps that it asks for and somebody else has to allow. */ readonly twoPersons: readonly string[] }
export interface Estate {
  readonly tables: readonly Table[];
  readonly keyTables: readonly string[];
  readonly bus: { readonly events: number; readonly since?: string };
  readonly keys: { readonly kept: 'file' | 'vault'; readonly backupDays: number; readonly holders: readonly KeyHolder[]; readonly exposed: number };
  readonly accounts: { readonly file: boolean };
  readonly access: AccessSettings;
  readonly lifetimes: typeof lifetimes;
  readonly insiders: readonly Insider[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Everything about this instance that a seizure-report is computed from; read without a key, and nothing is changed. */
export async function estateOf(folder: DataFolder, environment: Environment): Promise<Estate> {
  const settings = keySettings(environment);
  const access = accessSettings(environment);
  const { keyStore } = keyStoresOf(settings, folder.keys);
  const { tables, bus, cases } = await withDatabase(folder, read);
  const files = await readdir(folder.keys).catch(() => []);
  const modes = await Promise.all(files.map(async (file) => (await stat(`${folder.keys}/${file}`).catch(() => undefined))?.mode ?? 0));
  const holders = await Promise.all([...cases].map(async ([organisation, n]): Promise<KeyHolder> => {
    try {
      if (await keyStore.isLocked(organisation)) return { organisation, cases: n, state: 'locked' };
      return { organisation, cases: n, state: (await keyStore.versions(organisation)) ? 'open' : 'gone' };
    } catch { return { organisation, cases: n, state: 'not answering' }; }
  }));
  return {
    tables, bus, keyTables, keys: { kept: settings.vault ? 'vault' : 'file', backupDays: settings.keyBackupDays, holders, exposed: modes.filter((mode) => (mode & 0o077) !== 0).length },
    accounts: { file: await stat(folder.accountsFile).then(() => true, () => false) }, access, lifetimes, insiders: insidersOf(access),
  };
}

const schemas: readonly string[] = [...Service.values, 'identity', 'bus'];
/** Bytes are what was sealed, hashed or wrapped: nobody reads them as they stand. */
const closed: ReadonlySet<string> = new Set(['bytea']);

async function read(url: string): Promise<{ readonly tables: readonly Table[]; readonly bus: Estate['bus']; readonly cases: ReadonlyMap<string, number> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    const { rows: columns } = await client.query<{ schema: string; tbl: string; name: string; type: string }>(
      "select n.nspname as schema, k.relname as tbl, a.attname as name, format_type(a.atttypid, null) as type from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = any($1) and k.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped order by 1, 2, a.attnum", [schemas]);
    const known = register();
    const tables: Table[] = [];
    for (const name of new Set(columns.map(({ schema, tbl }) => `${schema}.${tbl}`))) {
      const own = columns.filter(({ schema, tbl }) => `${schema}.${tbl}` === name);
      const [schema = '', tbl = ''] = name.split('.');
      const quoted = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(tbl)}`;
      const sealed = own.some((c) => c.name === 'sealed') ? 'count(sealed)' : '0';
      const { rows: [counted] } = await client.query<{ n: string; sealed: string }>(`select count(*) as n, ${sealed} as sealed from ${quoted}`);
      const plain: Partial<Record<DataClass, string[]>> = {};
      for (const c of own) if (!closed.has(c.type)) (plain[known.classOf(pathOf.column(schema, tbl, c.name))] ??= []).push(c.name);
      tables.push({ name, rows: Number(counted?.n), sealed: Number(counted?.sealed), plain });
    }
    const { rows: [bus] } = await client.query<{ n: string; since: Date | null }>('select count(*) as n, min(at) as since from bus.event');
    const cases = new Map<string, number>();
    for (const service of Service.values) for (const { owner, n } of (await client.query<{ owner: string; n: string }>(`select owner, count(*) as n from ${service}.subject_key group by 1`)).rows) cases.set(owner, (cases.get(owner) ?? 0) + Number(n));
    return { tables, bus: { events: Number(bus?.n ?? 0), ...(bus?.since ? { since: bus.since.toISOString() } : {}) }, cases };
  } finally { await client.end(); }
}

/** What the policies of this instance decide for each role: asked, not described. */
export function insidersOf(access: AccessSettings): readonly Insider[] {
  const asked = services.map((definition) => ({ definition, policies: authorisationOf(definition, access.policies) }));
  const roles = [...new Set(asked.flatMap(({ policies }) => [...policies.actions.values()].flatMap((a) => a.roles)))].sort();
  return roles.map((role) => {
    const reads = (standing: { readonly own: boolean; readonly party: boolean; readonly assigned?: boolean }): readonly string[] => asked.flatMap(({ policies }) => [...policies.actions.values()]
      .filter(({ name, group }) => group === 'reveal' && policies.decide({ action: name, roles: [role], ofCase: true, consentLive: true, signedInLately: true, purpose: 'ASSISTANCE', fields: [], ...standing }).allowed).map(({ kind = '' }) => kind));
    const twoPersons = asked.flatMap(({ definition }) => definition.lifecycles.flatMap((l) => (l.rows as readonly AnyRow[]).filter(([, , , by, , , more]) => by.includes(role) && more?.approval).map(([, command]) => `${l.name}.${command}`)));
    return { role, given: reads({ own: true, party: true, assigned: true }), colleagues: reads({ own: true, party: true, assigned: false }), foreign: reads({ own: false, party: true }), twoPersons: [...new Set(twoPersons)] };
  });
}

export const personalColumns = (tables: readonly Table[]): readonly string[] =>
  tables.flatMap(({ name, plain }) => Object.entries(plain).flatMap(([c, columns]) => (isPersonalClass(c) ? columns.map((column) => `${name}.${column} (${c})`) : [])));
