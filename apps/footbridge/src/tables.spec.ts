import { readFileSync } from 'node:fs';
import { roles as allRoles, type Role } from '@footbridge/contracts';
import { NONE, collectionOf, describe as describeTable, diagram, exampleOf, bodyOf, checkBody, kebab, tableOf, type AnyRow, type Lifecycle } from '@footbridge/lifecycle';
import { Problem, columnOf, columnsOfTable, openapi, quote } from '@footbridge/service';
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

  /** What the reference says, or for a lifecycle that it does not have the declared table; never what the engine makes of it. */
  const linesOf = (l: Lifecycle): readonly Pick<Line, 'from' | 'command' | 'who'>[] => (fifteen.includes(l.name) ? reference.filter((r) => r.lifecycle === l.name) : describeTable(l).transitions.map(({ by, ...t }) => ({ ...t, who: by })));
  /** Who may act for PERSON and GUARDIAN (decisions 4). */
  const acting = ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'RETURN_OFFICER', 'REINTEGRATION_MANAGER', 'LAWYER'];
  const ways: readonly { readonly onBehalfOf?: string; readonly how?: string }[] = [{}, { onBehalfOf: 'PERSON', how: 'phone' }, { onBehalfOf: 'GUARDIAN', how: 'written' }, { onBehalfOf: 'PERSON' }, { onBehalfOf: 'GUARDIAN' }];
  /** Whoever may, comes to the rules: what they, the body and the rest of a bare row say is not the table's matter. */
  const heard = ['heard'];
  const refusals = ['transition-not-allowed', 'role-not-allowed', 'not-found'];
  const expected = (line: Pick<Line, 'who'> | undefined, role: Role, { onBehalfOf, how }: (typeof ways)[number]): readonly string[] => {
    if (!line) return ['transition-not-allowed'];
    const mayFor = (whom: string): boolean => line.who.includes(whom) && acting.includes(role);
    // Nobody acts for the person unsaid: who could, is asked to say it, or refused.
    if (onBehalfOf === undefined) return line.who.includes(role) ? heard : mayFor('PERSON') || mayFor('GUARDIAN') ? ['role-not-allowed', 'validation-failed'] : ['role-not-allowed'];
    return !mayFor(onBehalfOf) ? ['role-not-allowed'] : how === undefined ? ['role-not-allowed', 'validation-failed'] : heard;
  };

  it.each(ours.map((l) => [l.name, l] as const))('%s does for each role in each state what the table says, and refuses the rest', async (_name, l) => {
    const engine = instance.services.get(l.service)?.engine;
    if (!engine) throw new Error(l.service);
    // Who sees a row is asked elsewhere (isolation.spec.ts): here everybody of the organisation does, so that "nothing here" is never a refusal.
    const { visible: _, reachable: __, ...seen } = l;
    const lines = linesOf(l);
    const rows = l.rows as readonly AnyRow[];
    const commands = [...new Set(lines.map(({ command }) => command))];
    const table = `${l.service}.${quote(tableOf(l))}`;
    const wrong: unknown[] = [];
    let tried = 0;
    for (const state of [NONE, ...l.states]) {
      const [id, ref, organisation] = [randomUUID(), newRef(l.prefix), newRef('org')];
      // The owner holds every role here, so that only the table speaks.
      const parties = Object.keys(l.fields as object).filter((f) => /^(receiver|authority|childAuthority|originOffice|referrer|proposer|from|to|recipient|sentAt|judges)$/.test(f)).map((f) => [columnOf(f), f === 'judges' ? [organisation] : f === 'sentAt' ? new Date().toISOString() : organisation]);
      const row = { id, owner: organisation, organisations: [organisation], state, version: 1, created_at: new Date().toISOString(), updated_at: new Date().toISOString(), ...Object.fromEntries(parties) };
      const columns = Object.keys(row).filter((c) => columnsOfTable(l).has(c)).map((c) => `"${c}"`).join(', ');
      /** As it would be in this state, without what led to it: triggers and foreign facts stay out of it. */
      const put = async (): Promise<void> => {
        await admin.query(`set search_path = ${l.service}; set session_replication_role = replica; delete from ${table} where id = '${id}'; delete from deadline where aggregate = '${id}'`);
        await admin.query(`insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1)`, [JSON.stringify(row)]);
        await admin.query('set session_replication_role = origin');
      };
      if (state !== NONE) { await put(); await admin.query(`insert into ${l.service}.reference (ref, organisation, kind, aggregate) values ($1, $2, $3, $4)`, [ref, organisation, l.prefix, id]); }
      for (const command of commands) {
        const line = lines.find((t) => t.from === state && t.command === command);
        const declared = rows.find(([from, c]) => c === command && (from === NONE ? state === NONE : from.includes(state)));
        const { onBehalfOf: _behalf, how: _how, ...example } = declared ? exampleOf(bodyOf(declared)) : {};
        const run = async (role: Role, way: (typeof ways)[number]): Promise<string> => {
          const code = await engine.run({ lifecycle: seen, command, ...(state === NONE ? {} : { reference: ref }), body: { ...example, ...way }, caller: { subject: newRef('acc'), organisation, roles: [role] } }).then(() => 'done', (error: unknown) => (error instanceof Problem ? error.code : String(error)));
          tried += 1;
          const wanted = expected(line, role, way);
          if (wanted === heard ? refusals.includes(code) : !wanted.includes(code)) wrong.push([state, command, role, way, code]);
          return code;
        };
        // Who is refused changes nothing, so all of them are asked at once; who is heard, one after another, each on the row as it was.
        const calls = everyRole.flatMap((role) => (line ? ways : ways.slice(0, 1)).map((way) => ({ role, way, heard: expected(line, role, way) === heard })));
        await Promise.all(calls.filter((c) => !c.heard).map(({ role, way }) => run(role, way)));
        for (const { role, way } of calls.filter((c) => c.heard)) if ((await run(role, way)) === 'done' && state !== NONE) await put();
      }
      if (state !== NONE && (await admin.query(`select 1 from ${table} where id = $1 and state = $2 and version = 1`, [id, state])).rowCount !== 1) wrong.push([state, 'was changed by somebody who was refused']);
    }
    expect(wrong).toEqual([]);
    const inside = new Set(lines.map(({ from, command }) => `${from} ${command}`)).size;
    expect(tried).toBe(((l.states.length + 1) * commands.length + inside * (ways.length - 1)) * everyRole.length);
  }, 240_000);
});
