import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

interface ComposeService {
  readonly image: string; readonly build?: string; readonly command?: readonly string[]; readonly user?: string; readonly read_only?: boolean; readonly cap_drop?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>; readonly ports?: readonly string[]; readonly networks: readonly string[]; readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] }; readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>; readonly restart?: string;
}
interface Compose { readonly services: Readonly<Record<string, ComposeService>>; readonly volumes: Readonly<Record<string, unknown>>; readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>> }

const text = readFileSync('docker-compose.yml', 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'footbridge-compose-'));
afterAll(() => { rmSync(folder, { recursive: true }); });

/** ${NAME}, ${NAME:-default} and ${NAME:?message} as compose fills them in. */
const interpolate = (source: string, environment: Readonly<Record<string, string>>): string =>
  source.replace(/(?<!\$)\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g, (_whole, name: string, kind?: string, rest = '') => {
    const value = environment[name];
    if (value) return value;
    if (kind === '-') return rest;
    throw new Error(`required variable ${name} is missing a value: ${rest}`);
  });
const load = (source: string): Compose => parse(source, { merge: true }) as Compose;

const newEnv = (path: string): { status: number | null; stdout: string; stderr: string } => spawnSync(process.execPath, ['deploy/new-env.mjs', path], { encoding: 'utf8' });
const envFile = join(folder, 'env');
expect(newEnv(envFile).status).toBe(0);
const secrets = Object.fromEntries(readFileSync(envFile, 'utf8').trim().split('\n').map((line) => line.split('=') as [string, string]));
const { services, volumes, networks } = load(interpolate(text, secrets));
const ports = { referrals: '3001', shelters: '3002', returns: '3003', reintegration: '3004', notifications: '3005' } as const;

describe('docker-compose.yml', () => {
  it('is a compose file, by the schema of the Compose Specification', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addFormat('duration', /^\d+(ms|s|m|h)$/); // Go's durations, not ISO 8601
    const validate = ajv.compile(JSON.parse(readFileSync('deploy/compose-spec/compose-spec.json', 'utf8')));
    expect({ valid: validate(load(interpolate(text, secrets))), errors: validate.errors }).toEqual({ valid: true, errors: null });
    expect(validate({ services: { broken: { image: 1 } } })).toBe(false);
  });

  it('holds no secret: each comes from .env, and compose says what to do where it is missing', () => {
    const values = Object.values(load(text).services).flatMap(({ environment = {} }) => Object.entries(environment));
    const secret = values.filter(([name, value]) => /PASSWORD|SECRET/.test(name) || /\/\/[^@]*@/.test(value));
    expect(secret.length).toBeGreaterThan(20);
    for (const [name, value] of secret) expect([name, value]).toEqual([name, expect.stringMatching(/\$\{[A-Z_]+:\?run node deploy\/new-env\.mjs\}/)]);
    for (const name of Object.keys(secrets)) expect(() => interpolate(text, { ...secrets, [name]: '' })).toThrow(name);
  });

  it('refers only to services, volumes and networks that it has, and waits for those that can say that they are well', () => {
    for (const [name, { depends_on = {}, volumes: mounts = [], networks: nets, healthcheck, restart }] of Object.entries(services)) {
      expect([name, healthcheck?.test.length, restart]).toEqual([name, expect.any(Number), 'unless-stopped']);
      for (const [other, { condition }] of Object.entries(depends_on)) expect([other, condition, services[other]?.healthcheck === undefined]).toEqual([other, 'service_healthy', false]);
      for (const net of nets) expect(Object.keys(networks)).toContain(net);
      for (const mount of mounts) {
        const [source = ''] = mount.split(':');
        expect([source, source.startsWith('./') ? existsSync(source) : source in volumes]).toEqual([source, true]);
      }
    }
  });

  it('runs the five services, each with its own port, database roles and keys', () => {
    for (const [name, port] of Object.entries(ports)) {
      const service = services[name];
      expect(service?.command).toEqual(['node', 'bin/run.cjs', `apps/${name}/src/main.ts`]);
      expect(service?.environment).toMatchObject({ PORT: port, TRANSPORT: 'kafka', KAFKA_BROKERS: 'kafka:9092', NODE_ENV: 'production', OIDC_AUDIENCE: 'footbridge' });
      expect(new URL(service?.environment?.['DATABASE_URL'] ?? '').username).toBe(`${name}_app`);
      expect(new URL(service?.environment?.['MIGRATION_URL'] ?? '').username).toBe(`${name}_owner`);
      expect(service?.volumes).toEqual([`${name}-keys:/keys`]);
      expect([service?.read_only, service?.cap_drop]).toEqual([true, ['ALL']]);
    }
  });

  it('opens only the proxy and the administration of accounts, to this machine, and lets only the webhooks out', () => {
    expect(Object.entries(services).flatMap(([name, { ports: opened = [] }]) => opened.map((port) => [name, port]))).toEqual([['proxy', '127.0.0.1:3000:3000'], ['keycloak', '127.0.0.1:8080:8080']]);
    expect(networks['inside']).toEqual({ internal: true });
    expect(Object.entries(services).filter(([, { networks: nets }]) => nets.includes('outside')).map(([name]) => name)).toEqual(['notifications', 'proxy', 'keycloak']);
  });

  it('asks of its own sign-in server what that serves: the keys that the services check tokens with', () => {
    const { IDENTITY_URL = '', IDENTITY_PROBE = '' } = services['front']?.environment ?? {};
    for (const name of Object.keys(ports)) expect(services[name]?.environment?.['OIDC_JWKS_URI']).toBe(`${IDENTITY_URL}${IDENTITY_PROBE}`);
  });

  it('gives the database every password that its set-up asks for', () => {
    const asked = [...readFileSync('deploy/postgres/init.sql', 'utf8').matchAll(/^\\getenv \w+ (\w+)$/gm)].map(([, name]) => name);
    expect(asked.length).toBe(11);
    expect(Object.keys(services['postgres']?.environment ?? {})).toEqual(expect.arrayContaining(asked));
  });

  it('runs what the tests run: the same Kafka and the same PostgreSQL', () => {
    expect(readFileSync('libs/testing/kafka/jars.json', 'utf8')).toContain(`org.apache.kafka:kafka-server:${services['kafka']?.image.split(':')[1]}"`);
    expect(services['kafka']?.environment?.['KAFKA_AUTO_CREATE_TOPICS_ENABLE']).toBe('false');
    expect(services['postgres']?.image).toBe('postgres:18');
  });
});

