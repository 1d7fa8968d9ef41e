import { randomBytes } from 'node:crypto';
import type { Service } from '@footbridge/contracts';
import { PostgresTransport } from '@footbridge/messaging';
import { PolicyError, Problem, WrongSetting, accessSettings, addressOf, clockSaid, databaseOff, differ, keySettings, keyStoresOf, log, codeReason, reasonOf, mailOf, manualClock, populationOf, provision, provisionedRoles, serveMetrics, startService, systemClock, type RunningService, type ServiceDefinition } from '@footbridge/service';
import { DataFolder } from './data-folder.js';
import { Door, front } from './front.js';
import { audience } from './identity/audience.js';
import type { Identity } from './identity/identity.js';
import { identityKeys } from './identity/signing-keys.js';
import { keyWarnings } from './key-warnings.js';
import { startPostgres } from './postgres.js';
import { readPrivateFile, writePrivateFile } from './private-file.js';
import { diskRefusal, isDiskFull, Refusal } from './refusal.js';
import { routeTable } from './routes.js';
import { readAccounts, seedAccounts } from './seed.js';
import type { Settings } from './settings.js';
import { inProcess } from './upstream.js';

export interface Instance {
  readonly url: string;
  readonly folder: DataFolder;
  readonly services: ReadonlyMap<string, RunningService>;
  readonly identity: Identity;
  /** What an operator has to put right although it serves: keys that do not open what they wrapped. */
  readonly warnings: readonly string[];
  /** True when this start made the demonstration's accounts: what belongs to them can now be made through the API. */
  readonly seeded: boolean;
  /** The database has gone without being asked to: nothing works from here on. */
  onEnd(ended: () => void): void;
  close(): Promise<void>;
}

/**
 * One instance in one process: database, identity provider, five services, one address.
 * Whatever may be refused is refused before anything is changed, and a start that fails takes back what it had begun.
 */
export async function startInstance(definitions: readonly ServiceDefinition[], settings: Settings): Promise<Instance> {
  const undo: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => { for (let step = undo.pop(); step; step = undo.pop()) await step().catch((error: unknown) => { log('stop-failed', { reason: reasonOf(error) }); }); };
  try {
    const access = settingOf(() => accessSettings(process.env));
    const table = routeTable(definitions);
    const door = await Door.open(settings.port, settings.host);
    undo.push(() => door.close());
    const url = `http://localhost:${door.port}`;
    const address = settingOf(() => addressOf(process.env, url));
    const folder = new DataFolder(settings.dataPath);
    const lock = await folder.open(url);
    undo.push(() => lock.release());

    const postgres = await startPostgres(folder);
    undo.push(() => postgres.stop());
    const urls = await provision(postgres.adminUrl, await postgres.passwords(provisionedRoles));

    const issuer = `${url}/oidc`;
    // loaded here, because oidc-provider speaks as soon as it is: a start that is refused says its one line and nothing else
    const { startIdentity } = await import('./identity/identity.js');
    const identity = await startIdentity({ databaseUrl: urls.identityUrl, keys: await identityKeys(folder.identityFile), issuer, address, tellServices: (path, headers) => tell(`${url}${path}`, headers) });
    undo.push(() => identity.close());
    const seeded = await seedAccounts(identity.pool, folder.accountsFile, settings.seed) === 'seeded';

    const keys = settingOf(() => { const own = keySettings(process.env); return { ...keyStoresOf(own, folder.keys), keyBackupDays: own.keyBackupDays, isFiles: own.vault === undefined }; });
    const secret = await cursorSecret(folder);
    const [mail, population] = [settingOf(() => mailOf(process.env, address)), settingOf(() => populationOf(process.env))];
    const start = async (definition: ServiceDefinition): Promise<RunningService> => {
      const own = urls.services[nameOf(definition, urls.services)];
      const transport = new PostgresTransport({ url: urls.busUrl, onTrouble: (reason) => { log('bus-trouble', { service: definition.name, reason: codeReason(reason) }); } });
      undo.push(() => transport.close());
      const service = await startService(definition, {
        ...own, transport, issuer, audience, address, ...keys, secret, clock: settings.clock === 'manual' ? manualClock() : systemClock, webhooks: settings.webhooks, access, ...(mail ? { mail } : {}), population,
        accounts: { organisationOf: async (account) => (await identity.accounts.account(account))?.organisation, stand: (what, id, disabled) => identity.accounts.stand(what, id, disabled), endSessions: (organisation, at) => identity.accounts.endSessions(organisation, at) },
      });
      undo.push(() => service.close());
      return service;
    };
    // all of them have ended, well or badly, before anything is taken back
    const started = await Promise.allSettled(definitions.map(start));
    const services = new Map<string, RunningService>();
    for (const outcome of started) {
      if (outcome.status === 'rejected') throw outcome.reason instanceof PolicyError ? new Refusal(outcome.reason.message) : outcome.reason;
      services.set(outcome.value.name, outcome.value);
    }
    const warnings = [...await keyWarnings(folder.keys, keys.isFiles, [...services.values()].flatMap(({ engine, signers }) => [...engine.store.keys.troubles.values(), ...signers.troubles.values()]))];
    const off = await databaseOff(identity.pool);
    if (differ(off)) warnings.push(clockSaid('the database', off));
    const upstream = (name: Service) => {
      const service = services.get(name);
      if (!service) throw new Error(`no service ${name}`);
      return inProcess(service.listener);
    };
    door.lead(front({
      identity: inProcess(identity.listener), table, demonstration: (await readAccounts(folder.accountsFile))?.demonstration === true,
      services: { referrals: upstream('referrals'), shelters: upstream('shelters'), returns: upstream('returns'), reintegration: upstream('reintegration'), notifications: upstream('notifications') },
    }));
    if (settings.metricsPort !== undefined) {
      const metrics = serveMetrics(settings.metricsPort, settings.host);
      undo.push(() => new Promise<void>((closed) => { metrics.close(() => { closed(); }); metrics.closeAllConnections(); }));
    }
    return { url, folder, services, identity, warnings, seeded, onEnd: postgres.onEnd, close };
  } catch (error) {
    await close();
    if (isDiskFull(error)) throw diskRefusal(settings.dataPath);
    throw error;
  }
}

function nameOf(definition: ServiceDefinition, known: Readonly<Record<Service, unknown>>): Service {
  const isKnown = (name: string): name is Service => name in known;
  if (!isKnown(definition.name)) throw new Error(`no service ${definition.name}`);
  return definition.name;
}

function settingOf<T>(read: () => T): T {
  try { return read(); } catch (error) { throw error instanceof WrongSetting ? new Refusal(error.message) : error; }
}

/** One disabling reaches both: who asks the provider has the services told first. What these do not know, they need not be told. */
async function tell(address: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const { ok, status } = await fetch(address, { method: 'POST', headers });
  if (!ok && status !== 404) throw new Problem('service-unavailable', {}, { 'retry-after': '2' });
}

/** Seals the cursors of lists and knows repeated requests again: kept, so that what was asked for before a restart still leads on. */
async function cursorSecret(folder: DataFolder): Promise<Buffer> {
  const isSecret = (content: unknown): content is { readonly secret: string } => typeof content === 'object' && content !== null && 'secret' in content && typeof content.secret === 'string';
  const kept = await readPrivateFile(folder.cursorFile, isSecret);
  if (kept) return Buffer.from(kept.secret, 'base64url');
  const made = randomBytes(32);
  await writePrivateFile(folder.cursorFile, { secret: made.toString('base64url') });
  return made;
}
