import { contracts } from '@footbridge/contracts';
import { WireSchema } from '@footbridge/privacy';
import { tellsOthers } from '@footbridge/service';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lifetimes } from '../identity/lifetimes.js';
import { insidersOf, personalColumns, type Estate, type Insider } from './estate.js';
import { seizureReport, wordsOf, type Seized } from './report.js';

const access = { stepUpMinutes: 15, signInUnknown: 'refused', looksPerHour: 30 } as const;
const estate: Estate = {
  tables: [
    { name: 'referrals.case', rows: 7, sealed: 6, plain: { operational: ['id', 'owner', 'state'] } }, { name: 'referrals.subject_key', rows: 5, sealed: 0, plain: { operational: ['subject', 'owner'] } },
    { name: 'referrals.empty', rows: 0, sealed: 0, plain: { direct: ['name'] } },
  ],
  installed: 'embedded', keyTables: ['subject_key', 'erasure_receipt'], leftOut: ['identity.oidc_state', 'referrals.empty'], broker: { kind: 'postgres', messages: 3, since: '2026-11-01T10:00:00.000Z' },
  keys: { kept: 'file', backupDays: 35, exposed: 0, holders: [{ organisation: 'org_a', cases: 3, envelopes: 0, state: 'open' }, { organisation: 'org_b', cases: 2, envelopes: 0, state: 'locked' }] },
  erased: { cases: 0, withKey: 0 }, accounts: { file: false, signingKeys: true, secrets: { hashed: 4, plain: 0 } }, access, lifetimes, insiders: [],
};
const nothing: Omit<Insider, 'role'> = { given: [], colleagues: [], emergency: [], foreign: [], told: [], twoPersons: [], sometimesTwo: [] };
const part = (taken: string, of: Estate = estate): Seized => seizureReport(of).find((seized) => seized.taken === taken) as Seized;
const wrong = (of: Estate): readonly string[] => seizureReport(of).flatMap(({ reads }) => reads.filter((line) => line.startsWith('WRONG')));

