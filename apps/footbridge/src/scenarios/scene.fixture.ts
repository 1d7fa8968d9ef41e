import type { OrganisationType, Role, ServiceProfile, ServiceType } from '@footbridge/contracts';
import { ConsentCategory } from '@footbridge/contracts';
import { newRef } from '@footbridge/privacy';
import type { Sink } from '@footbridge/privacy/testing';
import type { ServiceConfig } from '@footbridge/service';
import { testInstance, type TestAccount, type TestAnswer, type TestInstance } from '@footbridge/testing';
import { notificationsService } from '@footbridge/notifications';
import { referralsService } from '@footbridge/referrals';
import { sheltersService } from '@footbridge/shelters';
import { Client } from 'pg';
import { idOf, must, soon, until } from '../demo/world.js';

const DAY = 86_400_000;
const midnight = (t: Date): number => Math.floor(t.getTime() / DAY) * DAY;

export interface Organisation { readonly organisation: string; readonly country: string; account(...roles: Role[]): TestAccount }
export type Item = Readonly<Record<string, unknown>> & { readonly id: string; readonly state: string };

/** Where a scenario is played: the services that it needs, the network's own body, and a clock that shows the scenario's times. */
export class Scene {
  readonly #heard = new Map<string, string[]>();
  readonly operator: TestAccount;
  readonly dpo: TestAccount;
  readonly supervisor: TestAccount;
  private constructor(readonly instance: TestInstance, readonly day0: number, body: string) {
    this.operator = this.recorded('operator', instance.account(body, 'OPERATOR'));
    this.dpo = instance.account(body, 'DPO');
    this.supervisor = instance.account(body, 'SUPERVISOR');
  }

  /** D0 is so many whole days from now, at least. */
  static async begin(name: string, daysBefore: number, config: Partial<ServiceConfig> = {}): Promise<Scene> {
    const instance = await testInstance([referralsService, sheltersService, notificationsService], { name, config });
    const body = newRef('org');
    const scene = new Scene(instance, midnight(instance.clock.now()) + (daysBefore + 1) * DAY, body);
    must(await scene.operator.post('/v1/organisations', { id: body, type: 'InternationalOrganisation', country: 'AL', name: 'Network office', networkBody: true }), 201, 'network body');
    return scene;
  }

  /** `moment(3, '13:37:05')` is D3 13:37:05. */
  moment(day: number, time: string): Date {
    const [h = 0, m = 0, s = 0] = time.split(':').map(Number);
    return new Date(this.day0 + day * DAY + (h * 3600 + m * 60 + s) * 1000);
  }
  /** Moves the clock there. It never goes back: a step that took long begins late. */
  async reach(when: Date): Promise<void> {
    const ahead = when.getTime() - this.instance.clock.now().getTime();
    if (ahead < -60_000) throw new Error(`the clock is ${-ahead} ms past this step`);
    await this.instance.advance(Math.max(0, ahead));
  }
  at(day: number, time: string): Promise<void> { return this.reach(this.moment(day, time)); }

