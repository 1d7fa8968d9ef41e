import { Problem } from '../problem.js';
import { notSignedIn, type AccessTokens } from './access-token.js';
import type { DenyList } from './deny-list.js';
import type { Principal } from './principal.js';

const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Who sends this request: a good token, and an account and organisation that are not disabled. Closed when blind, but for what protects somebody (decisions 15). */
export class SignIn {
  constructor(private readonly tokens: AccessTokens, private readonly denyList: DenyList) {}

  async principal(authorization: string | undefined, protective = false): Promise<Principal> {
    const token = bearer.exec(authorization ?? '')?.[1];
    if (token === undefined) throw notSignedIn();
    const principal = await this.tokens.principal(token);
    const standing = await this.denyList.standing(principal.subject, principal.organisation, principal.since ?? 0);
    if (standing === 'disabled' || standing === 'ended') throw notSignedIn();
    if (standing === 'blind' && !protective) throw new Problem('service-unavailable', {}, { 'retry-after': '5' });
    return principal;
  }
}