describe('T19 what a seizure gives, from the facts of the instance', () => {
  it('of a broker: the kinds of values that events really have, and nothing about a person', () => {
    const kinds = new Set(contracts.filter(({ audience }) => audience !== 'service').flatMap(({ data }) => Object.values(data).flatMap((schema) => (WireSchema.is(schema) ? [schema.kind] : []))));
    const { reads, closed } = part('broker');
    for (const kind of kinds) expect(reads[0]).toContain(kind);
    expect(reads[1]).toMatch(/^3 events kept here, the oldest of 2026-11-01: /);
    expect(part('broker', { ...estate, broker: { kind: 'postgres', messages: 1 } }).reads[1]).toMatch(/^1 event kept here: /);
    expect(closed).toEqual([expect.stringMatching(/^every value about a person: none of the \d{2,} fields of these events is of a class for one$/)]);
    for (const [keptDays, said] of [[7, ', for 7 days'], [0.5, ', for 1 day'], [Infinity, ', for ever'], [undefined, '']] as const) expect(part('broker', { ...estate, broker: { kind: 'kafka', messages: 12, ...(keptDays === undefined ? {} : { keptDays }) } }).reads[1]).toMatch(new RegExp(`^12 messages kept by Kafka, watermarks among them${said}: `));
  });

  it('of a database: sealed rows stay closed, and a column in the clear is named, where it has rows', () => {
    expect(part('database')).toMatchObject({
      reads: ['12 rows in 3 tables; columns in the clear, by class: 5 operational'],
      closed: ['6 sealed rows: under the keys of 5 cases, which are wrapped with the keys of 2 organisations; these are in files beside the database', '4 secrets of accounts: kept as scrypt hashes'],
    });
    const { secrets: _, ...accounts } = estate.accounts;
    expect(part('database', { ...estate, accounts, keys: { ...estate.keys, kept: 'elsewhere' }, erased: { cases: 3, withKey: 0 } }).closed).toEqual([expect.stringMatching(/; these are with each service$/), '3 cases that are erased: their keys are in no table']);
    const told: Estate = { ...estate, tables: [...estate.tables, { name: 'referrals.guess', rows: 1, sealed: 0, plain: { special: ['state'], quasi: ['age'], open: ['type'] } }] };
    expect(part('database', told).reads[1]).toBe('in the clear, beside random ids: referrals.guess.state (special), referrals.guess.age (quasi)');
    expect(personalColumns(estate.tables)).toEqual(['referrals.empty.name (direct)']);
  });

  it('of a backup: which tables are in the other file, and for how long old data can be opened', () => {
    expect(part('backup').reads).toEqual(['the file of data alone: what the database shows, without referrals.empty', 'both files of one time: 5 cases whose keys are in files here, and what was not erased before']);
    expect(part('backup', { ...estate, installed: 'services' })).toMatchObject({ reads: [expect.stringMatching(/^a dump: what the database shows, with the wrapped keys in referrals\.subject_key unless/), 'with the keys of KEYS_DIR beside it: 3 cases, as on the service\'s host'], closed: [] });
    expect(part('backup', { ...estate, installed: 'services', keys: { ...estate.keys, kept: 'elsewhere' } }).reads[1]).toBe('alone it opens nothing: the keys that open the rest are with each service');
    expect(part('backup').closed).toEqual(['in the file of data there is none of: referrals.subject_key', 'data older than every file of keys that still exists (they are to go after 35 days)']);
    expect(part('backup', { ...estate, keys: { ...estate.keys, kept: 'vault' } }).reads[1]).toMatch(/in the Vault$/);
  });

  it('of a host: the cases whose keys are open now; locked, lost and unreachable ones are not among them', () => {
    expect(part('service host').reads[0]).toMatch(/the 3 case keys of 1 organisation whose keys are in files here$/);
    expect(part('service host').closed.slice(0, 2)).toEqual(['2 case keys of 1 organisation that are locked, as long as the lock is kept: it stops our services, not somebody who reads the files', '0 case keys of 0 organisations without a key and 0 organisations whose key store does not answer']);
    const vault: Estate = { ...estate, accounts: { file: true, signingKeys: true }, keys: { ...estate.keys, kept: 'vault', holders: [{ organisation: 'org_a', cases: 1, envelopes: 2, state: 'not answering' }, { organisation: 'org_b', cases: 4, envelopes: 0, state: 'gone' }] } };
    expect(part('service host', vault)).toMatchObject({
      reads: [expect.stringMatching(/the 0 case keys of 0 organisations whose keys the Vault opens for the token that is here$/), 'the secrets of the first accounts, in accounts.json', 'the keys that sign tokens: whoever has them can be anybody, until they are changed'],
      closed: expect.arrayContaining(['0 case keys of 0 organisations that are locked', '5 case keys of 1 organisation without a key and 1 organisation whose key store does not answer', '2 envelopes of organisations whose cases it does not open: only the recipient has the key']),
      then: expect.arrayContaining(['revoke the Vault token: nothing is opened from that moment on']),
    });
  });

  it('of a host, of envelopes and the erased: what the host opens itself is not closed because it is also in an envelope', () => {
    const waiting: Estate = { ...estate, erased: { cases: 2, withKey: 1 }, keys: { ...estate.keys, holders: [{ organisation: 'org_a', cases: 3, envelopes: 1, state: 'open' }, { organisation: 'org_b', cases: 2, envelopes: 4, state: 'locked' }] } };
    expect(part('service host', waiting)).toMatchObject({
      reads: expect.arrayContaining(['what is in 1 envelope that is not picked up yet: not from the envelope, but from the case, which this host opens']),
      closed: expect.arrayContaining(['4 envelopes of organisations whose cases it does not open: only the recipient has the key', '1 case that is erased: their keys are in no table']),
    });
    expect(JSON.stringify([part('service host'), part('broker')])).not.toMatch(/envelope|erased/);
    const elsewhere = part('service host', { ...waiting, accounts: { file: false, signingKeys: false }, keys: { ...waiting.keys, kept: 'elsewhere', holders: waiting.keys.holders.map((holder) => ({ ...holder, state: 'elsewhere' })) } });
    expect(elsewhere.reads).toEqual([expect.stringMatching(/^all that the database shows\. Whose keys a host opens is not seen from here/)]);
    expect(elsewhere.closed).toEqual(['1 case that is erased: their keys are in no table']);
  });
  it('says WRONG, and where, only of what is wrong: open key files, stale sign-ins that count, a role that reads elsewhere', () => {
    expect(wrong(estate)).toEqual([]);
    expect(wrong({ ...estate, keys: { ...estate.keys, exposed: 2 } })).toEqual(['WRONG: 2 key files can be read by other users of this machine']);
    expect(wrong({ ...estate, access: { ...access, signInUnknown: 'accepted' } })).toHaveLength(1);
    expect(wrong({ ...estate, accounts: { ...estate.accounts, secrets: { hashed: 3, plain: 1 } } })).toEqual(['WRONG: 1 secret of accounts that is no hash']);
    expect(wrong({ ...estate, erased: { cases: 2, withKey: 2 } })).toEqual(['WRONG: a wrapped key of 2 cases that are erased']);
    expect(wrong({ ...estate, insiders: [{ ...nothing, role: 'LAWYER', foreign: ['Case'] }] })).toEqual(['WRONG: sealed fields of other organisations: Case']);
  });

  it('of a laptop: as long as tokens and sessions of this instance live', () => {
    expect(part('laptop').reads).toEqual([expect.stringContaining(`for ${lifetimes.accessMinutes} minutes`), expect.stringMatching(/within 15 minutes after signing in, of at most 30 persons/)]);
    const { lifetimes: _, ...elsewhere } = estate;
    expect(part('laptop', { ...elsewhere, accounts: { ...estate.accounts, issuer: 'https://sso.example.org' } }).reads[0]).toBe('what its worker may see, as long as tokens and sessions of https://sso.example.org live: that is set there');
    expect(part('laptop').closed).toEqual([]);
    expect(part('laptop', { ...estate, insiders: [{ ...nothing, role: 'DPO', twoPersons: ['Hold.lift'] }] }).closed).toEqual(['without a second person: Hold.lift']);
  });

  it('in words, one line for each', () => {
    const report = seizureReport(estate);
    expect(wordsOf(report)).toHaveLength(report.reduce((sum, { reads, closed, then }) => sum + 2 + reads.length + closed.length + then.length, 0));
  });
});

