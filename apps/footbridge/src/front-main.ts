import { Service } from '@footbridge/contracts';
import { lastResort, log, reasonOf } from '@footbridge/service';
import { Door, front, showAway } from './front.js';
import { Refusal } from './refusal.js';
import { routeTable } from './routes.js';
import { services } from './services.js';
import { remote, type Upstream } from './upstream.js';

/** The front of the five-process form: the same address and paths as the embedded default, each service somewhere else. */
async function main(): Promise<void> {
  const upstreams: Upstream[] = [];
  const at = (name: string): Upstream => {
    const variable = `${name.toUpperCase()}_URL`;
    const url = process.env[variable] ?? '';
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new Refusal(`${variable} must be the address of ${name}, like http://127.0.0.1:3001.`);
    const upstream = remote(url, showAway);
    upstreams.push(upstream);
    return upstream;
  };
  const identityProbe = process.env['IDENTITY_PROBE'] || '/oidc/jwks';
  if (!/^\/[!-~]*$/.test(identityProbe)) throw new Refusal('IDENTITY_PROBE must be a path like /oidc/realms/footbridge/protocol/openid-connect/certs.');
  const behind = front({
    table: routeTable(services), identity: at('identity'), identityProbe,
    services: { referrals: at('referrals'), shelters: at('shelters'), returns: at('returns'), reintegration: at('reintegration'), notifications: at('notifications') },
  });
  const port = Number(process.env['PORT'] ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Refusal('PORT must be a number from 0 to 65535.');
  const door = await Door.open(port, process.env['HOST'] ?? 'localhost');
  door.lead(behind);
  const stop = (): void => { void door.close().then(() => Promise.all(upstreams.map((upstream) => upstream.close()))).then(() => process.exit(0)); };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  process.stdout.write(`The front is ready: http://localhost:${door.port} for ${Service.values.join(', ')}\n`);
}

lastResort('front');
main().catch((error: unknown) => {
  if (!(error instanceof Refusal)) log('front-not-started', { reason: reasonOf(error) }, 'error');
  process.stderr.write(`${error instanceof Refusal ? error.message : 'The front could not start.'}\n`);
  process.exit(error instanceof Refusal ? 2 : 1);
});
