import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClosureReason, ConsentPurpose } from '@footbridge/contracts';
import { notificationsService } from '@footbridge/notifications';
import { newRef } from '@footbridge/privacy';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { referralsService } from '@footbridge/referrals';
import { files, testInstance, type TestAccount, type TestInstance } from '@footbridge/testing';
import { must, soon } from '../demo/world.js';
import type { Client } from './client.js';
import { runExport } from './run-export.js';
import { runImport, type Surroundings } from './run-import.js';

const texts = ['Arta', ' at the edges ', 'two\nlines', 'tab\there', '"quoted"', '"\\n"', 'e\u0301', 'semi;colon', "'=1+1", '=1+1', 'n/a', ' ', '\u0645\u0631\u064a\u0645'];
const at = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
/** People who do not exist: the same number gives the same case. */
const population = Array.from({ length: 40 }, (_, n) => ({
  purpose: at(ConsentPurpose.values, n), openedAt: new Date(Date.UTC(2020, n % 12, 1 + (n % 28), n % 24, n)).toISOString(),
  person: {
    givenName: at(texts, n), familyName: canaryPerson(700 + n).familyName, ...(n % 3 ? { chosenName: at(texts, n + 5), aliases: [at(texts.filter((t) => !/\p{C}/u.test(t)), n), 'B'] } : {}), birthDate: `19${50 + n}-02-0${1 + (n % 9)}`, birthDateCertainty: 'stated',
    gender: at(['Feminine', 'Masculine', 'NonConforming'], n), citizenships: at([['AL'], ['MD', 'stateless'], ['unknown']], n), languages: at([['sq'], ['sr-Latn', 'ckb', 'en'], ['ro', 'zh-Hant']], n), interpreterNeeded: n % 2 === 0, childrenCount: n % 5,
    identityNumber: at(texts, n + 7), phone: `+35569${1_000_000 + n}`, safeContact: { when: at(texts, n + 2), how: at(texts, n + 3), leaveMessage: n % 2 === 1 },
  },
  needs: ['shelter', at(['legal', 'health'], n)], ageBelief: 'adult', unaccompanied: n % 2 === 0, health: { conditions: at(texts, n + 4), pregnancy: n % 4 === 0 }, trafficking: { methodsOfControl: ['DebtBondage', 'RestrictsMovement'], locations: ['AL'] },
}));

describe('cases that leave an instance and come back, on real Postgres and over HTTP', () => {
  const folder = mkdtempSync(join(tmpdir(), 'footbridge-round-trip-'));
  let instance: TestInstance, home: TestAccount;
  let said = '', told = '';
  const around: Surroundings = { out: { write: (text) => { said += text; } }, err: { write: (text) => { told += text; } }, signal: new AbortController().signal, now: Date.now, wait: (ms) => new Promise((resolve) => { setTimeout(resolve, ms); }) };
  const clientOf = (account: TestAccount): Client => ({
    target: account.subject, get: async (path) => account.get(path),
    post: async (path, body, key) => { const { status, body: answer, headers } = await account.post(path, body, { 'idempotency-key': key }); return { status, body: answer, retryAfter: headers.get('retry-after') ?? undefined }; },
  });
  const newWorker = async (operator: TestAccount, name: string): Promise<TestAccount> => {
    const organisation = newRef('org');
    must(await operator.post('/v1/organisations', { id: organisation, type: 'NGO', country: 'AL', name }), 201, name);
    return instance.account(organisation, 'CASE_WORKER');
  };
  /** All that an account can read of its cases, but for what is given anew: references, versions, the time of the row itself. */
  const cases = async (account: TestAccount): Promise<readonly string[]> => {
    const found: string[] = [];
    for (let cursor = ''; ;) {
      const { items, next } = (await account.get(`/v1/cases?limit=100${cursor}`)).body as { items: { id: string }[]; next: string | null };
      for (const { id } of items) {
        const { id: _, version: __, createdAt: ___, links: ____, ...rest } = must(await account.get(`/v1/cases/${id}?reveal=person,trafficking,health,needs,ageBelief,unaccompanied&purpose=ASSISTANCE`), 200, 'case');
        found.push(JSON.stringify(rest, (_key, value: unknown) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value)).replaceAll(account.organisation, 'the owner').replaceAll(account.subject, 'the worker'));
      }
      if (next === null) return found.sort();
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
  };

  let operator: TestAccount;
  beforeAll(async () => {
    instance = await testInstance([referralsService, notificationsService], { name: 'round-trip', config: { denyList: { standing: () => 'good' } } });
    operator = instance.account(newRef('org'), 'OPERATOR');
    must(await operator.post('/v1/organisations', { id: operator.organisation, type: 'InternationalOrganisation', country: 'AL', name: 'Network office', networkBody: true }), 201, 'network body');
    home = await newWorker(operator, 'Home');
    for (const [n, body] of population.entries()) {
      const id = String(must(await soon(() => home.post('/v1/cases', body)), 201, 'case')['id']);
      if (n % 4 === 1) must(await home.post(`/v1/cases/${id}/move-to-follow-up`), 200, 'follow-up');
    }
    const { body: { id } } = await home.post('/v1/cases', { purpose: 'ASSISTANCE', person: { givenName: 'Closed' } });
    expect(await home.post(`/v1/cases/${String(id)}/close-case`, { reason: ClosureReason.values[0], personInformed: true })).toMatchObject({ status: 200 });
  }, 120_000);
  afterAll(async () => { await instance?.close(); rmSync(folder, { recursive: true }); });

  it.each(['csv', 'ndjson'])('are the same through %s, but for the closed ones, which are left out and said to be', async (ending) => {
    const file = join(folder, `cases.${ending}`);
    said = '';
    await expect(runExport({ file }, clientOf(home), around)).resolves.toEqual({ cases: population.length, withoutPerson: 0, leftOut: 1 });
    expect(said).toContain('1 closed cases are left out');
    const away = await newWorker(operator, `Away ${ending}`);
    must(await soon(() => away.post('/v1/cases', { purpose: 'ASSISTANCE', person: { givenName: 'here before' } })), 201, 'away is known');
    await expect(runImport({ file }, () => Promise.resolve(clientOf(away)), around)).resolves.toMatchObject({ rows: population.length, imported: population.length, refused: 0 });
    const wanted = (await cases(home)).filter((text) => !text.includes('"state":"closed"'));
    expect(wanted.filter((text) => text.includes('"state":"follow_up"'))).toHaveLength(10);
    expect((await cases(away)).filter((text) => !text.includes('here before'))).toEqual(wanted);
  }, 120_000);

  it('T10 leave no name but in the file that was asked for', async () => {
    const people = population.map((_, n) => canaryPerson(700 + n));
    expect(new Set(huntLeaks(await files(folder), people).map(({ canary }) => canary)).size).toBe(population.length);
    expect(huntLeaks([...await instance.sinks(), { name: 'said', content: said + told }], people)).toEqual([]);
  }, 120_000);
});
