import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { newRef } from '@footbridge/privacy';
import { referralsService } from '@footbridge/referrals';
import { testInstance, waitUntil } from '@footbridge/testing';
import pg from 'pg';
import { rounds, type Rate, type Result } from './rounds.js';

const CASES = 64;
const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * P1b: POST /v1/referrals with everything on (signed token, deny list, class-validator, guards on the case, sealed needs, references,
 * audit, idempotency), one transaction a request, against pgbench inserting the same rows in one transaction.
 */
export async function accept(quick: boolean): Promise<Result> {
  const seconds = quick ? 3 : 5;
  const [owner, receiver] = [newRef('org'), newRef('org')];
  const instance = await testInstance([referralsService], { name: 'bench-accept', config: { denyList: { standing: () => 'good' }, poolSize: 16 } });
  const admin = new pg.Client({ connectionString: instance.databaseUrl });
  await admin.connect();
  for (const organisation of [owner, receiver]) await admin.query(`insert into referrals.known_organisation (organisation, type, country, active, version) values ($1, 'NGO', 'AL', true, 1)`, [organisation]);
  const worker = instance.account(owner, 'CASE_WORKER');
  const bodies: string[] = [];
  for (let n = 0; n < CASES; n += 1) {
    const opened = await worker.post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', person: { givenName: 'Example', birthDate: '1998-02-01' } });
    if (opened.status !== 201) throw new Error(`case ${opened.status} ${JSON.stringify(opened.body)}`);
    bodies.push(JSON.stringify({ case: opened.body['id'], serviceType: 'legal', priority: 'NORMAL', receiver, needs: { interpreterLanguage: 'ro', partySize: '1', accessNeeds: ['STEP_FREE'], reason: 'wants advice on her papers, please call in the morning' } }));
  }
  const { body: _, status } = await worker.post('/v1/referrals', JSON.parse(bodies[0] ?? '{}'), { 'idempotency-key': 'bench-first' });
  if (status !== 201) throw new Error(`referral ${status}`);
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const script = join(folder, 'same-rows.sql');
  const rows = await sameRows(admin);
  await writeFile(script, `begin;\n${rows.join('\n')}\ncommit;\n`);

  const service = instance.services.get('referrals');
  if (!service) throw new Error('no service');
  const port = await service.listen(0);
  const token = await worker.token();
  const ours = async (connections = 32): Promise<Rate> => {
    const cpu = process.cpuUsage();
    const { done, failed, seconds: took } = await load({ url: `http://127.0.0.1:${port}`, path: '/v1/referrals', token, bodies, connections, milliseconds: seconds * 1000 });
    if (failed > 0) throw new Error(`${failed} requests were not answered with 201`);
    const used = process.cpuUsage(cpu);
    return { perSecond: done / took, cpuMicroseconds: (used.user + used.system) / done };
  };
  const raw = async (): Promise<Rate> => {
    const { stdout } = await promisify(execFile)('pgbench', ['-n', '-M', 'prepared', '-c', '16', '-j', '2', '-T', String(seconds), '-f', script, instance.databaseUrl]);
    return { perSecond: Number(/tps = ([\d.]+)/.exec(stdout)?.[1]) };
  };
  await ours();
  const before = await counts(admin);
  const result = await rounds('accept', quick ? 5 : 7, raw, () => ours(), { ours: { connections: 32, transactionsPerRequest: 1 }, reference: { clients: 16, rowsPerTransaction: rows.length, what: 'pgbench, the same rows as separate INSERTs' } });
  const after = await counts(admin);
  await admin.end();
  await instance.close();
  await rm(folder, { recursive: true, force: true });
  // P1: of what the same rows cost in plain INSERTs
  return { ...result, ...(result.ratio < 0.4 ? { misses: ['ratio'] } : {}), ours: { ...result.ours, audited: after.audit - before.audit >= after.referral - before.referral } };
}

interface Load { readonly url: string; readonly path: string; readonly token: string; readonly bodies: readonly string[]; readonly connections: number; readonly milliseconds: number }
function load(options: Load): Promise<{ done: number; failed: number; seconds: number }> {
  const child = spawn(process.execPath, ['bin/run.cjs', 'bench/load.ts'], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(options));
  let out = '';
  child.stdout.on('data', (d: Buffer) => { out += d.toString(); });
  return new Promise((resolve, reject) => { child.on('exit', () => { try { resolve(JSON.parse(out) as { done: number; failed: number; seconds: number }); } catch (error) { reject(error as Error); } }); });
}

/** INSERTs of the rows that the newest referral's transaction wrote, with fresh keys, and of the leaf that its audit entry gets a moment later. */
async function sameRows(admin: pg.Client): Promise<string[]> {
  const { rows: [newest] } = await admin.query<{ xmin: string }>('select xmin::text from referrals.referral order by created_at desc limit 1');
  const leaf = await waitUntil('its audit entry has its leaf', async () => (await admin.query<{ leaf: string; chain: string }>("select encode(leaf, 'hex') as leaf, encode(chain, 'hex') as chain from referrals.audit_leaf l join referrals.audit a using (position) where a.xmin::text = $1", [newest?.xmin])).rows[0]);
  // In a table of its own, alike in everything: the real one takes no leaves but those of the log.
  await admin.query('create table referrals.bench_leaf (like referrals.audit_leaf including all); create sequence referrals.bench_leaf_index');
  const statements = [`insert into referrals.bench_leaf (index, position, leaf, chain) select n, n, '\\x${leaf.leaf}', '\\x${leaf.chain}' from nextval('referrals.bench_leaf_index') n;`];
  for (const table of ['referral', 'reference', 'audit', 'idempotency', 'deadline', 'outbox', 'clearance_due']) {
    const { rows: columns } = await admin.query<{ name: string; type: string }>(`select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attidentity = ''`, [`referrals.${table}`]);
    const { rows } = await admin.query<Record<string, string | null>>(`select ${columns.map((c) => `"${c.name}"::text`).join(', ')} from referrals.${table} where xmin::text = $1`, [newest?.xmin]);
    for (const row of rows) {
      const value = ({ name, type }: { name: string; type: string }): string => {
        if (name === 'id' || name === 'aggregate' && type === 'uuid') return 'gen_random_uuid()';
        if (name === 'ref' || name === 'key' || name === 'aggregate') return 'gen_random_uuid()::text';
        const text = row[name];
        // pgbench takes :name for a variable of its own, so no colon is written as such
        return text === null || text === undefined ? 'null' : `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll(':', '\\x3a')}'::${type}`;
      };
      statements.push(`insert into referrals.${table} (${columns.map((c) => `"${c.name}"`).join(', ')}) values (${columns.map(value).join(', ')});`);
    }
  }
  return statements;
}
async function counts(admin: pg.Client): Promise<{ referral: number; audit: number }> {
  const { rows: [row] } = await admin.query<{ referral: string; audit: string }>('select (select count(*) from referrals.referral) as referral, (select count(*) from referrals.audit) as audit');
  return { referral: Number(row?.referral), audit: Number(row?.audit) };
}
