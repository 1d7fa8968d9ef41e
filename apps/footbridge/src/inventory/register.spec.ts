import { contracts } from '@footbridge/contracts';
import { is, type BodyClass } from '@footbridge/lifecycle';
import { handling, isPersonalClass, onlookers, processingBases, processingPurposes, retentionRules } from '@footbridge/privacy';
import { logFields } from '@footbridge/service';
import { testInstance, type TestInstance } from '@footbridge/testing';
import { IsString } from 'class-validator';
import pg from 'pg';
import { identitySchema } from '../identity/schema.js';
import { services } from '../services.js';
import { bodies, bodyPaths, eventPaths, pathOf, register, sealedPaths } from './register.js';
import { settings } from './settings.js';
import { asCsv, asJson, asMarkdown, goesOf } from './written.js';

/** Before this file declares some of its own. */
const real = bodies();
const whole = register(services, contracts, real);
const settingPaths = Object.values(settings).flatMap((names) => names.split(' ').filter(Boolean)).map(pathOf.setting);
const code = (act: () => unknown): unknown => { try { act(); return undefined; } catch (error) { return (error as { code?: unknown }).code; } };

describe('T07 the register of everything that is processed, against what is really there', () => {
  let instance: TestInstance;
  let admin: pg.Client;
  beforeAll(async () => {
    instance = await testInstance(services, { name: 'register', config: { denyList: { standing: () => 'good' }, deadlinesEveryMs: 3_600_000 } });
    admin = new pg.Client({ connectionString: instance.databaseUrl });
    await admin.connect();
    await admin.query(`set search_path = identity; ${identitySchema}`);
  });
  afterAll(async () => { await admin?.end(); await instance?.close(); });

  const columns = async (): Promise<readonly string[]> => (await admin.query<{ path: string }>(`select 'column:' || n.nspname || '.' || k.relname || '.' || a.attname as path
    from pg_attribute a join pg_class k on k.oid = a.attrelid join pg_namespace n on n.oid = k.relnamespace where n.nspname !~ '^(pg_|information_schema)' and k.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped`)).rows.map(({ path }) => path);
  const all = async (found = real, events = contracts): Promise<readonly string[]> => [...await columns(), ...sealedPaths(), ...bodyPaths(found), ...eventPaths(events), ...Object.keys(logFields).map(pathOf.log), ...settingPaths];

  it('every column of every schema, body member, event field, log field and setting has its entry, and no entry is of nothing', async () => {
    expect(whole.compare(await all())).toEqual({ missing: [], stale: [] });
    expect(whole.entries.length).toBeGreaterThan(2_000);
  });
  it('a column that nobody declared fails, and is direct meanwhile; so does a table, and an entry whose column is gone', async () => {
    await admin.query('begin; alter table referrals."case" add nickname text; create table shelters.visitor (name text); alter table returns.phrase_attempt drop at');
    try {
      const now = await all();
      expect(whole.compare(now)).toEqual({ missing: ['column:referrals.case.nickname', 'column:shelters.visitor.name'], stale: ['column:returns.phrase_attempt.at'] });
      expect(code(() => { whole.assertComplete(now); })).toBe('UNCLASSIFIED');
      expect(whole.classOf('column:referrals.case.nickname')).toBe('direct');
    } finally { await admin.query('rollback'); }
  });
  it('a body member that nobody classified fails', async () => {
    class Undeclared { @IsString() nickname!: string; }
    class HalfDeclared { @is.day() bornOn!: string; @is.text({ class: 'direct' }) given!: string; }
    const grown = bodies();
    expect([grown.get(Undeclared as BodyClass), grown.get(HalfDeclared as BodyClass)]).toEqual([['nickname'], ['bornOn', 'given']]);
    const now = register(services, contracts, grown);
    expect(now.compare(await all(grown)).missing).toEqual(['body:HalfDeclared.bornOn', 'body:Undeclared.nickname']);
    expect([now.classOf('body:Undeclared.nickname'), now.classOf('body:HalfDeclared.given')]).toEqual(['direct', 'direct']);
  });
  it('no body bears the name of another, whose entry it would hide behind', () => {
    const names = [...real.keys()].map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
  it('an event field that no wire type made fails', async () => {
    const [first, ...rest] = contracts;
    if (!first) throw new Error('no events');
    const grown = [{ ...first, data: { ...first.data, nickname: { kind: 'text' } as never } }, ...rest];
    expect(register(services, grown, real).compare(await all(real, grown)).missing).toEqual([`event:${first.type}.nickname`]);
  });
});

describe('the register, read by a data protection officer', () => {
  it('has for each personal thing a purpose, a ground, an end and somebody who may see it: at least the person, or only a machine', () => {
    const personal = whole.entries.filter((e) => isPersonalClass(e.class));
    expect(personal.length).toBeGreaterThan(100);
    for (const e of personal) {
      expect([e.path, processingPurposes.includes(e.purpose), processingBases.includes(e.basis) && e.basis !== 'NOT_PERSONAL', e.retention in retentionRules, Object.keys(e.seenBy).length > 0 && Object.keys(e.seenBy).every((who) => (onlookers as readonly string[]).includes(who))]).toEqual([e.path, true, true, true, true]);
    }
  });
  it('follows the visibility matrix (2.7): what the operator, the media and the network never see, they never see', () => {
    const people = whole.entries.filter((e) => isPersonalClass(e.class) && /^column:(referrals|shelters|returns|reintegration)\./.test(e.path));
    for (const e of people) expect([e.path, e.seenBy.OPERATOR, e.seenBy.MEDIA, e.seenBy.NETWORK]).toEqual([e.path, undefined, undefined, undefined]);
    expect(whole.find('column:referrals.case.sealed/person')?.seenBy).toEqual({ PERSON: 'yes', OWNER_WORKER: 'yes', RECEIVER: 'consent', REFERRER_POLICE: 'own', REFERRER_NGO: 'consent', EMBASSY: 'consent', ORIGIN_OFFICE: 'consent', ASYLUM_BODY: 'consent', LAWYER: 'yes' });
    expect(whole.find('column:referrals.case.sealed/trafficking')?.seenBy).not.toHaveProperty('EMBASSY');
    expect(whole.find('column:referrals.hold.sealed/ground')?.seenBy).toEqual({ PERSON: 'yes', OWNER_WORKER: 'yes', ASYLUM_BODY: 'yes', LAWYER: 'yes' });
    expect(whole.find('column:shelters.shelter.sealed/address')?.seenBy).toEqual({ PERSON: 'yes', OWNER_WORKER: 'role', RECEIVER: 'own', LAWYER: 'consent' });
    expect(whole.find('column:identity.account.secret')?.seenBy).toEqual({ SERVICES: 'yes' });
  });
  it('lets no event or log field be personal', () => {
    for (const e of whole.entries.filter(({ path }) => /^(event|log):/.test(path))) expect([e.path, handling[e.class].event]).toEqual([e.path, true]);
  });
  it('is one thing in three writings', () => {
    const [table, csv, json] = [asMarkdown(whole), asCsv(whole), JSON.parse(asJson(whole)) as { path: string; retentionInWords: string }[]];
    expect(json.map(({ path }) => path)).toEqual(whole.entries.map(({ path }) => path));
    expect(csv.split('\r\n')).toHaveLength(whole.entries.length + 1);
    for (const { path, retentionInWords } of json) { expect(table).toContain(`| ${path} |`); expect(retentionInWords.length).toBeGreaterThan(3); }
    expect(table).toContain('| column:referrals.case.sealed/health | special | ASSISTANCE | CASE_BASIS | with the case: 24 months after closing, a child until 21; then the key is destroyed | PERSON, OWNER_WORKER (role), RECEIVER (consent)');
    expect(csv.split('\r\n')[0]).toBe('path,class,purpose,legal basis,retention,who sees it,in events,in logs,to other organisations,in statistics');
  });
});

it('says of each where it goes: no secret, no setting and nothing that only the machine sees goes anywhere', () => {
  const whole = register();
  const goes = (path: string): ReturnType<typeof goesOf> => goesOf(whole.entries.find((e) => e.path === path) ?? (() => { throw new Error(path); })());
  for (const { path, ...of } of whole.entries.filter((e) => e.path.startsWith('setting:'))) expect([path, goesOf({ path, ...of })]).toEqual([path, { events: 'no', logs: 'no', others: 'never', statistics: 'never' }]);
  for (const path of ['column:identity.account.secret', 'column:referrals.case.id', 'column:referrals.case.sealed', 'column:referrals.subject_key.wrapped']) expect([path, goes(path).others, goes(path).events]).toEqual([path, 'never', 'no']);
  expect(goes('column:referrals.case.sealed/person')).toMatchObject({ events: 'no', logs: 'no', others: 'in an envelope, with consent' });
  expect(goes('column:referrals.referral.state')).toMatchObject({ events: 'yes', others: 'as a party' });
  expect(whole.entries.filter((e) => e.class === 'direct' && goesOf(e).events === 'yes')).toEqual([]);
});
