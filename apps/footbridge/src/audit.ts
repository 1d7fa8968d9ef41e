import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Service, auditRootSigned } from '@footbridge/contracts';
import { LocalFileSigningKeys, auditSigner, verifyAudit, type AuditFinding, type AuditReport, type Entry, type Leaf, type SignedRoot, type VerifyingKey, type WitnessedRoot } from '@footbridge/privacy';
import pg from 'pg';
import { withDatabase } from './backup.js';
import { expectOk, type Connection } from './connection.js';
import type { DataFolder } from './data-folder.js';
import { Refusal, codeOf } from './refusal.js';

/** Entries go after that; their hashes stay (DP-20). */
const keptYears = 6;
const atOnce = 2_000;

export interface Asked { readonly services?: readonly Service[]; readonly witnessFiles?: readonly string[] }

/**
 * Whether the audit logs are what was signed and witnessed. Reads everything as of one moment, as the database's superuser: the entries
 * hold no person's data. Whom a witness names, and the signing keys' public halves, are all that is believed.
 */
export async function verifyAudits(folder: DataFolder, { services = Service.values, witnessFiles = [] }: Asked = {}): Promise<readonly AuditReport[]> {
  const told = (await Promise.all(witnessFiles.map(witnessesIn))).flat();
  return await withDatabase(folder, async (url) => await verifyDatabase(url, new LocalFileSigningKeys(folder.keys), services, told));
}

/**
 * The same where the services run on their own: on the database that AUDIT_DATABASE_URL names (a superuser's connection, so that no policy
 * hides an entry), with the keys that the services show.
 */
export async function verifyElsewhere(url: string, connection: Pick<Connection, 'send'>, { services = Service.values, witnessFiles = [] }: Asked = {}): Promise<readonly AuditReport[]> {
  const told = (await Promise.all(witnessFiles.map(witnessesIn))).flat();
  const verifyingKeys = async (signer: string): Promise<readonly VerifyingKey[]> => {
    const { keys } = expectOk(await connection.send('GET', `/v1/${signer.slice(auditSigner('').length)}-audit-roots`));
    return Array.isArray(keys) ? keys as readonly VerifyingKey[] : [];
  };
  return await verifyDatabase(url, { verifyingKeys }, services, told);
}

export async function verifyDatabase(url: string, keys: Pick<LocalFileSigningKeys, 'verifyingKeys'>, services: readonly Service[], told: readonly WitnessedRoot[] = []): Promise<readonly AuditReport[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("begin isolation level repeatable read read only; set local timezone to 'UTC'; set local search_path to pg_catalog");
    const here: Service[] = [];
    for (const service of Service.values) {
      const { rows: [found] } = await client.query<{ there: boolean }>("select to_regclass($1) is not null as there", [`${service}.audit_root`]);
      if (found?.there) here.push(service);
      else if (services.includes(service)) throw new Refusal(`The audit log of ${service} has no signed roots in this database yet. Start the instance once with this version (npm start).`);
    }
    const known: WitnessedRoot[] = [];
    for (const witness of here) known.push(...await witnessesOf(client, witness));
    const keptSince = new Date();
    keptSince.setUTCFullYear(keptSince.getUTCFullYear() - keptYears);
    const reports: AuditReport[] = [];
    for (const service of services) {
      const { rows: loose } = await client.query<{ position: string }>(`select a.position from ${service}.audit a where not exists (select from ${service}.audit_leaf l where l.position = a.position) order by 1`);
      reports.push(await verifyAudit({
        service, leaves: leavesOf(client, service), loose: loose.map(({ position }) => Number(position)), roots: await rootsOf(client, service), keys: await keys.verifyingKeys(auditSigner(service)),
        witnesses: [...known, ...told], keptSince,
      }));
    }
    return reports;
  } finally { await client.end(); }
}

async function* leavesOf(client: pg.Client, service: Service): AsyncGenerator<Leaf> {
  await client.query(`declare leaves no scroll cursor for select l.index, l.position, l.leaf, l.chain, row_to_json(a) as entry from ${service}.audit_leaf l left join ${service}.audit a on a.position = l.position order by l.index`);
  for (;;) {
    const { rows } = await client.query<{ index: string; position: string; leaf: Buffer; chain: Buffer; entry: Entry | null }>(`fetch ${atOnce} from leaves`);
    for (const { index, position, leaf, chain, entry } of rows) yield { index: Number(index), position: Number(position), leaf, chain, entry: entry ?? undefined };
    if (rows.length < atOnce) break;
  }
  await client.query('close leaves');
}

async function rootsOf(client: pg.Client, service: Service): Promise<readonly SignedRoot[]> {
  const { rows } = await client.query<{ number: number; size: string; root: Buffer; chain: Buffer; at: string; previous: Buffer; key: string; signature: string }>(`select number, size, root, chain, at, previous, key, signature from ${service}.audit_root order by number`);
  return rows.map(({ size, key, signature, ...root }) => ({ ...root, service, size: Number(size), signature: { key, signature } }));
}

/** What a service of the instance was told by the others. */
async function witnessesOf(client: pg.Client, witness: Service): Promise<readonly WitnessedRoot[]> {
  const { rows } = await client.query<{ service: string; number: number; digest: Buffer; signature: string; at: string }>(`select service, number, digest, signature, at from ${witness}.known_audit_root order by service, number`);
  return rows.map((row) => ({ ...row, witness }));
}

