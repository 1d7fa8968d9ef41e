import { randomUUID } from 'node:crypto';
import { AccountDisabled, AccountEnabled, OrganisationAdded, OrganisationDisabled, OrganisationEnabled, type OrganisationType, type Role } from '@footbridge/contracts';
import type { Read } from '@footbridge/lifecycle';
import { newRef } from '@footbridge/privacy';
import { Conflict, Problem, Stale, type Change, type Engine, type Principal } from '@footbridge/service';

export interface Organisation { readonly id: string; readonly organisation: string; readonly type: OrganisationType; readonly country: string; readonly name: string; readonly network_body: boolean; readonly disabled: boolean; readonly version: number; readonly created_at: string }
export interface Account { readonly id: string; readonly account: string; readonly organisation: string; readonly name: string | null; readonly roles: readonly Role[]; readonly disabled: boolean; readonly version: number; readonly created_at: string }

/** An organisation as the register has it, for guards. */
export async function organisationOf(read: Read, organisation: unknown): Promise<Organisation | undefined> {
  const [found] = await read.sql<Organisation>('select to_jsonb(o) from organisation o where o.organisation = $1->>0 and not o.disabled', [organisation]);
  return found;
}
/** Who judges organisations: the bodies of the network, and never about themselves (decisions 6). */
export const judgesOf = (read: Read, organisation: string): Promise<readonly string[]> =>
  read.sql<string>('select to_jsonb(o.organisation) from organisation o where o.network_body and not o.disabled and o.organisation <> $1->>0 order by o.organisation', [organisation]);

/**
 * Organisations and accounts of the instance (decisions 2, 7). Each change is one commit: row, audit, event, and by trigger the
 * deny list of this service; the others learn from the event.
 */
export class Register {
  constructor(private readonly engine: Engine) {}

