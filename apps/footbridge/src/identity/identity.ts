import { AccessTokens, SignIn, log, codeReason, requestMac, type DenyList } from '@footbridge/service';
import { SignJWT, importJWK } from 'jose';
import pg from 'pg';
import { Accounts } from './accounts.js';
import { administration, type TellFor, type TellServices } from './administration.js';
import { audience } from './audience.js';
import { identityProvider, type Listener } from './provider.js';
import { identitySchema } from './schema.js';
import type { IdentityKeys } from './signing-keys.js';
import { sweepState } from './state.js';

export interface IdentityConfig {
  readonly databaseUrl: string;
  readonly keys: IdentityKeys;
  /** The public address of the provider, ending in `/oidc`. */
  readonly issuer: string;
  /** Where this process finds its own keys, when the public address leads through a front that may not be there yet. */
  readonly jwksUri?: string;
  /** The public address of the instance. Default: where the provider is. */
  readonly address?: string;
  readonly tellServices?: TellServices;
}
export interface Identity { readonly accounts: Accounts; readonly pool: pg.Pool; readonly listener: Listener; close(): Promise<void> }

/** The embedded identity provider: sign-in for people, client credentials for machines, and the register behind both. */
export async function startIdentity({ databaseUrl, keys, issuer, jwksUri, address, tellServices }: IdentityConfig): Promise<Identity> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 8, application_name: 'footbridge-identity', options: '-c search_path=identity -c timezone=UTC -c statement_timeout=30000' });
  pool.on('error', () => { log('database-connection-lost', { service: 'identity' }); });
  try {
    await pool.query(identitySchema);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const accounts = new Accounts(pool);
  // the register itself knows who is disabled: nothing to be blind to
  const denyList: DenyList = { standing: async (subject, organisation, since) => (!(await accounts.active(subject)) ? 'disabled' : await accounts.sessionEnded(organisation, since) ? 'ended' : 'good') };
  const signIn = new SignIn(new AccessTokens({ issuer, audience, ...(jwksUri === undefined ? {} : { jwksUri }), ...(address === undefined ? {} : { address }) }), denyList);
  const administer = administration(pool, signIn, requestMac(Buffer.from(keys.cookies.join('\n'))), tellServices && tellFor(tellServices, issuer, keys));
  const provide = identityProvider({ issuer, keys, pool, accounts, onFault: (reason) => { log('identity-failed', { service: 'identity', reason: codeReason(reason) }); } });
  const sweep = sweepState(pool);
  return {
    accounts, pool,
    listener: (request, response) => { if (!administer(request, response)) provide(request, response); },
    close: async () => { sweep.stop(); await pool.end(); },
  };
}

/** A caller's token may be bound to a key that is not ours to prove (DPoP): the services are told with one of a minute, in the same name and of the same sign-in. */
const tellFor = (tellServices: TellServices, issuer: string, { jwks: { keys: [key = {}] } }: IdentityKeys): TellFor => async ({ subject, organisation, roles, since = 0 }, path, headers) => {
  const token = await new SignJWT({ organisation, roles, auth_time: since }).setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'at+jwt' })
    .setIssuer(issuer).setAudience(audience).setSubject(subject).setIssuedAt().setExpirationTime('1m').sign(await importJWK(key, 'ES256'));
  await tellServices(path, { ...headers, authorization: `Bearer ${token}` });
};
