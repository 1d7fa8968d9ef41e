import { randomUUID } from 'node:crypto';
import { ClearanceChanged, ConsentGiven, ConsentScopeRecalled, ConsentWithdrawn, ReferralSent, ShelterOpened, flagsOf, type ContractEvent } from '@footbridge/contracts';
import { outboxRow } from '@footbridge/messaging';
import { createGate, newRef } from '@footbridge/privacy';
import { newestSchema, service, type ServiceConfig, type ServiceDefinition } from '@footbridge/service';
import { testInstance, waitUntil, type TestAccount, type TestInstance } from '@footbridge/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { notificationsService } from './index.js';

/** Another service as far as its news goes: an outbox, a relay, its watermarks. */
const speaker = (name: string): ServiceDefinition => {
  class First1764000000000 implements MigrationInterface {
    name = 'First1764000000000';
    async up(q: QueryRunner): Promise<void> { await q.query(newestSchema(name)); }
    down(): Promise<void> { return Promise.resolve(); }
  }
  return service({ name, lifecycles: [], migrations: [First1764000000000] });
};
const gate = createGate();
const minute = (t: Date): string => `${t.toISOString().slice(0, 16)}:00Z`;
const hour = (t: Date): string => `${t.toISOString().slice(0, 13)}:00:00Z`;

export interface Said { readonly recipient?: string; readonly consentRef?: string; readonly caseRef?: string; readonly aggregate?: string; readonly version?: number; readonly subject?: string; readonly owner?: string }
export interface Network {
  readonly instance: TestInstance;
  readonly body: string;
  readonly operator: TestAccount; readonly dpo: TestAccount; readonly dpo2: TestAccount;
  say(event: ContractEvent, data: Readonly<Record<string, unknown>>, said?: Said): Promise<string>;
  /** An active partner with its administrator. */
  partner(country?: string, services?: readonly string[]): Promise<TestAccount>;
  /** An active subscription; its secret is the second. */
  subscribe(admin: TestAccount, url: string, ...events: ContractEvent[]): Promise<{ readonly id: string; readonly secret: string; readonly publicKey: string }>;
  consent(recipient: string): Promise<{ readonly consentRef: string; readonly caseRef: string; withdraw(): Promise<void> }>;
  referral(recipient: string, consent?: { readonly consentRef: string; readonly caseRef: string }): Promise<string>;
  /** Whether the origin side may be spoken to about a case, as `referrals` tells; known when this returns. */
  originContact(caseRef: string, cleared: boolean, version: number): Promise<void>;
  recall(recipient: string, consent: { readonly consentRef: string; readonly caseRef: string }): Promise<string>;
  shelterOpened(country: string): Promise<string>;
  close(): Promise<void>;
}