  async addOrganisation(by: Principal, given: { readonly organisation?: string; readonly type: OrganisationType; readonly country: string; readonly name: string; readonly networkBody: boolean }, keep: (row: Organisation) => readonly Change[]): Promise<Organisation> {
    const now = this.engine.clock.now().toISOString();
    const row: Organisation = { id: randomUUID(), organisation: given.organisation ?? newRef('org'), type: given.type, country: given.country, name: given.name, network_body: given.networkBody, disabled: false, version: 1, created_at: now };
    await this.#commit(by, [
      ...keep(row), { t: 'organisation', op: 'insert', row: { ...row } }, this.#audit(by, 'org', row, 'addOrganisation'),
      this.engine.announce(OrganisationAdded, { aggregate: row.id, version: 1, owner: row.organisation }, { organisation: row.organisation, organisationType: row.type, country: row.country, version: 1 }),
    ]);
    return row;
  }

  async addAccount(by: Principal, given: { readonly account?: string; readonly organisation: string; readonly name?: string; readonly roles: readonly Role[]; readonly disabled?: boolean }, keep: (row: Account) => readonly Change[] = () => []): Promise<Account> {
    const row: Account = { id: randomUUID(), account: given.account ?? newRef('acc'), organisation: given.organisation, name: given.name ?? null, roles: given.roles, disabled: given.disabled ?? false, version: 1, created_at: this.engine.clock.now().toISOString() };
    await this.#commit(by, [
      ...keep(row), { t: 'account', op: 'insert', row: { ...row } }, this.#audit(by, 'acc', row, 'addAccount'),
      ...(row.disabled ? [this.engine.announce(AccountDisabled, { aggregate: row.id, version: 1, owner: row.organisation }, { account: row.account, organisation: row.organisation, version: 1 })] : []),
    ]);
    return row;
  }

  /** Its tokens stop at once, or count again. What is so already stays so. */
  async standOrganisation(by: Principal, organisation: string, disabled: boolean, keep: (row: Organisation) => readonly Change[]): Promise<Organisation | undefined> {
    const was = await this.organisation(organisation);
    if (!was) return undefined;
    const row = was.disabled === disabled ? was : { ...was, disabled, version: was.version + 1 };
    await this.#commit(by, [...keep(row), ...(row === was ? [] : [
      { t: 'organisation', op: 'update' as const, row: { disabled, version: row.version }, id: was.id, version: was.version }, this.#audit(by, 'org', row, disabled ? 'disable' : 'enable'),
      this.engine.announce(disabled ? OrganisationDisabled : OrganisationEnabled, { aggregate: row.id, version: row.version, owner: organisation }, { organisation, version: row.version }),
    ])]);
    return row;
  }
  async standAccount(by: Principal, account: string, disabled: boolean, keep: (row: Account) => readonly Change[]): Promise<Account | undefined> {
    const was = await this.account(account);
    if (!was) return undefined;
    const row = was.disabled === disabled ? was : { ...was, disabled, version: was.version + 1 };
    await this.#commit(by, [...keep(row), ...(row === was ? [] : [
      { t: 'account', op: 'update' as const, row: { disabled, version: row.version }, id: was.id, version: was.version }, this.#audit(by, 'acc', row, disabled ? 'disable' : 'enable'),
      this.engine.announce(disabled ? AccountDisabled : AccountEnabled, { aggregate: row.id, version: row.version, owner: row.organisation }, { account, organisation: row.organisation, version: row.version }),
    ])]);
    return row;
  }

  async organisation(organisation: string): Promise<Organisation | undefined> {
    return (await this.engine.store.readAs<Organisation>('', 'select to_jsonb(o) from organisation o where o.organisation = $1->>0', [organisation]))[0];
  }
  async account(account: string): Promise<Account | undefined> {
    return (await this.engine.store.readAs<Account>('', 'select to_jsonb(a) from account a where a.account = $1->>0', [account]))[0];
  }
  /** Newest last, so that a page once read stays as it was. */
  organisations(after: { readonly at: string; readonly id: string } | undefined, limit: number): Promise<Organisation[]> {
    return this.engine.store.readAs('', `select to_jsonb(o) from organisation o where $1->>0 is null or (o.created_at, o.id) > (($1->>0)::timestamptz, ($1->>1)::uuid) order by o.created_at, o.id limit ($1->>2)::integer`, [after?.at ?? null, after?.id ?? null, limit]);
  }
  accounts(organisation: string | undefined, after: { readonly at: string; readonly id: string } | undefined, limit: number): Promise<Account[]> {
    return this.engine.store.readAs('', `select to_jsonb(a) from account a where ($1->>0 is null or a.organisation = $1->>0) and ($1->>1 is null or (a.created_at, a.id) > (($1->>1)::timestamptz, ($1->>2)::uuid)) order by a.created_at, a.id limit ($1->>3)::integer`, [organisation ?? null, after?.at ?? null, after?.id ?? null, limit]);
  }
  async hasAdministrator(organisation: string): Promise<boolean> {
    return (await this.engine.store.readAs('', `select to_jsonb(1) from account a where a.organisation = $1->>0 and 'PARTNER_ADMIN' = any(a.roles) and not a.disabled limit 1`, [organisation])).length > 0;
  }

  #audit(by: Principal, kind: string, row: Organisation | Account, command: string): Change {
    return { t: 'audit', op: 'insert', row: { at: this.engine.clock.now().toISOString(), organisations: [...new Set([row.organisation, by.organisation])], kind, aggregate: row.id, command, version: row.version, organisation: by.organisation, account: by.subject, role: by.roles.includes('OPERATOR') ? 'OPERATOR' : 'PARTNER_ADMIN' } };
  }
  async #commit(by: Principal, rows: readonly Change[]): Promise<void> {
    if (rows.length === 0) return;
    await this.engine.store.commit(by.organisation, rows, []).catch((error: unknown) => {
      if (error instanceof Stale) throw new Problem('stale-version');
      if (error instanceof Conflict && error.constraint !== 'idempotency_pkey') throw new Problem('guard-refused', { guards: [{ guard: 'REGISTER', reason: 'ALREADY_KNOWN', detail: 'It is in the register already.' }] });
      throw error;
    });
  }
}
