import { Problem } from '../problem.js';
import { notSignedIn, type AccessTokens } from './access-token.js';
import type { DenyList } from './deny-list.js';
import type { Sent } from './dpop.js';
import type { Principal } from './principal.js';

const credentials = /^(?:Bearer|(DPoP)) +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Who sends this request: a good token, and an account and organisation that are not disabled. Closed when blind, but for what protects somebody (decisions 15). */
export class SignIn {
  constructor(private readonly tokens: AccessTokens, private readonly denyList: DenyList) {}

  /** `sent`: the request, which a token that is bound to a key is proven with. */
  async principal(authorization: string | undefined, protective = false, sent?: Sent): Promise<Principal> {
    const [, isBound, token] = credentials.exec(authorization ?? '') ?? [];
    if (token === undefined || isBound !== undefined && sent === undefined) throw notSignedIn();
    const principal = await (isBound !== undefined && sent !== undefined ? this.tokens.proven(token, sent) : this.tokens.principal(token));
    const standing = await this.denyList.standing(principal.subject, principal.organisation, principal.since ?? 0);
    if (standing === 'disabled' || standing === 'ended') throw notSignedIn();
    if (standing === 'blind' && !protective) throw new Problem('service-unavailable', {}, { 'retry-after': '5' });
    return principal;
  }
}