const types = new Map(Service.values.map((service) => [auditRootSigned[service].type, service]));
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const isDigest = (value: unknown, bytes: number): value is string => typeof value === 'string' && new RegExp(`^[0-9a-f]{${2 * bytes}}$`).test(value);

/** What an organisation kept of its webhooks or its feed (`GET /v1/events`): a page, a list, or one event on each line. Other events are passed over. */
export async function witnessesIn(file: string): Promise<readonly WitnessedRoot[]> {
  let text: string;
  try { text = await readFile(file, 'utf8'); } catch (error) { throw new Refusal(`${file} cannot be read (${codeOf(error)}).`); }
  const told = eventsIn(text).flatMap((event): WitnessedRoot[] => {
    if (!isObject(event)) return [];
    const { type, time, data } = event;
    const service = types.get(String(type));
    if (service === undefined || !isObject(data)) return [];
    const { digest, signature } = data;
    if (typeof time !== 'string' || Number.isNaN(Date.parse(time)) || !isDigest(digest, 32) || !isDigest(signature, 64)) throw new Refusal(`${file} holds a root that is damaged. Export it from the feed again (GET /v1/events).`);
    return [{ service, digest: Buffer.from(digest, 'hex'), signature: Buffer.from(signature, 'hex').toString('base64url'), at: time, witness: basename(file) }];
  });
  if (told.length === 0) throw new Refusal(`${file} holds no root of an audit log. Name a file with events as GET /v1/events gives them.`);
  return told;
}

function eventsIn(text: string): readonly unknown[] {
  const whole = parsed(text);
  if (Array.isArray(whole)) return whole.flatMap((page: unknown) => (isObject(page) && Array.isArray(page['items']) ? page['items'] as unknown[] : [page]));
  if (isObject(whole)) return Array.isArray(whole['items']) ? whole['items'] : [whole];
  return text.split('\n').map(parsed).flatMap((line) => (isObject(line) && Array.isArray(line['items']) ? line['items'] as unknown[] : [line]));
}
function parsed(text: string): unknown {
  try { return JSON.parse(text); } catch { return undefined; }
}

/** A report in words, one line each; the first says whether the log is whole. */
export function wordsOf({ service, isWhole, findings, size, signed, expired, waiting, newest, witnesses }: AuditReport): readonly string[] {
  const alike = Object.entries(witnesses).map(([witness, count]) => `${witness} (${count})`);
  const parts = [
    `${size} entries${expired > 0 ? `, ${expired} of them kept as hashes only (older than ${keptYears} years)` : ''}`,
    newest ? `${signed} signed by root ${newest.number} of ${newest.at}` : 'none signed yet: until the first root (within five minutes; `audit sign` makes one now) nobody would notice a change',
    ...(waiting > 0 ? [`${waiting} not in the tree yet`] : []),
    alike.length > 0 ? `roots kept alike by ${alike.join(', ')}` : 'no witness has kept a root of it',
  ];
  // What nobody has signed may have been written anew from its beginning.
  const word = !isWhole ? 'BROKEN ' : newest || size === 0 ? 'whole  ' : 'UNSIGNED ';
  return [`${word}${service}: ${parts.join('; ')}.`, ...shown(findings).map((line) => `        ${line}`)];
}

const mostShown = 20;
function shown(findings: readonly AuditFinding[]): readonly string[] {
  const lines = findings.slice(0, mostShown).map(sentence);
  return findings.length > mostShown ? [...lines, `and ${findings.length - mostShown} more (--json shows all)`] : lines;
}
function sentence({ code, position, root, places, witness, at }: AuditFinding): string {
  const range = places ? `${places[0] + 1} to ${places[1]}` : '';
  switch (code) {
    case 'CHANGED': return position !== undefined ? `Entry ${position} was changed.` : places ? `Something in entries number ${range} was changed or removed and the hashes were made anew: root ${root} was signed for something else.` : `Root ${root} was changed.`;
    case 'DELETED': return position !== undefined ? `Entry ${position} was deleted.` : places ? `The places ${range} were deleted from the tree.` : `Root ${root} was deleted.`;
    case 'REORDERED': return `Entry ${position} does not stand where it stood: entries have changed places.`;
    case 'INSERTED': return `Entry ${position} was inserted afterwards.`;
    case 'ROLLED_BACK': return witness !== undefined ? `The log was set back: ${witness} keeps a root of ${at}${root === undefined ? '' : ` (number ${root})`}, which is not here any more.` : places ? `The log was cut off: root ${root} covers more than the ${places[0]} entries that are there.` : `Root ${root} covers less than the one before it.`;
    case 'SPLIT_VIEW': return `${witness} keeps another root of ${at}${root === undefined ? '' : ` (number ${root})`}, signed by this service: the log was rewritten since, or is shown differently to different witnesses.`;
    case 'SIGNATURE_MISSING': return `Root ${root} has no valid signature: it was not made by the service.`;
    case 'KEY_UNKNOWN': return witness !== undefined ? `${witness} keeps a root of ${at} that no key of this service has signed: another instance's, or the key was taken away.` : `Root ${root} was signed with a key that this service never had.`;
  }
}
