import { createHash } from 'node:crypto';
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import type { Pool } from 'pg';
import type { Accounts } from './accounts.js';

/** Sessions, codes, tokens and grants in the schema `identity`, so that a restart ends nothing. Clients are the accounts themselves. */
export function stateIn(pool: Pool, accounts: Accounts): AdapterFactory {
  return (model): Adapter => (model === 'Client' ? clients(accounts) : new State(pool, model));
}

/** Whoever has their value is let in: only a hash of it is stored, so that a copy of the database signs nobody in. Sessions need a cookie signed by a key elsewhere. */
const bearer = new Set(['AuthorizationCode', 'RefreshToken', 'AccessToken', 'ClientCredentials']);

class State implements Adapter {
  constructor(private readonly pool: Pool, private readonly model: string) {}

  async upsert(id: string, { jti, ...payload }: AdapterPayload, expiresIn?: number): Promise<void> {
    await this.pool.query(
      `insert into oidc_state (model, id, payload, grant_id, uid, expires_at) values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
       on conflict (model, id) do update set payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid, expires_at = excluded.expires_at`,
      [this.model, this.#stored(id), bearer.has(this.model) ? payload : { ...payload, jti }, payload.grantId ?? null, payload.uid ?? null, expiresIn ?? null]);
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const found = await this.#where('id = $2', this.#stored(id));
    return found && { ...found, jti: id };
  }
  findByUid(uid: string): Promise<AdapterPayload | undefined> { return this.#where('uid = $2', uid); }
  /** Codes for devices without a keyboard are not given. */
  findByUserCode(): Promise<undefined> { return Promise.resolve(undefined); }

  async consume(id: string): Promise<void> {
    await this.pool.query('update oidc_state set consumed_at = now() where model = $1 and id = $2', [this.model, this.#stored(id)]);
  }

  async destroy(id: string): Promise<void> {
    await this.pool.query('delete from oidc_state where model = $1 and id = $2', [this.model, this.#stored(id)]);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await this.pool.query('delete from oidc_state where model = $1 and grant_id = $2', [this.model, grantId]);
  }

  #stored(id: string): string { return bearer.has(this.model) ? createHash('sha256').update(id).digest('base64url') : id; }

  async #where(condition: string, value: string): Promise<AdapterPayload | undefined> {
    const { rows } = await this.pool.query<{ payload: AdapterPayload; consumed: number | null }>(
      `select payload, extract(epoch from consumed_at)::integer as consumed from oidc_state where model = $1 and ${condition} and (expires_at is null or expires_at > now())`, [this.model, value]);
    const found = rows[0];
    return found && (found.consumed === null ? found.payload : { ...found.payload, consumed: found.consumed });
  }
}

/** An account is a machine client too: its id and its secret, by the client credentials grant. The secret here is its hash. */
function clients(accounts: Accounts): Adapter {
  const never = (): Promise<undefined> => Promise.resolve(undefined);
  return {
    find: async (id) => {
      const hash = await accounts.secretHash(id);
      return hash === undefined ? undefined : {
        client_id: id, client_secret: hash, grant_types: ['client_credentials'], response_types: [], redirect_uris: [], token_endpoint_auth_method: 'client_secret_basic',
      };
    },
    upsert: never, findByUid: never, findByUserCode: never, consume: never, destroy: never, revokeByGrantId: never,
  };
}

/** What has ended is deleted, every few minutes; first answers after a day (api.md). */
export function sweepState(pool: Pool, everyMs = 300_000): { stop(): void } {
  const sweep = (): void => { void pool.query(`delete from oidc_state where expires_at < now(); delete from idempotency where at < now() - interval '24 hours'`).catch(() => undefined); };
  const timer = setInterval(sweep, everyMs);
  timer.unref();
  return { stop: () => { clearInterval(timer); } };
}
