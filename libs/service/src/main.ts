import { readFileSync } from 'node:fs';
import { KafkaTransport, PostgresTransport, type KafkaOptions, type Transport } from '@footbridge/messaging';
import { populations } from '@footbridge/privacy';
import { accessSettings } from './access-settings.js';
import { PolicyError } from './authorisation.js';
import { manualClock, systemClock } from './clock.js';
import { keySettings, keyStoresOf, type KeySettings } from './keys/key-stores.js';
import { lastResort } from './last-resort.js';
import { codeReason, reasonOf } from './log-reason.js';
import { log } from './log.js';
import { serveMetrics } from './metrics.js';
import { startService, type MailConfig, type ServiceConfig, type ServiceDefinition } from './service.js';
import { WrongSetting } from './wrong-setting.js';

export { WrongSetting };

type Environment = Readonly<Record<string, string | undefined>>;

/** What one service process is started with (docs/operating.md). */
export interface ProcessSettings {
  readonly databaseUrl: string; readonly migrationUrl: string; readonly issuer: string; readonly audience: string; /** Not with a Vault. */ readonly keys: string; readonly keySettings: KeySettings;
  readonly transport: { readonly kind: 'kafka' } & Pick<KafkaOptions, 'brokers' | 'ssl' | 'sasl'> | { readonly kind: 'postgres'; readonly url: string };
  readonly host: string; readonly port: number; readonly metricsPort?: number; readonly jwksUri?: string; readonly secret?: Buffer;
  /** How far the manual clock is ahead at the start: where it had been advanced to before the process ended. */
  readonly manual: boolean; readonly ahead: number; readonly webhooks: 'public' | 'loopback';
}

/** Settings as their readers want them. @throws WrongSetting */
function reading(environment: Environment) {
  const given = (name: string): string => {
    const text = environment[name];
    if (!text) throw new WrongSetting(`${name} is missing.`);
    return text;
  };
  const oneOf = <const T extends string>(name: string, values: readonly [T, ...T[]]): T => {
    const text = environment[name] || values[0];
    const found = values.find((value) => value === text);
    if (!found) throw new WrongSetting(`${name} must be ${values.join(' or ')}.`);
    return found;
  };
  const port = (name: string): number => {
    const number = Number(given(name));
    if (!Number.isInteger(number) || number < 0 || number > 65_535) throw new WrongSetting(`${name} must be a number from 0 to 65535.`);
    return number;
  };
  const inFile = (name: string): string => { try { return readFileSync(given(name), 'utf8').trimEnd(); } catch (error) { throw error instanceof WrongSetting ? error : new WrongSetting(`${name} names a file that cannot be read.`); } };
  /** Across a network that is not ours alone: TLS, and a password, given itself or as a file. */
  const kafkaSecurity = (): Pick<KafkaOptions, 'ssl' | 'sasl'> => {
    const ssl = oneOf('KAFKA_SSL', ['no', 'yes']) === 'yes';
    const mechanism = oneOf('KAFKA_SASL_MECHANISM', ['none', 'plain', 'scram-sha-256', 'scram-sha-512']);
    if (!ssl && mechanism === 'plain') throw new WrongSetting('KAFKA_SASL_MECHANISM=plain shows its password on the way: it needs KAFKA_SSL=yes.');
    const user = (): { username: string; password: string } => ({ username: given('KAFKA_SASL_USERNAME'), password: environment['KAFKA_SASL_PASSWORD_FILE'] ? inFile('KAFKA_SASL_PASSWORD_FILE') : given('KAFKA_SASL_PASSWORD') });
    return {
      ...(ssl ? { ssl: environment['KAFKA_SSL_CA_FILE'] ? { ca: [inFile('KAFKA_SSL_CA_FILE')] } : true } : {}),
      ...(mechanism === 'none' ? {} : { sasl: mechanism === 'plain' ? { mechanism, ...user() } : mechanism === 'scram-sha-256' ? { mechanism, ...user() } : { mechanism, ...user() } }),
    };
  };
  const transport = (): ProcessSettings['transport'] => (oneOf('TRANSPORT', ['kafka', 'postgres']) === 'kafka' ? { kind: 'kafka', brokers: given('KAFKA_BROKERS').split(','), ...kafkaSecurity() } : { kind: 'postgres', url: given('BUS_URL') });
  return { given, oneOf, port, transport };
}
/** How a process of this environment reaches the others. @throws WrongSetting */
export const transportSettings = (environment: Environment): ProcessSettings['transport'] => reading(environment).transport();

