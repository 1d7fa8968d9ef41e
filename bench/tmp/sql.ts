import { newRef } from '@footbridge/privacy';
import { testInstance } from '@footbridge/testing';
import { grants, protect, service, serviceSchema } from '@footbridge/service';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import pg from 'pg';
const org = newRef('org');
class First1764000000000 { name = 'First1764000000000';
  async up(q: any) { await q.query(serviceSchema('shelters', 'shelters_owner')); await q.query(`create table crate (id uuid primary key, owner text not null, organisations text[] not null, case_ref text, state text not null, version integer not null, due_at timestamptz, created_at timestamptz not null, updated_at timestamptz not null, sealed bytea, label text, receiver text, case_id uuid)`); await q.query(protect('crate', 'shelters_owner')); await q.query(grants('shelters', 'shelters_app')); } async down() {} }
const i = await testInstance([service({ name: 'shelters', lifecycles: [], migrations: [First1764000000000 as never] })], { name: 'b', config: { denyList: { standing: () => 'good' }, poolSize: 16 } });
const admin = new pg.Client({ connectionString: i.databaseUrl }); await admin.connect();
const app = new URL(i.databaseUrl); app.username = 'shelters_app'; app.password = 'test-shelters_app';
const bench = (name: string, sql: string, url: URL, n = 2, mode = name.startsWith('raw') ? 'prepared' : 'simple') => { writeFileSync('/tmp/x.sql', sql); const o = execFileSync('pgbench', ['-n', '-M', mode, '-c', '16', '-j', '2', '-T', String(n), '-f', '/tmp/x.sql', url.href], { encoding: 'utf8', env: { ...process.env, PGOPTIONS: '-c search_path=shelters' } }); console.log(name, /tps = ([\d.]+)/.exec(o)?.[1]); };
const row = { id: 'UUID', owner: org, organisations: [org], case_ref: 'csr_x', state: 'packed', version: 1, due_at: null, created_at: '2026-11-24T13:20:15.291Z', updated_at: '2026-11-24T13:20:15.291Z', sealed: '\\\\x' + 'ab'.repeat(300), label: 'tools', receiver: 'org_x', case_id: null };
const p = (s: object) => JSON.stringify(s).replaceAll('"UUID"', `"' || gen_random_uuid() || '"`);
const payload = { org, expects: [], rows: [{ t: 'crate', op: 'insert', row }, { t: 'reference', op: 'insert', row: { ref: 'UUID', organisation: org, kind: 'crt', aggregate: 'UUID' } }, { t: 'audit', op: 'insert', row: { at: '2026-11-24T13:20:15.291Z', organisations: [org], kind: 'crt', aggregate: 'UUID', command: 'pack', from_state: null, to_state: 'packed', version: 1, organisation: org, account: 'acc_x', role: 'CASE_WORKER', on_behalf_of: null, how: null, caused_by: null, ground: null, fields: ['a', 'b'] } }, { t: 'idempotency', op: 'insert', row: { caller: 'acc_x', key: 'UUID', request: 'x', status: 201, headers: { etag: '1' }, body: { id: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxx', state: 'packed', version: 1 }, at: '2026-11-24T13:20:15.291Z' } }] };
const raw = `begin;\ninsert into crate (id, owner, organisations, case_ref, state, version, created_at, updated_at, label, receiver, sealed) values (gen_random_uuid(), '${org}', array['${org}'], 'csr_x', 'packed', 1, now(), now(), 'tools', 'org_x', decode(repeat('ab', 300), 'hex'));\ninsert into reference values ('crt_' || gen_random_uuid(), '${org}', 'crt', gen_random_uuid()::text);\ninsert into audit (at, organisations, kind, aggregate, command, to_state, version, organisation, account, role, fields) values (now(), array['${org}'], 'crt', gen_random_uuid(), 'pack', 'packed', 1, '${org}', 'acc_x', 'CASE_WORKER', array['a','b']);\ninsert into idempotency values ('acc_x', gen_random_uuid()::text, 'x', 201, '{"etag":"1"}', '{"id":"crt_xxxxxxxxxxxxxxxxxxxxxx","state":"packed","version":1,"label":"tools"}', now());\ncommit;\n`;
const cols = (r: object) => Object.keys(r).map((k) => `"${k}"`).join(',');
await admin.query(`create function shelters.fixed(p jsonb) returns void language plpgsql as $$ begin perform set_config('app.org', p->>'org', true); ${payload.rows.map((r, n) => `insert into ${r.t} (${cols(r.row)}) select ${cols(r.row)} from jsonb_populate_record(null::${r.t}, p->'rows'->${n}->'row');`).join('\n')} end $$; grant execute on function shelters.fixed to shelters_app`);
for (let k = 0; k < 2; k += 1) {
  bench('raw superuser', raw, new URL(i.databaseUrl));
  bench('commit_change', `select commit_change(('${p(payload)}')::jsonb);`, app);
  bench('fixed', `select fixed(('${p(payload)}')::jsonb);`, app);
}
await admin.query('drop index shelters.crate_organisations');
bench('fixed, no gin', `select fixed(('${p(payload)}')::jsonb);`, app);
bench('commit_change, no gin', `select commit_change(('${p(payload)}')::jsonb);`, app);
process.exit(0);
