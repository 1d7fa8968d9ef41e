import { randomUUID } from 'node:crypto';
import type { Answer, Client } from './import/client.js';
import type { DataFolder } from './data-folder.js';
import { holderOf } from './instance-lock.js';
import { Refusal } from './refusal.js';
import { readAccounts, type AccountsFile, type FirstAccount } from './seed.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** One account's signed-in connection to an instance. The command line does nothing that this account may not do over HTTP (decisions 7). */
export interface Connection extends Client {
  readonly url: string;
  send(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer>;
}

export interface Credentials { readonly account: string; readonly secret: string }

/** The instance that is meant: named by FOOTBRIDGE_URL, or the one that runs on the data folder. */
export async function urlOf(folder: DataFolder, environment: Environment): Promise<string> {
  const named = environment['FOOTBRIDGE_URL'];
  if (named !== undefined && named !== '') {
    if (!URL.canParse(named) || !/^https?:$/.test(new URL(named).protocol)) throw new Refusal('FOOTBRIDGE_URL must be an address like https://footbridge.example.');
    return named.replace(/\/+$/, '');
  }
  const holder = await holderOf(folder.lock);
  if (!holder) throw new Refusal(`No instance is running on the data folder ${folder.path}. Start it with npm start, or set FOOTBRIDGE_DATA or FOOTBRIDGE_URL.`);
  return holder.url;
}

export async function accountsFile(folder: DataFolder): Promise<AccountsFile> {
  const file = await readAccounts(folder.accountsFile);
  if (!file) throw new Refusal(`There are no accounts in the data folder ${folder.path} yet. Start the instance once with npm start, or set FOOTBRIDGE_DATA.`);
  return file;
}

/** An account of the demonstration, by its sign-in name or id. Others keep their secrets to themselves. */
export async function demonstrationAccount(folder: DataFolder, nameOrId: string): Promise<FirstAccount> {
  const file = await accountsFile(folder);
  if (!file.demonstration) throw new Refusal('This instance was started without demonstration data: nobody else\'s account can be used here. Sign in with your own (FOOTBRIDGE_ACCOUNT and FOOTBRIDGE_SECRET).');
  const found = file.accounts.find(({ id, name }) => id === nameOrId || name === nameOrId.toLowerCase());
  if (!found) throw new Refusal('There is no such account in the demonstration. List them: npm run footbridge -- accounts');
  return found;
}

/** Whose name a command acts in: `--as`, else FOOTBRIDGE_ACCOUNT, else the instance's own operator. */
export async function credentialsOf(folder: DataFolder, environment: Environment, as?: string): Promise<Credentials> {
  if (as !== undefined) {
    const { id, secret } = await demonstrationAccount(folder, as);
    return { account: id, secret };
  }
  const { FOOTBRIDGE_ACCOUNT: account, FOOTBRIDGE_SECRET: secret } = environment;
  if (account !== undefined && secret !== undefined) return { account, secret };
  if (account !== undefined || secret !== undefined || environment['FOOTBRIDGE_URL'] !== undefined) throw new Refusal('Set both FOOTBRIDGE_ACCOUNT (acc_…) and FOOTBRIDGE_SECRET to say who you are.');
  const operator = (await accountsFile(folder)).accounts.find(({ roles }) => roles.includes('OPERATOR'));
  if (!operator) throw new Refusal('The file of accounts names no operator. Set FOOTBRIDGE_ACCOUNT and FOOTBRIDGE_SECRET.');
  return { account: operator.id, secret: operator.secret };
}

/** An access token by client credentials. */
export async function accessToken(url: string, { account, secret }: Credentials, environment: Environment): Promise<{ readonly token: string; readonly until: number }> {
  const issuer = (environment['OIDC_ISSUER'] ?? `${url}/oidc`).replace(/\/+$/, '');
  const found = await readable(await reach(`${issuer}/.well-known/openid-configuration`));
  const endpoint = found['token_endpoint'];
  if (typeof endpoint !== 'string') throw new Refusal('The issuer does not say where tokens are given. Check OIDC_ISSUER.');
  const answer = await reach(endpoint, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${encodeURIComponent(account)}:${encodeURIComponent(secret)}`).toString('base64')}` }, body: new URLSearchParams({ grant_type: 'client_credentials' }) });
  const given = await readable(answer);
  const { access_token: token, expires_in: seconds } = given;
  if (answer.status === 401) throw new Refusal('This account and secret do not fit, or the account is disabled.');
  if (typeof token !== 'string' || typeof seconds !== 'number') throw new Refusal('No token was given. Wait a few seconds and try again.');
  return { token, until: Date.now() + seconds * 1000 };
}

export async function connect(folder: DataFolder, environment: Environment, as?: string): Promise<Connection> {
  const url = await urlOf(folder, environment);
  const credentials = await credentialsOf(folder, environment, as);
  let current = await accessToken(url, credentials, environment);
  const send = async (method: 'GET' | 'POST', path: string, body?: unknown, key?: string): Promise<Answer> => {
    // a long import outlives its first token
    if (Date.now() > current.until - 30_000) current = await accessToken(url, credentials, environment);
    const answer = await fetch(`${url}${path}`, {
      method, headers: { authorization: `Bearer ${current.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(key === undefined ? {} : { 'idempotency-key': key }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: parsed(text), retryAfter: answer.headers.get('retry-after') ?? undefined };
  };
  return {
    url, target: `${url} as ${credentials.account}`,
    get: (path) => send('GET', path),
    post: (path, body, key) => send('POST', path, body, key),
    kind: async () => ((await readable(await reach(`${url}/livez`)))['data'] === 'demonstration' ? 'demonstration' : 'production'),
    send: async (method, path, body) => {
      try { return await send(method, path, body, method === 'POST' ? randomUUID() : undefined); } catch { throw unreachable(url); }
    },
  };
}

const unreachable = (url: string): Refusal => new Refusal(`${new URL(url).origin} does not answer. Is the instance running?`);
async function reach(url: string, init?: RequestInit): Promise<Response> {
  try { return await fetch(url, init); } catch { throw unreachable(url); }
}
async function readable(answer: Response): Promise<Readonly<Record<string, unknown>>> {
  const content = parsed(await answer.text());
  return typeof content === 'object' && content !== null ? { ...content } : {};
}
function parsed(text: string): unknown {
  try { return JSON.parse(text) as unknown; } catch { return undefined; }
}

/** The answer's body, or its problem in words: what it is and what to do. */
export function expectOk({ status, body }: Answer): Readonly<Record<string, unknown>> {
  const object: Readonly<Record<string, unknown>> = typeof body === 'object' && body !== null ? { ...body } : {};
  if (status >= 200 && status < 300) return object;
  const { title, detail, errors } = object;
  const fields = Array.isArray(errors) ? errors.map((error: unknown) => (typeof error === 'object' && error !== null && 'pointer' in error && 'detail' in error ? ` ${String(error.pointer)}: ${String(error.detail)}` : '')).join('') : '';
  throw new Refusal(typeof title === 'string' ? `${title}. ${String(detail ?? '')}${fields}` : `The instance answered ${status}.`);
}
