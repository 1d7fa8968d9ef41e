import { Service } from '@footbridge/contracts';
import { accessToken } from '../connection.js';
import type { AccountsFile } from '../seed.js';
import { must, type Caller, type Reply, type World } from './world.js';

/** An instance at an address, with the accounts of its file: what anybody with HTTP can do, and nothing else. */
export function httpWorld(url: string, { accounts }: Pick<AccountsFile, 'accounts'>, tell: (line: string) => void = () => undefined, issuer?: string): World {
  const tokens = new Map<string, { token: string; until: number }>();
  let ahead = 0;
  const desk = (name: string): AccountsFile['accounts'][number] => {
    const found = accounts.find((a) => a.name === name);
    if (!found) throw new Error(`no desk ${name}`);
    return found;
  };
  const token = async (name: string): Promise<string> => {
    const kept = tokens.get(name);
    if (kept && kept.until > Date.now() + 60_000) return kept.token;
    const { id, secret } = desk(name);
    const given = await accessToken(url, { account: id, secret }, issuer ? { OIDC_ISSUER: issuer } : {});
    tokens.set(name, given);
    return given.token;
  };
  const as = (name: string): Caller => {
    const { id, organisation } = desk(name);
    const send = async (method: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Reply> => {
      const answer = await fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${await token(name)}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const text = await answer.text();
      const parsed: unknown = text === '' ? {} : JSON.parse(text);
      return { status: answer.status, headers: answer.headers, body: typeof parsed === 'object' && parsed !== null ? { ...parsed } : {} };
    };
    return {
      organisation, subject: id, post: (path, body, headers) => send('POST', path, body, headers), get: (path) => send('GET', path, undefined),
      patch: (path, body, version) => send('PATCH', path, body, { 'if-match': `"${String(version)}"`, 'content-type': 'application/merge-patch+json' }),
    };
  };
  return {
    as, tell, now: () => new Date(Date.now() + ahead),
    organisation: (key) => { const found = accounts.find((a) => a.organisationKey === key); if (!found) throw new Error(`no organisation ${key}`); return found.organisation; },
    advance: async (milliseconds) => {
      const operator = as('network.operator');
      for (const service of Service.values) must(await operator.post(`/v1/${service}-clock/advance`, { milliseconds }), 200, `clock of ${service}`);
      ahead += milliseconds;
    },
  };
}
