import { readFileSync } from 'node:fs';
import { roles as allRoles, type Role } from '@footbridge/contracts';
import { NONE, collectionOf, describe as describeTable, diagram, exampleOf, bodyOf, checkBody, kebab, rowFor, tableOf, type AnyRow, type Lifecycle } from '@footbridge/lifecycle';
import { columnOf, columnsOfTable, openapi } from '@footbridge/service';
import { newRef } from '@footbridge/privacy';
import { testInstance, type TestInstance } from '@footbridge/testing';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { services } from './services.js';

interface Line { readonly service: string; readonly lifecycle: string; readonly from: string; readonly command: string; readonly to: string; readonly who: readonly string[]; readonly emits: string }
const reference: readonly Line[] = readFileSync(new URL('../../../docs/reference/transitions.tsv', import.meta.url), 'utf8').trim().split('\n').slice(1).flatMap((line) => {
  const [service = '', lifecycle = '', from = '', command = '', to = '', who = '', , emits = ''] = line.split('\t');
  return from.split(', ').map((f) => ({ service, lifecycle, from: f, command, to, who: who.split(', '), emits }));
});
const ours = services.flatMap((s) => s.lifecycles);
const fifteen = ['Case', 'Identification', 'ConsentRecord', 'GuardianAppointment', 'RiskAssessment', 'Referral', 'Shelter', 'BedReservation', 'Stay', 'ReturnCase', 'ReceptionPlan', 'ReintegrationCase', 'Partner', 'Subscription', 'Delivery'];

describe('the tables', () => {
  it('are all there', () => { expect(ours.map((l) => l.name)).toEqual(expect.arrayContaining(fifteen)); });
  it.each(fifteen)('%s is the reference\'s table, pair by pair: target, who may, event', (name) => {
    const l = ours.find((x) => x.name === name) as Lifecycle;
    const wanted = reference.filter((r) => r.lifecycle === name).map(({ from, command, to, who, emits }) => ({ from, command, to, by: [...who].sort(), emits }));
    const have = describeTable(l).transitions.map(({ from, command, to, by, emits }) => ({ from, command, to, by: [...by].sort(), emits }));
    const order = (a: { from: string; command: string }, b: { from: string; command: string }): number => `${a.from} ${a.command}`.localeCompare(`${b.from} ${b.command}`);
    expect(have.sort(order)).toEqual(wanted.sort(order));
  });
  it.each(ours.map((l) => [l.name, l] as const))('%s has its diagram in docs/states', (name, l) => {
    expect(readFileSync(new URL(`../../../docs/states/${kebab(name)}.md`, import.meta.url), 'utf8')).toContain(diagram(l));
  });
  it.each(ours.flatMap((l) => (l.rows as readonly AnyRow[]).map((row) => [`${l.name}.${row[1]}`, row] as const)))('%s has an example that its own body accepts', (_name, row) => {
    expect(checkBody(bodyOf(row), exampleOf(bodyOf(row)))).not.toHaveProperty('errors');
  });
  it.each(services.map((s) => [s.name, s] as const))('%s documents each command that has a route', (_name, s) => {
    const paths = openapi(s.name, s.lifecycles, s.documented)['paths'] as Record<string, Record<string, unknown>>;
    for (const l of s.lifecycles) for (const [from, command, , by] of l.rows as readonly AnyRow[]) {
      if (by.every((r) => r === 'PLATFORM') || (from === NONE && l.created)) continue;
      expect(paths[from === NONE ? `/v1/${collectionOf(l)}` : `/v1/${collectionOf(l)}/{id}/${kebab(command)}`]?.['post']).toBeDefined();
    }
  });
});

