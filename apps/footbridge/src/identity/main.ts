import { createServer } from 'node:http';
import { lastResort, log, reasonOf } from '@footbridge/service';
import { Refusal } from '../refusal.js';
import { seedAccounts } from '../seed.js';
import { startIdentity } from './identity.js';
import { identityKeys } from './signing-keys.js';

/** The identity provider as a process of its own, for the five-process form where no other issuer is at hand. */
async function main(): Promise<void> {
  const databaseUrl = setting('DATABASE_URL', 'the connection to the schema "identity"');
  const issuer = setting('OIDC_ISSUER', 'the public address of this provider, ending in /oidc');
  const keysFile = setting('IDENTITY_KEYS_FILE', 'a file for the keys that sign tokens; it is made if it is not there');
  const port = Number(process.env['PORT'] ?? 3006);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Refusal('PORT must be a number from 0 to 65535.');
  const host = process.env['HOST'] ?? '127.0.0.1';
  const identity = await startIdentity({ databaseUrl, issuer, keys: await identityKeys(keysFile), jwksUri: `http://${host}:${port}/oidc/jwks` });
  // for trials and CI: the demonstration's accounts, whose secrets then lie in this file
  const accountsFile = process.env['ACCOUNTS_FILE'];
  if (accountsFile !== undefined && accountsFile !== '') {
    if (process.env['NODE_ENV'] === 'production') throw new Refusal('ACCOUNTS_FILE makes accounts whose secrets lie in a file: it is refused where NODE_ENV=production.');
    await seedAccounts(identity.pool, accountsFile, 'demonstration');
  }
  const server = createServer((request, response) => {
    if (request.url === '/livez') { response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}'); return; }
    identity.listener(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', () => { reject(new Refusal(`Port ${port} cannot be used. Choose another: PORT=3006`)); });
    server.listen(port, host, resolve);
  });
  const stop = (): void => {
    server.close();
    server.closeIdleConnections();
    setTimeout(() => { server.closeAllConnections(); }, 3_000).unref();
    server.once('close', () => { void identity.close(); });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  process.stdout.write(`Identity is ready: ${issuer}\n`);
}

function setting(name: string, what: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Refusal(`${name} is not set: ${what}.`);
  return value;
}

lastResort('identity');
main().catch((error: unknown) => {
  if (!(error instanceof Refusal)) log('identity-not-started', { reason: reasonOf(error) }, 'error');
  process.stderr.write(`${error instanceof Refusal ? error.message : 'Identity could not start: is the database reachable?'}\n`);
  process.exit(error instanceof Refusal ? 2 : 1);
});
