import { VictimPresumed } from '@footbridge/contracts';
import { NONE, direct, guard, is, lifecycle, open, operational, type Facts, type Lifecycle, type RowOf } from '@footbridge/lifecycle';
import { newRef } from '@footbridge/privacy';
import { testInstance } from '@footbridge/testing';
import { createTable, grants, protect, service, serviceSchema } from '@footbridge/service';
import { spawn, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
const boxFields = { label: open.text({ shown: 'parties' }), receiver: operational.ref({ shown: 'parties' }), caseId: operational.uuid(), content: direct.json<{ what: string }>(), a: direct.text(), b: direct.text() };
class ContentBody { @is.text({ class: 'direct' }) what!: string; }
class PackBody { @is.pattern(/^[a-z]+$/, 'a word', 'tools', { class: 'open' }) label!: string; @is.organisation() receiver!: string; @is.ref('crt', { optional: true }) crate?: string; @is.nested(() => ContentBody, { class: 'direct', optional: true }) content?: ContentBody; @is.text({ class: 'direct', optional: true }) a?: string; @is.text({ class: 'direct', optional: true }) b?: string; }
interface F extends Facts<RowOf<typeof boxFields>> { parent?: unknown }
const Crate: Lifecycle = lifecycle<F>()({
  name: 'Crate', service: 'shelters', prefix: 'crt', states: ['packed'], fields: boxFields,
  links: { crate: { kind: 'crt', column: 'caseId', collection: 'crates' } },
  facts: async (read, given) => given.row.caseId ? ({ parent: await read.one(Crate, { id: given.row.caseId }) }) : {},
  rows: [[NONE, 'pack', 'packed', ['CASE_WORKER'], [guard<F>('X', 'x', () => undefined)], VictimPresumed, { body: PackBody, set: (f) => ((f.parent as any) ? { caseRef: (f.parent as any).caseRef } : { caseRef: newRef('csr') }) as never }]],
}) as unknown as Lifecycle;
class First1764000000000 { name = 'First1764000000000';
  async up(q: any) { await q.query(serviceSchema('shelters', 'shelters_owner')); await q.query(createTable(Crate)); await q.query(protect('crate', 'shelters_owner')); await q.query(grants('shelters', 'shelters_app')); } async down() {} }
const org = newRef('org');
const i = await testInstance([service({ name: 'shelters', lifecycles: [Crate], migrations: [First1764000000000 as never] })], { name: 'b', config: { denyList: { standing: () => 'good' }, poolSize: 16 } });
const w = i.account(org, 'CASE_WORKER');
const body = { label: 'tools', receiver: newRef('org'), content: { what: 'xxxxxxxxxxxxxxx' }, a: 'aaaaaaaaaaaaaaa', b: 'bbbbbbbbbbbbb' };
const first = await w.post('/v1/crates', body);
console.log(first.status, first.body);
const real = (i.services.get('shelters') as any);
const port = await real.listen(0);
const run = (ms: number) => new Promise<any>((resolve) => { const c = spawn('node', ['bin/run.cjs', 'bench/load.ts', '']); void c; resolve(0); });
void run;
const load = async (ms: number) => { const c = process.cpuUsage(); const child = spawn(process.execPath, ['bin/run.cjs', 'bench/load.ts', JSON.stringify({ url: `http://127.0.0.1:${port}`, path: '/v1/crates', token: await w.token(), body: JSON.stringify(process.env.NOLINK ? body : { ...body, crate: first.body['id'] }), connections: 32, milliseconds: ms })]); let out = ''; child.stdout.on('data', (d) => out += d); child.stderr.on('data', (d) => process.stderr.write(d)); await new Promise((r) => child.on('exit', r)); const u = process.cpuUsage(c); const x = JSON.parse(out); return { perSecond: x.done / x.seconds, failed: x.failed, cpu: (u.user + u.system) / x.done }; };
console.log(await load(2000));
const url = new URL(i.databaseUrl);
const sql = `begin;\ninsert into shelters.crate (id, owner, organisations, case_ref, state, version, created_at, updated_at, label, receiver, sealed) values (gen_random_uuid(), '${org}', array['${org}'], 'csr_x', 'packed', 1, now(), now(), 'tools', 'org_x', decode(repeat('ab', 300), 'hex'));\ninsert into shelters.reference values ('crt_' || gen_random_uuid(), '${org}', 'crt', gen_random_uuid()::text);\ninsert into shelters.audit (at, organisations, kind, aggregate, command, to_state, version, organisation, account, role, fields) values (now(), array['${org}'], 'crt', gen_random_uuid(), 'pack', 'packed', 1, '${org}', 'acc_x', 'CASE_WORKER', array['a','b']);\ninsert into shelters.idempotency values ('acc_x', gen_random_uuid()::text, 'x', 201, '{"etag":"1"}', '{"id":"crt_xxxxxxxxxxxxxxxxxxxxxx","state":"packed","version":1,"label":"tools"}', now());\ncommit;\n`;
writeFileSync('/tmp/pg.sql', sql);
const pgb = () => { const o = execFileSync('pgbench', ['-n', '-M', 'prepared', '-c', '16', '-j', '2', '-T', '2', '-f', '/tmp/pg.sql', url.href], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }); return Number(/tps = ([\d.]+)/.exec(o)?.[1]); };
for (let n = 0; n < 2; n += 1) { const r = pgb(); const o = await load(2000); console.log({ raw: r, ours: o, ratio: o.perSecond / r }); }
if (process.env.PROF) { const { Session } = await import('node:inspector/promises'); const s = new Session(); s.connect(); await s.post('Profiler.enable'); await s.post('Profiler.start'); await load(3000); const { profile } = await s.post('Profiler.stop'); writeFileSync('/tmp/p.cpuprofile', JSON.stringify(profile)); }
process.exit(0);