describe('every (state, command, role) of every table, on real Postgres', () => {
  let instance: TestInstance;
  let admin: pg.Client;
  const everyRole = allRoles.filter((r) => !['PLATFORM', 'PERSON', 'GUARDIAN'].includes(r)) as readonly Role[];
  beforeAll(async () => {
    instance = await testInstance(services, { name: 'tables', config: { denyList: { standing: () => 'good' }, deadlinesEveryMs: 3_600_000 } });
    admin = new pg.Client({ connectionString: instance.databaseUrl });
    await admin.connect();
  });
  afterAll(async () => { await admin?.end(); await instance?.close(); });

  it.each(ours.map((l) => [l.name, l] as const))('%s has the columns that its fields declare, and row-level security forced', async (_name, l) => {
    const { rows } = await admin.query<{ column_name: string; type: string }>('select a.attname as column_name, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped', [`${l.service}."${tableOf(l)}"`]);
    const type = (t: string): string => ({ 'timestamp with time zone': 'timestamptz' }[t] ?? t);
    expect(Object.fromEntries(rows.map((r) => [r.column_name, type(r.type)]).sort())).toMatchObject(Object.fromEntries([...columnsOfTable(l)].sort()));
    const { rows: [security] } = await admin.query<{ on: boolean; forced: boolean; owner: string }>('select relrowsecurity as on, relforcerowsecurity as forced, pg_get_userbyid(relowner) as owner from pg_class where oid = $1::regclass', [`${l.service}."${tableOf(l)}"`]);
    expect(security).toEqual({ on: true, forced: true, owner: `${l.service}_owner` });
  });

  it.each(ours.map((l) => [l.name, l] as const))('%s refuses each pair outside the table, and each role outside the row', async (_name, l) => {
    const engine = instance.services.get(l.service)?.engine;
    if (!engine) throw new Error(l.service);
    const commands = [...new Set((l.rows as readonly AnyRow[]).map((r) => r[1]))];
    let tried = 0;
    for (const state of l.states) {
      const [id, ref, organisation] = [randomUUID(), newRef(l.prefix), newRef('org')];
      // The owner holds every role here, so that only the table speaks.
      const parties = Object.keys(l.fields as object).filter((f) => /^(receiver|authority|childAuthority|originOffice|referrer|proposer|from|to|recipient)$/.test(f)).map((f) => [columnOf(f), organisation]);
      const row = { id, owner: organisation, organisations: [organisation], state, version: 1, created_at: new Date().toISOString(), updated_at: new Date().toISOString(), ...Object.fromEntries(parties) };
      const columns = Object.keys(row).filter((c) => columnsOfTable(l).has(c)).map((c) => `"${c}"`).join(', ');
      const table = `${l.service}."${tableOf(l)}"`;
      // As it would be in this state, without what led to it: triggers and foreign facts stay out of it.
      await admin.query(`set search_path = ${l.service}; set session_replication_role = replica`);
      await admin.query(`insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1)`, [JSON.stringify(row)]);
      await admin.query('set session_replication_role = origin');
      await admin.query(`insert into ${l.service}.reference (ref, organisation, kind, aggregate) values ($1, $2, $3, $4)`, [ref, organisation, l.prefix, id]);
      for (const command of commands) {
        const found = rowFor(l, state, command);
        for (const role of everyRole) {
          const caller = { subject: newRef('acc'), organisation, roles: [role] };
          const code = await engine.run({ lifecycle: l, command, reference: ref, body: {}, caller }).then(() => 'done', (error: { code?: string }) => error.code ?? String(error));
          tried += 1;
          if ('refused' in found) expect([state, command, role, code]).toEqual([state, command, role, expect.stringMatching(/^(transition-not-allowed|not-found)$/)]);
          else if (code === 'done') { await admin.query(`delete from ${l.service}.deadline where aggregate = $1`, [id]); await admin.query(`update ${l.service}."${tableOf(l)}" set state = $2, version = 1 where id = $1`, [id, state]); }
          else if (!found.row[3].some((r) => r === 'PERSON' || r === 'GUARDIAN') && !found.row[3].includes(role)) expect([state, command, role, code]).toEqual([state, command, role, expect.stringMatching(/^(role-not-allowed|not-found)$/)]);
        }
      }
    }
    expect(tried).toBe(l.states.length * commands.length * everyRole.length);
  }, 240_000);
});
