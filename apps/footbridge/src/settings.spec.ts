import { Refusal } from './refusal.js';
import { settingsOf } from './settings.js';

const said = (environment: Record<string, string>): string => { try { settingsOf(environment); } catch (error) { return error instanceof Refusal ? error.message : String(error); } return 'accepted'; };

describe('the settings of an instance', () => {
  it('are few, and none is needed', () => {
    expect(settingsOf({})).toEqual({ dataPath: `${process.cwd()}/.footbridge`, port: 3000, host: 'localhost', clock: 'system', webhooks: 'public', seed: 'demonstration' });
    expect(settingsOf({ PORT: '8080', FOOTBRIDGE_CLOCK: 'manual', FOOTBRIDGE_WEBHOOKS: 'loopback', FOOTBRIDGE_DEMONSTRATION: 'no', FOOTBRIDGE_DATA: '/x' })).toMatchObject({ port: 8080, clock: 'manual', webhooks: 'loopback', seed: 'operator', dataPath: '/x' });
  });

  it('name the data folder as seen from where the command was given', () => {
    expect(settingsOf({ FOOTBRIDGE_DATA: 'data', INIT_CWD: '/home/somebody' }).dataPath).toBe('/home/somebody/data');
  });

  it('that make no sense are refused by name, without the value', () => {
    for (const PORT of ['', 'x', '-1', '65536', '3000 ', '0x10', '1e3', '3000.5']) expect(said({ PORT })).toMatch(/^PORT must be/);
    expect(said({ FOOTBRIDGE_CLOCK: 'fast' })).toBe('FOOTBRIDGE_CLOCK must be system or manual.');
    expect(said({ FOOTBRIDGE_WEBHOOKS: 'all' })).toBe('FOOTBRIDGE_WEBHOOKS must be public or loopback.');
  });

  it('that are for trials are refused in production', () => {
    const trials: Record<string, string>[] = [{ FOOTBRIDGE_CLOCK: 'manual' }, { FOOTBRIDGE_WEBHOOKS: 'loopback' }, { FOOTBRIDGE_DEMONSTRATION: 'yes' }];
    for (const trial of trials) {
      expect(said(trial)).toBe('accepted');
      expect(said({ ...trial, NODE_ENV: 'production' })).toMatch(/refused where NODE_ENV=production/);
    }
    expect(settingsOf({ NODE_ENV: 'production' })).toMatchObject({ clock: 'system', webhooks: 'public', seed: 'operator' });
  });
});
