import { resolve } from 'node:path';
import { Refusal } from './refusal.js';

export interface Settings {
  readonly dataPath: string;
  readonly port: number;
  readonly host: string;
  /** `/metrics` is served there, if anywhere. */
  readonly metricsPort?: number;
  readonly clock: 'system' | 'manual';
  readonly webhooks: 'public' | 'loopback';
  readonly seed: 'demonstration' | 'operator';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the data is: what the caller named, as seen from where the caller stands (npm tells), else a folder in the checkout. */
export const dataPathOf = (environment: Environment): string =>
  environment['FOOTBRIDGE_DATA'] ? resolve(environment['INIT_CWD'] ?? process.cwd(), environment['FOOTBRIDGE_DATA']) : resolve('.footbridge');

/** The environment in our words, or the one thing in it that is wrong. */
export function settingsOf(environment: Environment): Settings {
  const production = environment['NODE_ENV'] === 'production';
  const clock = oneOf(environment, 'FOOTBRIDGE_CLOCK', ['system', 'manual']);
  const webhooks = oneOf(environment, 'FOOTBRIDGE_WEBHOOKS', ['public', 'loopback']);
  if (production && clock === 'manual') throw new Refusal('FOOTBRIDGE_CLOCK=manual is for trials and tests: it is refused where NODE_ENV=production.');
  if (production && webhooks === 'loopback') throw new Refusal('FOOTBRIDGE_WEBHOOKS=loopback is for trials and tests: it is refused where NODE_ENV=production.');
  const wanted = oneOf(environment, 'FOOTBRIDGE_DEMONSTRATION', production ? ['no', 'yes'] : ['yes', 'no']);
  if (production && wanted === 'yes') throw new Refusal('FOOTBRIDGE_DEMONSTRATION=yes makes accounts whose secrets lie in a file: it is refused where NODE_ENV=production.');
  return { dataPath: dataPathOf(environment), port: portOf('PORT', environment['PORT']), host: environment['HOST'] ?? 'localhost', ...(environment['METRICS_PORT'] ? { metricsPort: portOf('METRICS_PORT', environment['METRICS_PORT']) } : {}), clock, webhooks, seed: wanted === 'yes' ? 'demonstration' : 'operator' };
}

function portOf(name: string, text = '3000'): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new Refusal(`${name} must be a number from 0 to 65535, like ${name}=3000.`);
  return port;
}

/** The first value is what holds when nothing is said. */
function oneOf<const T extends string>(environment: Environment, name: string, values: readonly [T, ...T[]]): T {
  const text = environment[name];
  if (text === undefined || text === '') return values[0];
  const found = values.find((value) => value === text);
  if (found === undefined) throw new Refusal(`${name} must be ${values.join(' or ')}.`);
  return found;
}
