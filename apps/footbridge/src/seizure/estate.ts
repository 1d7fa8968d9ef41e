import { readdir, stat } from 'node:fs/promises';
import { Service, type Role } from '@footbridge/contracts';
import { isPersonalClass, type DataClass, type Wrapped } from '@footbridge/privacy';
import { KafkaTransport, topicOf } from '@footbridge/messaging';
import { isPersonal, type AnyRow, type Fields } from '@footbridge/lifecycle';
import { accessSettings, authorisationOf, keySettings, keyStoresOf, tellsOthers, transportSettings, troubleOf, wrappedBefore, type AccessSettings } from '@footbridge/service';
import pg from 'pg';
import { keyTables, leftOut, withDatabase } from '../backup.js';
import type { DataFolder } from '../data-folder.js';
import { lifetimes } from '../identity/lifetimes.js';
import { pathOf, register } from '../inventory/register.js';
import { Refusal } from '../refusal.js';
import { services } from '../services.js';

export interface Table { readonly name: string; readonly rows: number; /** Rows with sealed bytes. */ readonly sealed: number; /** Columns that stand there in the clear, by class. */ readonly plain: Readonly<Partial<Record<DataClass, readonly string[]>>> }
export interface KeyHolder {
  readonly organisation: string;
  /** Cases whose key is wrapped with this organisation's. */
  readonly cases: number;
  /** Sealed envelopes of its persons that wait to be picked up. */
  readonly envelopes: number;
  /** `elsewhere`: no key store of this installation was named to the report. */
  readonly state: 'open' | 'locked' | 'gone' | 'not answering' | 'elsewhere';
}
export interface Insider {
  readonly role: Role;
  /** Kinds whose sealed fields this role reads, but for those named: in cases that are given to it, in others of its organisation, and there in an emergency. */
  readonly given: readonly string[];
  readonly colleagues: readonly string[];
  readonly emergency: readonly string[];
  /** Of another organisation's, opened as if they were its own. */
  readonly foreign: readonly string[];
  /** What it may fetch of a case that another organisation has addressed to its own. */
  readonly told: readonly string[];
  /** Steps that it asks for and somebody else has to allow: always, and only in some cases. */
  readonly twoPersons: readonly string[];
  readonly sometimesTwo: readonly string[];
}
export interface Estate {
  readonly tables: readonly Table[];
  readonly keyTables: readonly string[];
  /** `embedded`: everything in one data folder. `services`: processes of their own, with a database and a sign-in server that others run too. */
  readonly installed: 'embedded' | 'services';
  readonly broker: { readonly kind: 'postgres' | 'kafka'; readonly messages: number; readonly since?: string; readonly keptDays?: number };
  readonly keys: { readonly kept: 'file' | 'vault' | 'elsewhere'; readonly backupDays: number; readonly holders: readonly KeyHolder[]; readonly exposed: number };
  /** Cases whose keys were destroyed, and those of them for which a wrapped key is still there. */
  readonly erased: { readonly cases: number; readonly withKey: number };
  /** Of the sign-in server: secrets that are no hash, where the accounts are kept here; files beside it. */
  readonly accounts: { readonly file: boolean; readonly signingKeys: boolean; readonly secrets?: { readonly hashed: number; readonly plain: number }; readonly issuer?: string };
  readonly leftOut: readonly string[];
  readonly access: AccessSettings;
  /** Of the embedded sign-in server; another one's are set there. */
  readonly lifetimes?: typeof lifetimes;
  readonly insiders: readonly Insider[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Everything about this instance that a seizure-report is computed from; read without a key, and nothing is changed. */
export async function estateOf(folder: DataFolder, environment: Environment): Promise<Estate> {
  const settings = keySettings(environment);
  const found = await withDatabase(folder, (url) => read(url, Service.values));
  const there = (file: string): Promise<boolean> => stat(file).then(() => true, () => false);
  return {
    installed: 'embedded', ...common(environment, found), lifetimes,
    broker: { kind: 'postgres', ...found.bus ?? { messages: 0 } }, keys: await keysOf(settings, folder.keys, found),
    accounts: { file: await there(folder.accountsFile), signingKeys: await there(folder.identityFile), ...(found.secrets ? { secrets: found.secrets } : {}) },
  };
}

/**
 * The same where the services run on their own (docker-compose): from the database that AUDIT_DATABASE_URL names (a superuser's connection, as for
 * `audit verify`), the broker, and the keys of the service that is asked about, which are in KEYS_DIR, in a Vault, or not to be seen from here.
 */
export async function estateElsewhere(url: string, environment: Environment, asked: readonly Service[] = Service.values): Promise<Estate> {
  const settings = keySettings(environment);
  const transport = transportSettings({ BUS_URL: url, ...environment });
  const found = await read(url, asked);
  return {
    installed: 'services', ...common(environment, found), keys: await keysOf(settings, environment['KEYS_DIR'], found), broker: await brokerOf(transport, found),
    accounts: { file: false, signingKeys: false, ...(found.secrets ? { secrets: found.secrets } : {}), ...(environment['OIDC_ISSUER'] ? { issuer: environment['OIDC_ISSUER'] } : {}) },
  };
}

const common = (environment: Environment, { tables, erased }: Found): Pick<Estate, 'tables' | 'erased' | 'keyTables' | 'leftOut' | 'access' | 'insiders'> => {
  const access = accessSettings(environment);
  return { tables, erased, keyTables, leftOut: [...leftOut], access, insiders: insidersOf(access) };
};

async function brokerOf(transport: ReturnType<typeof transportSettings>, { bus }: Found): Promise<Estate['broker']> {
  if (transport.kind === 'postgres') return { kind: 'postgres', ...bus ?? await read(transport.url, []).then((elsewhere) => elsewhere.bus) ?? { messages: 0 } };
  const kafka = new KafkaTransport({ ...transport, clientId: 'footbridge-report' });
  try {
    const { messages, retentionMs } = await kafka.kept(Service.values.map(topicOf));
    return { kind: 'kafka', messages, ...(retentionMs === undefined ? {} : { keptDays: retentionMs / 86_400_000 }) };
  } catch { throw new Refusal('The broker does not answer. Set KAFKA_BROKERS (and KAFKA_SSL, KAFKA_SASL_… where it asks for them) as the services have them.'); } finally { await kafka.close(); }
}

async function keysOf(settings: ReturnType<typeof keySettings>, directory: string | undefined, { cases, envelopes, wrapped }: Found): Promise<Estate['keys']> {
  const kept = settings.vault ? 'vault' : directory === undefined ? 'elsewhere' : 'file';
  const { keyStore } = keyStoresOf(settings, directory ?? '');
  const files = kept === 'file' ? await readdir(directory ?? '').catch(() => []) : [];
  const modes = await Promise.all(files.map(async (file) => (await stat(`${directory ?? ''}/${file}`).catch(() => undefined))?.mode ?? 0));
  // A key that is there may be another one: only what it opens is open.
  const stateOf = async (organisation: string): Promise<KeyHolder['state']> => {
    if (kept === 'elsewhere') return 'elsewhere';
    try {
      if (await keyStore.isLocked(organisation)) return 'locked';
      const trouble = await troubleOf(keyStore, organisation, wrapped.get(organisation) ?? []);
      if (trouble) return trouble.code === 'UNWRAP_FAILED' || trouble.code === 'KEY_UNKNOWN' ? 'gone' : 'not answering';
      return (await keyStore.versions(organisation)) ? 'open' : 'gone';
    } catch { return 'not answering'; }
  };
  const holders = await Promise.all([...new Set([...cases.keys(), ...envelopes.keys()])].map(async (organisation): Promise<KeyHolder> => ({ organisation, cases: cases.get(organisation) ?? 0, envelopes: envelopes.get(organisation) ?? 0, state: await stateOf(organisation) })));
  return { kept, backupDays: settings.keyBackupDays, holders, exposed: modes.filter((mode) => (mode & 0o077) !== 0).length };
}

const schemas: readonly string[] = [...Service.values, 'identity', 'bus'];
/** Bytes are what was sealed, hashed or wrapped: nobody reads them as they stand. */
const closed: ReadonlySet<string> = new Set(['bytea']);

interface Found {
  readonly tables: readonly Table[]; readonly bus?: { readonly messages: number; readonly since?: string }; readonly cases: ReadonlyMap<string, number>; readonly envelopes: ReadonlyMap<string, number>;
  /** What each organisation's key has wrapped. */ readonly wrapped: ReadonlyMap<string, readonly Wrapped[]>; readonly erased: Estate['erased']; readonly secrets?: { readonly hashed: number; readonly plain: number };
}
/** `whose`: the services whose cases are counted. */
async function read(url: string, whose: readonly Service[]): Promise<Found> {
  const client = new pg.Client({ connectionString: url });
  try { await client.connect(); } catch { throw new Refusal('The database does not answer. AUDIT_DATABASE_URL must be a superuser\'s connection to the services\' database.'); }
  try {
    await client.query('begin isolation level repeatable read read only');
    const there = async (table: string): Promise<boolean> => (await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [table])).rows[0]?.there === true;
    const counted = async (sql: string): Promise<ReadonlyMap<string, number>> => new Map((await client.query<{ owner: string; n: string }>(sql)).rows.map(({ owner, n }) => [owner, Number(n)]));
    const { rows: [who] } = await client.query<{ all: boolean }>('select rolsuper or rolbypassrls as all from pg_roles where rolname = current_user');
    if (who?.all !== true) throw new Refusal('This role does not see every row: policies hide some from it. Use a superuser\'s connection.');
    const { rows: columns } = await client.query<{ schema: string; tbl: string; name: string; type: string }>(
      "select n.nspname as schema, k.relname as tbl, a.attname as name, format_type(a.atttypid, null) as type from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname = any($1) and k.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped order by 1, 2, a.attnum", [schemas]);
    const known = register();
    const tables: Table[] = [];
    for (const name of new Set(columns.map(({ schema, tbl }) => `${schema}.${tbl}`))) {
      const own = columns.filter(({ schema, tbl }) => `${schema}.${tbl}` === name);
      const [schema = '', tbl = ''] = name.split('.');
      const quoted = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(tbl)}`;
      const sealed = own.some((c) => c.name === 'sealed') ? 'count(sealed)' : '0';
      const { rows: [sum] } = await client.query<{ n: string; sealed: string }>(`select count(*) as n, ${sealed} as sealed from ${quoted}`);
      const plain: Partial<Record<DataClass, string[]>> = {};
      for (const c of own) if (!closed.has(c.type)) (plain[known.classOf(pathOf.column(schema, tbl, c.name))] ??= []).push(c.name);
      tables.push({ name, rows: Number(sum?.n), sealed: Number(sum?.sealed), plain });
    }
    const { rows: [bus] } = await there('bus.event') ? await client.query<{ n: string; since: Date | null }>('select count(*) as n, min(at) as since from bus.event') : { rows: [] };
    const { rows: [secrets] } = await there('identity.account') ? await client.query<{ hashed: string; plain: string }>("select count(*) filter (where secret like 'scrypt:%') as hashed, count(*) filter (where secret not like 'scrypt:%') as plain from identity.account") : { rows: [] };
    const cases = new Map<string, number>();
    const wrapped = new Map<string, readonly Wrapped[]>();
    let erased = { cases: 0, withKey: 0 };
    for (const service of whose) {
      if (await there(`${service}.subject_key`)) for (const [owner, n] of await counted(`select owner, count(*) as n from ${service}.subject_key group by 1`)) cases.set(owner, (cases.get(owner) ?? 0) + n);
      if (await there(`${service}.subject_key`)) for (const [owner, before] of await wrappedBefore(client, undefined, service)) wrapped.set(owner, [...wrapped.get(owner) ?? [], ...before]);
      if (!(await there(`${service}.erasure_receipt`))) continue;
      const { rows: [gone] } = await client.query<{ n: string; key: string }>(`select count(*) as n, count(*) filter (where exists (select 1 from ${service}.subject_key k where k.subject = e.case_ref)) as key from ${service}.erasure_receipt e`);
      erased = { cases: erased.cases + Number(gone?.n ?? 0), withKey: erased.withKey + Number(gone?.key ?? 0) };
    }
    const envelopes = whose.includes('referrals') && await there('referrals.identity_envelope') ? await counted("select owner, count(*) as n from referrals.identity_envelope where state = 'waiting' group by 1") : new Map<string, number>();
    return {
      tables, cases, envelopes, wrapped, erased, ...(bus ? { bus: { messages: Number(bus.n), ...(bus.since ? { since: bus.since.toISOString() } : {}) } } : {}),
      ...(secrets ? { secrets: { hashed: Number(secrets.hashed), plain: Number(secrets.plain) } } : {}),
    };
  } finally { await client.end(); }
}

/** What the policies of this instance decide for each role: asked, not described. */
export function insidersOf(access: AccessSettings): readonly Insider[] {
  const asked = services.map((definition) => ({ definition, policies: authorisationOf(definition, access.policies) }));
  const roles = [...new Set(asked.flatMap(({ policies }) => [...policies.actions.values()].flatMap((a) => a.roles)))].sort();
  const sealed = new Map(services.flatMap(({ lifecycles }) => lifecycles.map((l) => [l.name, Object.entries(l.fields as Fields).filter(([, field]) => isPersonal(field)).map(([name]) => name)] as const)));
  return roles.map((role) => {
    const reads = (standing: { readonly own: boolean; readonly party: boolean; readonly assigned?: boolean; readonly breakGlass?: boolean }): readonly string[] => asked.flatMap(({ policies }) => [...policies.actions.values()].filter(({ group }) => group === 'reveal').flatMap(({ name, kind = '' }) => {
      const allows = (fields: readonly string[]): boolean => policies.decide({ action: name, roles: [role], ofCase: true, consentLive: true, signedInLately: true, purpose: 'ASSISTANCE', fields, ...standing }).allowed;
      const fields = sealed.get(kind) ?? [];
      const never = fields.filter((field) => !allows([field]));
      return never.length === fields.length && !allows([]) ? [] : [never.length === 0 ? kind : `${kind} (without ${never.join(', ')})`];
    }));
    const told = asked.flatMap(({ policies }) => [...policies.actions.values()].filter(({ name }) => tellsOthers.includes(name) && policies.decide({ action: name, roles: [role], ofCase: true, consentLive: true, signedInLately: true, own: false, party: true }).allowed).map(({ name }) => name));
    const asks = (isWanted: (approval: unknown) => boolean): readonly string[] => [...new Set(asked.flatMap(({ definition }) => definition.lifecycles.flatMap((l) => (l.rows as readonly AnyRow[]).filter(([, , , by, , , more]) => by.includes(role) && more?.approval && isWanted(more.approval)).map(([, command]) => `${l.name}.${command}`))))];
    const opensAtOnce = asks((approval) => typeof approval === 'function').includes('BreakGlass.breakGlass');
    return {
      role, given: reads({ own: true, party: true, assigned: true }), colleagues: reads({ own: true, party: true, assigned: false }), emergency: opensAtOnce ? reads({ own: true, party: true, assigned: false, breakGlass: true }) : [],
      foreign: reads({ own: false, party: true }), told, twoPersons: asks((approval) => typeof approval !== 'function'), sometimesTwo: asks((approval) => typeof approval === 'function'),
    };
  });
}

export const personalColumns = (tables: readonly Table[]): readonly string[] =>
  tables.flatMap(({ name, plain }) => Object.entries(plain).flatMap(([c, columns]) => (isPersonalClass(c) ? columns.map((column) => `${name}.${column} (${c})`) : [])));
