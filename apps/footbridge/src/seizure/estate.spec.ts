import { OrganisationAdded } from '@footbridge/contracts';
import { referralsService } from '@footbridge/referrals';
import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { newRef } from '@footbridge/privacy';
import type { RunningService } from '@footbridge/service';
import { ownKafka, say, speaker, testInstance, waitUntil, type OwnKafka, type TestInstance } from '@footbridge/testing';
import { estateElsewhere } from './estate.js';
import { seizureReport } from './report.js';

const her = canaryPerson(91);

describe('T19 what a seizure gives where the services run on their own, over Kafka', () => {
  const house = newRef('org');
  let instance: TestInstance, kafka: OwnKafka, brokers: string;
  beforeAll(async () => {
    kafka = await ownKafka();
    ({ brokers } = kafka);
    instance = await testInstance([referralsService, speaker('notifications')], { name: 'seizure', kafka, config: { denyList: { standing: () => 'good' } } });
    await say(instance, OrganisationAdded, {}, { organisation: house, organisationType: 'NGO', country: 'AL', version: 1 });
    const { pool } = instance.services.get('referrals') as RunningService;
    await waitUntil('the directory knows the house', async () => (await pool.query('select 1 from known_organisation where organisation = $1', [house])).rowCount === 1, { within: 120_000 });
    expect((await instance.account(house, 'CASE_WORKER').post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', person: { givenName: her.givenName, familyName: her.familyName } })).status).toBe(201);
  }, 240_000);
  afterAll(async () => { await instance?.close(); await kafka?.remove(); });

  it('is computed from the database, the broker and the policies, without a data folder and without a key', async () => {
    const estate = await estateElsewhere(instance.databaseUrl, { TRANSPORT: 'kafka', KAFKA_BROKERS: brokers, OIDC_ISSUER: 'https://sso.example.org' }, ['referrals']);
    expect(estate).toMatchObject({ installed: 'services', broker: { kind: 'kafka', messages: expect.any(Number), keptDays: expect.any(Number) }, keys: { kept: 'elsewhere', exposed: 0, holders: [{ organisation: house, cases: 1, envelopes: 0, state: 'elsewhere' }] }, erased: { cases: 0, withKey: 0 }, accounts: { file: false, signingKeys: false, issuer: 'https://sso.example.org' } });
    expect(estate.broker.messages).toBeGreaterThan(0);
    expect(estate.tables.find(({ name }) => name === 'referrals.case')).toMatchObject({ rows: 1, sealed: 1 });
    const report = seizureReport(estate);
    expect(report.map(({ taken }) => taken)).toEqual(expect.arrayContaining(['broker', 'database', 'backup', 'service host', 'laptop', 'insider CASE_WORKER']));
    expect(report.flatMap(({ reads }) => reads.filter((line) => line.startsWith('WRONG')))).toEqual([]);
    expect(JSON.stringify(report)).not.toMatch(/accounts\.json|bus\.event|file of data/);
  }, 120_000);
  it('T10 leaves no name in any sink', async () => { expect(huntLeaks(await instance.sinks(), [her])).toEqual([]); }, 120_000);
  it('says so where a role does not see all, and where the broker does not answer', async () => {
    const own = new URL(instance.databaseUrl);
    [own.username, own.password] = ['referrals_app', 'test-referrals_app'];
    await expect(estateElsewhere(own.href, { TRANSPORT: 'kafka', KAFKA_BROKERS: brokers })).rejects.toThrow(/does not see every row/);
    await expect(estateElsewhere(instance.databaseUrl, { TRANSPORT: 'kafka', KAFKA_BROKERS: '127.0.0.1:1' })).rejects.toThrow(/^The broker does not answer/);
    await expect(estateElsewhere(instance.databaseUrl, { TRANSPORT: 'kafka' })).rejects.toThrow('KAFKA_BROKERS is missing.');
  }, 120_000);
});