  /** Everything that these accounts are answered is kept under the party's name. */
  recorded(party: string, account: TestAccount): TestAccount {
    const heard = this.#heard.get(party) ?? [];
    this.#heard.set(party, heard);
    const keep = async (answer: Promise<TestAnswer>): Promise<TestAnswer> => {
      const given = await answer;
      heard.push(`${given.status} ${JSON.stringify([...given.headers])} ${JSON.stringify(given.body)}`);
      return given;
    };
    return { ...account, get: (path, headers) => keep(account.get(path, headers)), post: (path, sent, headers) => keep(account.post(path, sent, headers)), patch: (path, sent, version) => keep(account.patch(path, sent, version)) };
  }
  heard(party: string): Sink { return { name: party, content: (this.#heard.get(party) ?? []).join('\n') }; }

  async organisation(party: string, type: OrganisationType, country: string): Promise<Organisation> {
    const organisation = newRef('org');
    must(await this.operator.post('/v1/organisations', { id: organisation, type, country, name: party }), 201, party);
    return { organisation, country, account: (...roles) => this.recorded(party, this.instance.account(organisation, ...roles)) };
  }
  /** An active partner, checked by two people. */
  async partner(party: string, type: OrganisationType, country: string, services: readonly ServiceType[], profiles: readonly ServiceProfile[] = []): Promise<Organisation> {
    const made = await this.organisation(party, type, country);
    must(await made.account('PARTNER_ADMIN').post('/v1/partners', { services, ...(profiles.length > 0 ? { profiles } : {}), securityContact: { email: 'security@example.org', phone: '+355600000000' } }), 201, party);
    const id = (await this.judged(made)).id;
    const asked = must(await this.dpo.post(`/v1/partners/${id}/verify-partner`, checked), 202, `${party} verified`);
    must(await this.supervisor.post(`/v1/approvals/${String(asked['approval'])}/approve`), 200, `${party} approved`);
    must(await this.dpo.post(`/v1/partners/${id}/activate-partner`, { secondFactorForAll: true }), 200, `${party} activated`);
    return made;
  }
  /** The membership as those see it who decide about it. */
  async judged({ organisation }: Organisation): Promise<Item> { return only(await items(this.dpo, `/v1/partners?organisation=${organisation}`)); }
  async agreement(from: Organisation, to: Organisation): Promise<void> {
    const year = new Date(this.instance.clock.now().getTime() + 365 * DAY).toISOString().slice(0, 10);
    must(await soon(() => from.account('PARTNER_ADMIN').post('/v1/agreements', { to: to.organisation, categories: ConsentCategory.values, until: year })), 201, 'agreement');
  }
  /** Active at once; its secret is shown by this answer and by none after it. */
  async subscribe(admin: TestAccount, url: string, eventTypes: readonly string[]): Promise<{ readonly id: string; readonly secret: string }> {
    const asked = must(await soon(() => admin.post('/v1/subscriptions', { url, eventTypes })), 201, 'subscription');
    const theirs = only(await items(this.dpo, `/v1/subscriptions?state=sub_pending&organisation=${admin.organisation}`));
    must(await this.dpo.post(`/v1/subscriptions/${theirs.id}/activate-subscription`), 200, 'subscription activated');
    return { id: idOf(asked), secret: String(asked['secret']) };
  }

  /** Asked of the database as its superuser: for what nobody may see through the API. */
  async rows<T>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    const client = new Client({ connectionString: this.instance.databaseUrl });
    await client.connect();
    try { return (await client.query(sql, [...values])).rows as T[]; } finally { await client.end(); }
  }
  /** Every row of these tables, as text. */
  async written(...tables: readonly string[]): Promise<Sink[]> {
    return Promise.all(tables.map(async (name) => ({ name, content: (await this.rows<{ row: string }>(`select row_to_json(t)::text as row from ${name} t`)).map(({ row }) => row).join('\n') })));
  }
  close(): Promise<void> { return this.instance.close(); }
}

export const checked = { identityChecked: true, registrationChecked: true, safeguardingPolicyRead: true, dataSharingAgreementWritten: true };

export const items = async (account: TestAccount, path: string): Promise<readonly Item[]> => must(await soon(() => account.get(path)), 200, path.split('?')[0] ?? '')['items'] as readonly Item[];
export function only<T>(found: readonly T[]): T {
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${found.length} instead of one`);
  return first;
}
/** The newest there is; waits until there is one. */
export const newest = (account: TestAccount, path: string): Promise<Item> => until(path.split('?')[0] ?? '', async () => (await items(account, path))[0]);
/** The changes of state, as the timeline tells them: `draft→sent`. */
export const changes = async (account: TestAccount, path: string): Promise<readonly string[]> =>
  (must(await soon(() => account.get(`${path}/timeline`)), 200, 'timeline')['items'] as readonly { from?: string; to: string }[]).filter(({ from, to }) => from !== to).map(({ from = '∅', to }) => `${from}→${to}`);
/** Why it was refused: `guard reason`. */
export const refusal = ({ body }: TestAnswer): readonly string[] => ((body['guards'] ?? []) as { guard: string; reason: string }[]).map(({ guard, reason }) => `${guard} ${reason}`);
export const alerts = async (account: TestAccount, path = '/v1/alerts'): Promise<readonly Readonly<Record<string, unknown>>[]> => must(await account.get(path), 200, 'alerts')['items'] as readonly Readonly<Record<string, unknown>>[];
