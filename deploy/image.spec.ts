import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provision, provisionedRoles } from '@footbridge/service';
import { freePort, kafkaBrokers, testDatabase, testIssuer, waitUntil } from '@footbridge/testing';

const command = JSON.parse(/^CMD (\[.*\])$/m.exec(readFileSync('Dockerfile', 'utf8'))?.[1] ?? '[]') as readonly string[];

/** Docker is not here to run the image: its start command, as a process, with what docker-compose.yml gives it. */
describe('the start command of the image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'footbridge-image-'));
  afterAll(() => { rmSync(folder, { recursive: true }); });

  it.each(['referrals', 'shelters', 'returns', 'reintegration', 'notifications'] as const)('runs %s until it is told to stop', async (name) => {
    const admin = new URL(await testDatabase(`image ${name}`));
    const database = admin.pathname.slice(1);
    const adminUrl = (other: string): string => { const url = new URL(admin); url.pathname = `/${other}`; return url.href; };
    const urls = await provision(adminUrl, Object.fromEntries(provisionedRoles.map((role) => [role, `test-${role}`])), database);
    const issuer = await testIssuer();
    const port = await freePort();
    const [program = '', ...args] = command.map((part) => part.replace('apps/referrals/', `apps/${name}/`));
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env['PATH'], NODE_ENV: 'production', HOST: '127.0.0.1', PORT: String(port), METRICS_PORT: '0', TRANSPORT: 'kafka', KAFKA_BROKERS: await kafkaBrokers(),
        DATABASE_URL: urls.services[name].databaseUrl, MIGRATION_URL: urls.services[name].migrationUrl,
        OIDC_ISSUER: issuer.issuer, OIDC_JWKS_URI: `${issuer.issuer}/jwks`, OIDC_AUDIENCE: 'footbridge', KEYS_DIR: join(folder, name), FOOTBRIDGE_SECRET: 'x'.repeat(43),
      },
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    try {
      await waitUntil('it answers', async () => (await fetch(`http://127.0.0.1:${port}/livez`)).ok, { within: 50_000, every: 200 });
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await issuer.close();
    }
  });
});