describe('new-env.mjs', () => {
  it('makes each secret new and long, for the owner only, and never touches those that are there', () => {
    const other = join(folder, 'other');
    expect(newEnv(other).status).toBe(0);
    expect(statSync(other).mode & 0o777).toBe(0o600);
    expect(Object.values(secrets).every((value) => /^[\w-]{43}$/.test(value))).toBe(true);
    expect(new Set([...Object.values(secrets), ...readFileSync(other, 'utf8').trim().split('\n').map((line) => line.split('=')[1])]).size).toBe(2 * Object.keys(secrets).length);
    const before = readFileSync(other, 'utf8');
    const again = newEnv(other);
    expect([again.status, again.stderr.trim().split('\n').length, readFileSync(other, 'utf8') === before]).toEqual([2, 1, true]);
  });

  it('writes where neither git nor the image looks', () => {
    expect(readFileSync('.gitignore', 'utf8').split('\n')).toContain('.env');
    expect(readFileSync('.dockerignore', 'utf8').split('\n').filter((line) => line && !line.startsWith('#'))[0]).toBe('*');
    expect(readFileSync('.dockerignore', 'utf8')).not.toContain('!.env');
  });
});

describe('the image', () => {
  const lines = readFileSync('Dockerfile', 'utf8').replace(/\\\n/g, ' ').split('\n').filter((line) => line && !line.startsWith('#'));

  it('runs as an ordinary user, from a Node that the packages allow, without development packages', () => {
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM')));
    expect(last.filter((line) => line.startsWith('USER'))).toEqual(['USER node']);
    expect(last.at(-1)).toMatch(/^CMD \["node", "bin\/run\.cjs", "apps\/\w+\/src\/main\.ts"\]$/);
    expect(lines.filter((line) => line.startsWith('FROM')).every((line) => /^FROM node:(20|22|24)-/.test(line))).toBe(true);
    expect(lines.find((line) => line.includes('npm ci'))).toContain('--omit=dev');
  });

  it('installs each of the five services', () => {
    for (const name of Object.keys(ports)) expect(lines.find((line) => line.includes('npm ci'))).toContain(`-w apps/${name}`);
  });

  it('copies only what .dockerignore lets through', () => {
    const kept = readFileSync('.dockerignore', 'utf8').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1).split('/')[0]);
    const copied = lines.filter((line) => line.startsWith('COPY') && !line.includes('--from')).flatMap((line) => line.split(/\s+/).slice(1, -1));
    for (const path of copied) expect(kept).toContain(path.split('/')[0]);
  });
});