/** @throws WrongSetting */
export function processSettings(environment: Environment): ProcessSettings {
  const { given, oneOf, port, transport } = reading(environment);
  const clock = oneOf('FOOTBRIDGE_CLOCK', ['system', 'manual']);
  const webhooks = oneOf('FOOTBRIDGE_WEBHOOKS', ['public', 'loopback']);
  if (environment['NODE_ENV'] === 'production' && clock === 'manual') throw new WrongSetting('FOOTBRIDGE_CLOCK=manual is refused where NODE_ENV=production.');
  if (environment['NODE_ENV'] === 'production' && webhooks === 'loopback') throw new WrongSetting('FOOTBRIDGE_WEBHOOKS=loopback is refused where NODE_ENV=production.');
  const ahead = Number(environment['FOOTBRIDGE_CLOCK_OFFSET'] || 0);
  if (ahead !== 0 && clock !== 'manual') throw new WrongSetting('FOOTBRIDGE_CLOCK_OFFSET needs FOOTBRIDGE_CLOCK=manual.');
  if (!Number.isSafeInteger(ahead) || ahead < 0) throw new WrongSetting('FOOTBRIDGE_CLOCK_OFFSET must be whole milliseconds, zero or more.');
  const keys = keySettings(environment);
  const jwksUri = environment['OIDC_JWKS_URI'];
  const secret = environment['FOOTBRIDGE_SECRET'];
  if (secret && secret.length < 32) throw new WrongSetting('FOOTBRIDGE_SECRET must have 32 characters or more, made at random.');
  return {
    databaseUrl: given('DATABASE_URL'), migrationUrl: given('MIGRATION_URL'), issuer: given('OIDC_ISSUER'), audience: environment['OIDC_AUDIENCE'] || 'footbridge', keys: keys.vault ? environment['KEYS_DIR'] ?? '' : given('KEYS_DIR'), keySettings: keys,
    transport: transport(),
    host: environment['HOST'] || '127.0.0.1', port: port('PORT'), ...(environment['METRICS_PORT'] ? { metricsPort: port('METRICS_PORT') } : {}),
    ...(jwksUri ? { jwksUri } : {}), ...(secret ? { secret: Buffer.from(secret) } : {}), manual: clock === 'manual', ahead, webhooks,
  };
}

/** FOOTBRIDGE_URL: where callers reach the instance, where that is not where they sign in. @throws WrongSetting */
export function addressOf(environment: Environment, otherwise: string): string {
  const address = environment['FOOTBRIDGE_URL'] || otherwise;
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) throw new WrongSetting('FOOTBRIDGE_URL must be an address like https://footbridge.example.');
  return address;
}

/** FOOTBRIDGE_SMTP_URL and FOOTBRIDGE_MAIL_FROM, both or neither; `address` is where callers reach the instance (`addressOf`). @throws WrongSetting */
export function mailOf(environment: Environment, address: string): MailConfig | undefined {
  const { FOOTBRIDGE_SMTP_URL: smtpUrl, FOOTBRIDGE_MAIL_FROM: from } = environment;
  if (!smtpUrl && !from) return undefined;
  if (!smtpUrl || !URL.canParse(smtpUrl) || !/^smtps?:$/.test(new URL(smtpUrl).protocol)) throw new WrongSetting('FOOTBRIDGE_SMTP_URL must be the address of a mail server, like smtps://user:password@mail.example.org.');
  if (!from || !/^[^\s@]+@[^\s@]+$/.test(from)) throw new WrongSetting('FOOTBRIDGE_MAIL_FROM must be an e-mail address.');
  return { smtpUrl, from, address };
}

/** FOOTBRIDGE_POPULATION_FILE: public figures of those whom each country helps, as JSON. @throws WrongSetting */
export function populationOf(environment: Environment): ReturnType<typeof populations> {
  const file = environment['FOOTBRIDGE_POPULATION_FILE'];
  if (!file) return populations();
  try { return populations(JSON.parse(readFileSync(file, 'utf8'))); } catch { throw new WrongSetting('FOOTBRIDGE_POPULATION_FILE must name a JSON file of persons and shares (docs/operating.md).'); }
}

/** Starts one service alone, as its environment says, and stops it cleanly when it is told to. */
export async function startFromEnv(definition: ServiceDefinition, environment: Environment = process.env): Promise<void> {
  lastResort(definition.name);
  try {
    const s = processSettings(environment);
    const onTrouble = (reason: string): void => { log('bus-trouble', { service: definition.name, reason: codeReason(reason) }); };
    const { kind: _, ...to } = s.transport;
    const transport: Transport = 'brokers' in to ? new KafkaTransport({ ...to, clientId: definition.name, onTrouble }) : new PostgresTransport({ ...to, onTrouble });
    const address = addressOf(environment, new URL(s.issuer).origin);
    const mail = mailOf(environment, address);
    const config: ServiceConfig = {
      databaseUrl: s.databaseUrl, migrationUrl: s.migrationUrl, transport, issuer: s.issuer, audience: s.audience, address, ...keyStoresOf(s.keySettings, s.keys), keyBackupDays: s.keySettings.keyBackupDays,
      clock: s.manual ? manualClock(s.ahead) : systemClock, population: populationOf(environment), webhooks: s.webhooks, access: accessSettings(environment), ...(mail ? { mail } : {}), ...(s.jwksUri ? { jwksUri: s.jwksUri } : {}), ...(s.secret ? { secret: s.secret } : {}),
    };
    const running = await startService(definition, config);
    const port = await running.listen(s.port, s.host);
    const metrics = s.metricsPort === undefined ? undefined : serveMetrics(s.metricsPort, s.host);
    process.stdout.write(`${definition.name} is ready on port ${port}\n`);
    let stopping = false;
    const stop = async (): Promise<void> => {
      if (stopping) return;
      stopping = true;
      metrics?.close();
      await running.close();
      await transport.close().catch(() => undefined);
      process.exit(0);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
  } catch (error) {
    // An error of the database or a library may quote what it was given: only its name and code are said.
    process.stderr.write(`${definition.name} cannot start: ${error instanceof WrongSetting || error instanceof PolicyError ? error.message : reasonOf(error)}\n`);
    process.exit(2);
  }
}