export async function network(name: string, config: Partial<ServiceConfig> = {}): Promise<Network> {
  const instance = await testInstance([notificationsService, speaker('referrals'), speaker('shelters'), speaker('returns')], { name, config: { denyList: { standing: () => 'good' }, ...config } });
  const body = newRef('org');
  const operator = instance.account(body, 'OPERATOR');
  const [dpo, dpo2] = [instance.account(body, 'DPO'), instance.account(body, 'DPO')];
  const added = await operator.post('/v1/organisations', { id: body, type: 'InternationalOrganisation', country: 'AL', name: 'Network office', networkBody: true });
  if (added.status !== 201) throw new Error(JSON.stringify(added.body));
  const must = async (answer: ReturnType<TestAccount['post']>, status: number): Promise<Record<string, unknown>> => { const { status: got, body: said } = await answer; if (got !== status) throw new Error(`${got} ${JSON.stringify(said)}`); return said; };
  const idFor = async (account: TestAccount, collection: string, state: string): Promise<string> => String(((await account.get(`/v1/${collection}?state=${state}&limit=1`)).body['items'] as { id: string }[])[0]?.id);

  const say: Network['say'] = async (event, data, said = {}) => {
    const id = newRef('evt');
    const aggregate = said.aggregate ?? randomUUID();
    const now = instance.clock.now();
    const audience = event.audience as 'instance' | 'directed' | 'network';
    const { subject, version = 1, aggregate: _, ...rest } = said;
    const sender = instance.services.get(event.service);
    if (!sender) throw new Error(`no service ${event.service}`);
    await sender.engine.store.commit('', [{ t: 'outbox', op: 'insert', row: outboxRow({
      id, type: event.type, time: audience === 'directed' ? minute(now) : audience === 'network' ? hour(now) : now.toISOString(), audience, aggregate, version, copy: 0, ...(subject ? { subject } : {}), ...rest,
      data: gate.encode(event, data, { topic: `footbridge.${event.service}`, key: aggregate }),
    }) }], []);
    return id;
  };
  return {
    instance, body, operator, dpo, dpo2, say,
    partner: async (country = 'AL', services = ['basic-needs']) => {
      const organisation = newRef('org');
      const admin = instance.account(organisation, 'PARTNER_ADMIN');
      await must(operator.post('/v1/organisations', { id: organisation, type: 'NGO', country, name: 'Nest' }), 201);
      await must(admin.post('/v1/partners', { services, securityContact: { email: 'security@nest.example', phone: '+355600000000' } }), 201);
      const id = await idFor(dpo, 'partners', 'applied_partner');
      const asked = await must(dpo.post(`/v1/partners/${id}/verify-partner`, { identityChecked: true, registrationChecked: true, safeguardingPolicyRead: true, dataSharingAgreementWritten: true }), 202);
      await must(dpo2.post(`/v1/approvals/${String(asked['approval'])}/approve`), 200);
      await must(dpo.post(`/v1/partners/${id}/activate-partner`, { secondFactorForAll: true }), 200);
      return admin;
    },
    subscribe: async (admin, url, ...events) => {
      const made = await must(admin.post('/v1/subscriptions', { url, eventTypes: events.map((e) => e.type) }), 201);
      await must(dpo.post(`/v1/subscriptions/${await idFor(dpo, 'subscriptions', 'sub_pending')}/activate-subscription`), 200);
      return { id: String(made['id']), secret: String(made['secret']), publicKey: String(made['publicKey']) };
    },
    consent: async (recipient) => {
      const [consentRef, caseRef, aggregate] = [newRef('con'), newRef('csr'), randomUUID()];
      const about = { case: caseRef, purpose: 'REFERRAL_DISCLOSURE', recipient };
      await say(ConsentGiven, { ...about, state: 'given', version: 2, ...flagsOf(['IDENTITY', 'NEEDS']) }, { consentRef, caseRef, aggregate, version: 2 });
      return { consentRef, caseRef, withdraw: async () => {
        await say(ConsentWithdrawn, { ...about, state: 'withdrawn', version: 3 }, { consentRef, caseRef, aggregate, version: 3 });
        await waitUntil('the withdrawal is known', async () => (await instance.services.get('notifications')!.pool.query('select 1 from known_consent where consent = $1 and state = \'withdrawn\'', [consentRef])).rowCount === 1);
      } };
    },
    referral: async (recipient, consent) => {
      const subject = newRef('rfr');
      return say(ReferralSent, { referral: subject, state: 'sent', version: 2, priority: 'URGENT', from: body, to: recipient, dueAt: minute(new Date(instance.clock.now().getTime() + 3_600_000)) }, { recipient, subject, version: 2, ...consent });
    },
    originContact: async (caseRef, cleared, version) => {
      await say(ClearanceChanged, { case: caseRef, step: 'ORIGIN_CONTACT', cleared, version }, { caseRef, version });
      await waitUntil('the clearance is known', async () => (await instance.services.get('notifications')!.pool.query('select 1 from known_clearance where case_ref = $1 and version = $2', [caseRef, version])).rowCount === 1);
    },
    recall: async (recipient, consent) => {
      const consentRecord = newRef('con');
      return say(ConsentScopeRecalled, { consentRecord, dueAt: minute(new Date(instance.clock.now().getTime() + 72 * 3_600_000)) }, { recipient, subject: consentRecord, ...consent });
    },
    shelterOpened: (country) => say(ShelterOpened, { shelter: newRef('shl'), organisation: newRef('org'), country, state: 'open', band: 'few' }),
    close: () => instance.close(),
  };
}
