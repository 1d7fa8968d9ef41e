import type { IncomingMessage, ServerResponse } from 'node:http';
import { proofAlgorithms } from '@footbridge/service';
import { Provider, errors, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import type { Pool } from 'pg';
import { Accounts } from './accounts.js';
import { audience } from './audience.js';
import { interactions } from './interactions.js';
import { lifetimes } from './lifetimes.js';
import { messagePage, pageHeaders, signOutPage } from './pages.js';
import { Busy, secretMatches } from './secret.js';
import type { IdentityKeys } from './signing-keys.js';
import { stateIn } from './state.js';

const resource = 'urn:footbridge:api';
const minutes = (n: number): number => n * 60;

export interface IdentityOptions {
  /** The public address, ending in `/oidc`. */
  readonly issuer: string;
  readonly keys: IdentityKeys;
  readonly pool: Pool;
  readonly accounts: Accounts;
  /** Told the code of what failed, never what it failed on. */
  readonly onFault?: (code: string) => void;
}

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** The certified provider, with our accounts, our pages, and its state in PostgreSQL. Its paths begin with the issuer's path. */
export function identityProvider({ issuer, keys, pool, accounts, onFault }: IdentityOptions): Listener {
  const provider = new Provider(issuer, configuration(issuer, keys, pool, accounts));
  // Behind a TLS proxy the scheme is in a header; cookies are then marked as secure
  provider.proxy = issuer.startsWith('https:');
  Object.assign(provider.Client.prototype, {
    async compareClientSecret(this: { readonly clientSecret?: string }, actual: string): Promise<boolean> {
      try { return await secretMatches(actual, this.clientSecret); } catch (error) {
        if (error instanceof Busy) throw new errors.TemporarilyUnavailable('too many sign-ins, try again in a few seconds');
        throw error;
      }
    },
  });
  provider.on('server_error', (_ctx, error) => { onFault?.(error.name); });
  const path = new URL(issuer).pathname;
  const answer = provider.callback();
  const interact = interactions(provider, accounts, path);
  return (request, response) => {
    if (interact(request, response)) return;
    // The provider routes below its mount point and finds the point itself by comparing the two addresses
    const full = request.url ?? '/';
    Object.assign(request, { originalUrl: full, url: full.slice(path.length) || '/' });
    void answer(request, response);
  };
}

function configuration(issuer: string, keys: IdentityKeys, pool: Pool, accounts: Accounts): Configuration {
  const { origin, pathname } = new URL(issuer);
  const claimsOf = async (id: string | undefined): Promise<Record<string, unknown> | undefined> => {
    const account = id === undefined ? undefined : await accounts.active(id);
    return account && { organisation: account.organisation, roles: account.roles };
  };
  const publicClient = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code' as const], token_endpoint_auth_method: 'none' as const };
  return {
    adapter: stateIn(pool, accounts),
    jwks: { keys: [...keys.jwks.keys] },
    cookies: { keys: [...keys.cookies], names: { session: 'session', interaction: 'step', resume: 'resume' } },
    clients: [
      // The web app that this instance serves
      { ...publicClient, client_id: 'portal', application_type: 'web', redirect_uris: [`${origin}/`, `${origin}/signed-in`], post_logout_redirect_uris: [`${origin}/`] },
      // A program on somebody's own computer: any port of loopback (RFC 8252), asked for consent each time
      { ...publicClient, client_id: 'desktop', application_type: 'native', redirect_uris: ['http://127.0.0.1/signed-in', 'http://localhost/signed-in'] },
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'], dPoPSigningAlgValues: proofAlgorithms },
    responseTypes: ['code'],
    scopes: ['openid', 'offline_access'],
    claims: { openid: ['sub', 'organisation', 'roles'] },
    pkce: { required: () => true },
    clientBasedCORS: () => false,
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    interactions: { url: (_ctx, { uid }) => `${pathname}/interaction/${uid}` },
    findAccount: async (_ctx, id) => {
      const claims = await claimsOf(id);
      return claims && { accountId: id, claims: () => ({ sub: id, ...claims }) };
    },
    // When somebody showed who they are: at the sign-in page, or just now with the account's own secret
    extraTokenClaims: async (ctx, token) => {
      const claims = await claimsOf('accountId' in token ? token.accountId : token.clientId);
      const signedInAt = 'accountId' in token ? (ctx.oidc.entities.AuthorizationCode ?? ctx.oidc.entities.RefreshToken)?.authTime : Math.floor(Date.now() / 1000);
      return claims && { ...claims, ...(signedInAt === undefined ? {} : { auth_time: signedInAt }) };
    },
    ttl: {
      AccessToken: minutes(lifetimes.accessMinutes), ClientCredentials: minutes(lifetimes.accessMinutes), AuthorizationCode: minutes(1), IdToken: minutes(lifetimes.accessMinutes), Interaction: minutes(10),
      Session: minutes(lifetimes.sessionMinutes), Grant: minutes(lifetimes.sessionMinutes), RefreshToken: minutes(lifetimes.sessionMinutes),
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      // Who sends a proof of a key gets tokens that are bound to it, and so are a public client's refresh tokens (T39). It is for whoever asks.
      // Without nonces: the sign-in server and the services would each need their own, and a proof is good for one request of one minute
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true, defaultResource: () => resource, useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, indicator) => {
          if (indicator !== resource) throw new errors.InvalidTarget();
          return { scope: '', audience, accessTokenFormat: 'jwt', accessTokenTTL: minutes(lifetimes.accessMinutes), jwt: { sign: { alg: 'ES256' } } };
        },
      },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => { show(ctx, signOutPage(form)); },
        postLogoutSuccessSource: (ctx) => { show(ctx, messagePage('Signed out', 'You are signed out. You may close this page.')); },
      },
    },
    renderError: (ctx) => { show(ctx, messagePage('This did not work', 'Go back to where you came from and start again.')); },
  };
}

function show(ctx: KoaContextWithOIDC, html: string): void {
  ctx.set(pageHeaders());
  ctx.body = html;
}