describe('what an insider could read, as the policies of this instance decide', () => {
  const insiders = insidersOf(access);
  const of = (role: string) => insiders.find((insider) => insider.role === role);

  it('nobody reads a sealed field of another organisation', () => {
    expect(insiders.length).toBeGreaterThan(15);
    expect(insiders.filter(({ foreign }) => foreign.length > 0)).toEqual([]);
  });
  it('the operator, the administrator and the media officer read no case', () => {
    for (const role of ['OPERATOR', 'PARTNER_ADMIN', 'MEDIA_OFFICER']) expect([role, of(role)?.given, of(role)?.colleagues]).toEqual([role, [], []]);
  });
  it('a case worker reads what is given, not what is a colleague\'s; supervision reads both', () => {
    expect(of('CASE_WORKER')?.given).toContain('Case');
    expect(of('CASE_WORKER')?.colleagues).toEqual([]);
    expect(of('SUPERVISOR')?.colleagues).toContain('Case');
  });
  it('who receives cases of others fetches what she agreed to, and opens no file of theirs', () => {
    expect(of('RECEIVER')?.told).toEqual(expect.arrayContaining(['Referral.needs', 'Referral.disclosure', 'IdentityEnvelope.collect']));
    expect(of('ORIGIN_OFFICE')?.told).toEqual(expect.arrayContaining(['ReceptionPlan.detail', 'ReceptionPlan.itinerary']));
    for (const role of ['OPERATOR', 'MEDIA_OFFICER', 'CASE_WORKER']) expect([role, of(role)?.told]).toEqual([role, []]);
    expect(new Set(insiders.flatMap(({ told }) => told))).toEqual(new Set(tellsOthers));
  });
  it('every answer to another organisation is among what it can be told', () => {
    const apps = join(import.meta.dirname, '../../..');
    const telling = readdirSync(apps, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts') && !file.includes('node_modules') && !file.endsWith('.spec.ts')).filter((file) => /\b(?:disclosing\(|once: \(\{ made)/.test(readFileSync(join(apps, file), 'utf8')));
    // needs; the pick-up of an envelope by its command, by a referral and by a return; detail and itinerary of a reception
    expect(telling.map((file) => file.split('/').slice(-2).join('/')).sort()).toEqual(['identity-envelope/identity-envelope.lifecycle.ts', 'reception-plan/detail.controller.ts', 'referral/needs.controller.ts']);
  });
  it('says of whom the facts of trafficking are kept, and what opens in an emergency', () => {
    expect(of('SHELTER_INTAKE')?.given).toContain('Case (without trafficking)');
    expect(of('LAWYER')?.given).toContain('Case');
    expect(of('CASE_WORKER')?.emergency).toContain('Case');
    expect(of('CASE_WORKER')?.sometimesTwo).toContain('BreakGlass.breakGlass');
    expect([of('CASE_WORKER')?.twoPersons.includes('BreakGlass.breakGlass'), of('MEDIA_OFFICER')?.emergency]).toEqual([false, []]);
    const told = seizureReport({ ...estate, insiders: insiders.filter(({ role }) => role === 'CASE_WORKER') }).find(({ taken }) => taken === 'insider CASE_WORKER');
    expect(told?.reads).toEqual(expect.arrayContaining([expect.stringMatching(/^in an emergency, at once, .*\bCase\b/)]));
  });
  it('names the steps that take a second person', () => {
    expect(of('CASE_WORKER')?.twoPersons).toEqual(expect.arrayContaining(['Hold.lift', 'SafetyAlert.clear', 'Export.askExport']));
  });
});
