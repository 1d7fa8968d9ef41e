import { newRef, type Ref } from '@footbridge/privacy';
import type { OrganisationType, Role } from '@footbridge/contracts';
import type { Pool, PoolClient } from 'pg';
import { madeSecret, secretMatches, type MadeSecret } from './secret.js';

export interface Organisation { readonly id: string; readonly name: string; readonly type: OrganisationType; readonly country: string; readonly disabled: boolean }
/** `name` is what one signs in with, `title` what the account is for; neither is a person's name. */
export interface Account { readonly id: string; readonly organisation: string; readonly name: string; readonly title: string; readonly roles: readonly Role[]; readonly disabled: boolean }
export interface AccountOf extends Account { readonly organisationName: string; readonly organisationDisabled: boolean }
export interface NewAccount { readonly organisation: string; readonly name: string; readonly title: string; readonly roles: readonly Role[] }

/** Somebody has this name already. */
export class NameTaken extends Error {}

interface AccountRow { id: string; organisation: string; name: string; title: string; roles: Role[]; disabled: boolean; organisation_name: string; organisation_disabled: boolean }
const accountOf = (row: AccountRow): AccountOf => ({
  id: row.id, organisation: row.organisation, name: row.name, title: row.title, roles: row.roles, disabled: row.disabled, organisationName: row.organisation_name, organisationDisabled: row.organisation_disabled,
});
const selectAccount = `select a.id, a.organisation, a.name, a.title, a.roles, a.disabled_at is not null as disabled, o.name as organisation_name, o.disabled_at is not null as organisation_disabled
  from account a join organisation o on o.id = a.organisation`;

/** The register of the embedded provider: organisations and who may sign in for them. */
export class Accounts {
  constructor(private readonly pool: Pool | PoolClient) {}

  async addOrganisation({ name, type, country, id = newRef('org') }: { readonly name: string; readonly type: OrganisationType; readonly country: string; readonly id?: Ref<'org'> }): Promise<Organisation> {
    await this.pool.query('insert into organisation (id, name, type, country) values ($1, $2, $3, $4)', [id, name, type, country]);
    return { id, name, type, country, disabled: false };
  }

  /** The secret is given back once and kept only as a hash. */
  async addAccount({ organisation, name, title, roles }: NewAccount, made?: MadeSecret): Promise<{ readonly account: Account; readonly secret: string }> {
    const id = newRef('acc');
    const { secret, hash } = made ?? await madeSecret();
    const { rowCount } = await this.pool.query('insert into account (id, organisation, name, title, roles, secret) values ($1, $2, $3, $4, $5, $6) on conflict do nothing', [id, organisation, name, title, roles, hash]);
    if (rowCount === 0) throw new NameTaken();
    return { account: { id, organisation, name, title, roles, disabled: false }, secret };
  }

  async listOrganisations(): Promise<readonly Organisation[]> {
    return (await this.pool.query<Organisation>('select id, name, type, country, disabled_at is not null as disabled from organisation order by created_at, id')).rows;
  }

  async organisation(id: string): Promise<Organisation | undefined> {
    return (await this.pool.query<Organisation>('select id, name, type, country, disabled_at is not null as disabled from organisation where id = $1', [id])).rows[0];
  }

  async listAccounts(organisation?: string): Promise<readonly AccountOf[]> {
    return (await this.pool.query<AccountRow>(`${selectAccount} where $1::text is null or a.organisation = $1 order by o.created_at, a.created_at, a.id`, [organisation ?? null])).rows.map(accountOf);
  }

  async account(id: string): Promise<AccountOf | undefined> {
    const row = (await this.pool.query<AccountRow>(`${selectAccount} where a.id = $1`, [id])).rows[0];
    return row && accountOf(row);
  }

  async hasName(name: string): Promise<boolean> {
    return (await this.pool.query('select from account where lower(name) = lower($1)', [name])).rowCount === 1;
  }

  async isEmpty(): Promise<boolean> {
    return (await this.pool.query('select from organisation limit 1')).rowCount === 0;
  }

  /** The account if it may sign in at this moment. */
  async active(id: string): Promise<AccountOf | undefined> {
    const account = await this.account(id);
    return account && !account.disabled && !account.organisationDisabled ? account : undefined;
  }

  /** By name or id, and secret. Unknown, disabled and wrong secret are one answer, and take as long. */
  async signIn(nameOrId: string, secret: string): Promise<Account | undefined> {
    const found = (await this.pool.query<{ id: string; secret: string }>('select id, secret from account where lower(name) = lower($1) or id = $1', [nameOrId])).rows[0];
    return await secretMatches(secret, found?.secret) && found ? await this.active(found.id) : undefined;
  }

  /** The stored hash of an account that may sign in. */
  async secretHash(id: string): Promise<string | undefined> {
    return (await this.pool.query<{ secret: string }>('select a.secret from account a join organisation o on o.id = a.organisation where a.id = $1 and a.disabled_at is null and o.disabled_at is null', [id])).rows[0]?.secret;
  }

  /** After a panic (T39): nothing that was signed in before gets a token any more, and tokens from before do not count here either. */
  async endSessions(organisation: string, at: Date): Promise<void> {
    await this.pool.query('update organisation set sessions_ended_at = greatest(sessions_ended_at, $2) where id = $1', [organisation, at]);
    await this.pool.query(`delete from oidc_state where (payload->>'accountId' in (select id from account where organisation = $1) or payload->>'clientId' in (select id from account where organisation = $1))
      and coalesce((payload->>'authTime')::numeric, (payload->>'loginTs')::numeric, (payload->>'iat')::numeric, 0) <= extract(epoch from $2::timestamptz)`, [organisation, at]);
  }

  /** Whether what was signed in at that second is over, as the services say it too. */
  async sessionEnded(organisation: string, since: number): Promise<boolean> {
    return (await this.pool.query('select from organisation where id = $1 and sessions_ended_at >= to_timestamp($2)', [organisation, since])).rowCount === 1;
  }

  /**
   * Disabled, no token is given to it from now on, and its sessions are over. Tokens given before are stopped by the services'
   * deny list. False: no such account or organisation.
   */
  async stand(what: 'account' | 'organisation', id: string, disabled: boolean): Promise<boolean> {
    const { rowCount } = await this.pool.query(`update ${what} set disabled_at = ${disabled ? 'coalesce(disabled_at, now())' : 'null'} where id = $1`, [id]);
    const accounts = what === 'account' ? 'select $1::text' : 'select id from account where organisation = $1';
    if (disabled) await this.pool.query(`delete from oidc_state where payload->>'accountId' in (${accounts}) or payload->>'clientId' in (${accounts})`, [id]);
    return rowCount === 1;
  }
}
