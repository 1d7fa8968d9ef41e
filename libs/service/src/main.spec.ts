import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFileKeyStore, VaultTransitKeyStore } from '@footbridge/privacy';
import { keySettings, keyStoresOf } from './keys/key-stores.js';
import { addressOf, processSettings } from './main.js';

describe('the settings of one service\'s process', () => {
  const given = { DATABASE_URL: 'postgres://a', MIGRATION_URL: 'postgres://b', OIDC_ISSUER: 'http://localhost/oidc', KEYS_DIR: '/keys', KAFKA_BROKERS: 'k1:9092,k2:9092', PORT: '3001' };
  const said = (more: Record<string, string>): string => { try { processSettings({ ...given, ...more }); return ''; } catch (error) { return error instanceof Error ? error.message : ''; } };

  it('are Kafka and the wall clock unless it is said otherwise', () => {
    expect(processSettings(given)).toMatchObject({ transport: { kind: 'kafka', brokers: ['k1:9092', 'k2:9092'] }, manual: false, ahead: 0, webhooks: 'public', port: 3001, audience: 'footbridge' });
  });
  it('say in one line what is missing or wrong', () => {
    expect([said({ DATABASE_URL: '' }), said({ PORT: 'x' }), said({ TRANSPORT: 'pigeons' }), said({ FOOTBRIDGE_SECRET: 'x'.repeat(31) })])
      .toEqual(['DATABASE_URL is missing.', 'PORT must be a number from 0 to 65535.', 'TRANSPORT must be kafka or postgres.', 'FOOTBRIDGE_SECRET must have 32 characters or more, made at random.']);
    expect(processSettings({ ...given, FOOTBRIDGE_SECRET: 'x'.repeat(32) }).secret).toHaveLength(32);
  });
  it('name the address that proofs are made for: where callers sign in, unless it is said otherwise', () => {
    expect([addressOf({}, 'http://localhost:3000'), addressOf({ FOOTBRIDGE_URL: '' }, 'http://localhost:3000'), addressOf({ FOOTBRIDGE_URL: 'https://footbridge.example' }, 'http://localhost:3000')]).toEqual(['http://localhost:3000', 'http://localhost:3000', 'https://footbridge.example']);
    for (const wrong of ['footbridge.example', 'ftp://footbridge.example', 'https://']) expect(() => addressOf({ FOOTBRIDGE_URL: wrong }, 'http://localhost:3000')).toThrow('FOOTBRIDGE_URL must be an address like https://footbridge.example.');
  });
  it('take Kafka across TLS with a password that lies in a file, and never a password in the clear', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'footbridge-settings-')), 'password');
    writeFileSync(file, 'long and secret\n');
    const sasl = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'referrals', KAFKA_SASL_PASSWORD_FILE: file };
    expect(processSettings({ ...given, KAFKA_SSL: 'yes', ...sasl }).transport).toEqual({ kind: 'kafka', brokers: ['k1:9092', 'k2:9092'], ssl: true, sasl: { mechanism: 'scram-sha-512', username: 'referrals', password: 'long and secret' } });
    expect(processSettings({ ...given, KAFKA_SSL: 'yes', KAFKA_SSL_CA_FILE: file }).transport).toMatchObject({ ssl: { ca: ['long and secret'] } });
    expect([said({ ...sasl, KAFKA_SASL_MECHANISM: 'plain' }), said({ ...sasl, KAFKA_SASL_USERNAME: '' }), said({ ...sasl, KAFKA_SASL_PASSWORD_FILE: `${file}.none` }), said({ KAFKA_SSL: 'maybe' })])
      .toEqual(['KAFKA_SASL_MECHANISM=plain shows its password on the way: it needs KAFKA_SSL=yes.', 'KAFKA_SASL_USERNAME is missing.', 'KAFKA_SASL_PASSWORD_FILE names a file that cannot be read.', 'KAFKA_SSL must be no or yes.']);
  });
  it('keep keys in a folder, or in a Vault that is named and reached safely', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'footbridge-settings-')), 'token');
    writeFileSync(file, 'hvs.x\n');
    expect(processSettings(given)).toMatchObject({ keys: '/keys', keySettings: { keyBackupDays: 35 } });
    const vault = { KEY_STORE: 'vault', VAULT_ADDR: 'https://vault.example:8200', VAULT_TOKEN_FILE: file };
    expect(processSettings({ ...given, KEYS_DIR: '', ...vault, KEY_BACKUP_DAYS: '0' })).toMatchObject({ keys: '', keySettings: { keyBackupDays: 0, vault: { address: 'https://vault.example:8200', tokenFile: file } } });
    expect(processSettings({ ...given, ...vault, VAULT_TRANSIT_MOUNT: 'teams/transit', VAULT_NAMESPACE: 'north', VAULT_CACERT: file }).keySettings.vault).toEqual({ address: 'https://vault.example:8200', tokenFile: file, mount: 'teams/transit', namespace: 'north', ca: 'hvs.x\n' });
    writeFileSync(`${file}.empty`, ' \n');
    expect([said({ KEYS_DIR: '' }), said({ KEY_STORE: 'cloud' }), said({ KEY_BACKUP_DAYS: '-1' }), said({ ...vault, VAULT_ADDR: '' }), said({ ...vault, VAULT_TOKEN_FILE: '' }), said({ ...vault, VAULT_TOKEN_FILE: `${file}.none` }), said({ ...vault, VAULT_TOKEN_FILE: `${file}.empty` }), said({ ...vault, VAULT_CACERT: `${file}.none` })])
      .toEqual(['KEYS_DIR is missing.', 'KEY_STORE must be file or vault.', 'KEY_BACKUP_DAYS must be whole days, zero or more.', 'VAULT_ADDR is missing.', 'VAULT_TOKEN_FILE is missing.', 'VAULT_TOKEN_FILE names a file that cannot be read.', 'VAULT_TOKEN_FILE names an empty file.', 'VAULT_CACERT names a file that cannot be read.']);
    expect(() => keyStoresOf(keySettings({ ...vault, VAULT_ADDR: 'http://vault.example' }), '')).toThrow(/^VAULT_ADDR must be an https address/);
    expect(keyStoresOf(keySettings({}), '/keys').keyStore).toBeInstanceOf(LocalFileKeyStore);
    expect(keyStoresOf(keySettings(vault), '').keyStore).toBeInstanceOf(VaultTransitKeyStore);
  });
  it('let a manual clock begin where it was before the process ended, and no other clock', () => {
    expect(processSettings({ ...given, FOOTBRIDGE_CLOCK: 'manual', FOOTBRIDGE_CLOCK_OFFSET: '3600000' })).toMatchObject({ manual: true, ahead: 3_600_000 });
    expect(said({ FOOTBRIDGE_CLOCK_OFFSET: '3600000' })).toBe('FOOTBRIDGE_CLOCK_OFFSET needs FOOTBRIDGE_CLOCK=manual.');
    expect([said({ FOOTBRIDGE_CLOCK: 'manual', FOOTBRIDGE_CLOCK_OFFSET: '-1' }), said({ FOOTBRIDGE_CLOCK: 'manual', FOOTBRIDGE_CLOCK_OFFSET: 'x' })]).toEqual(Array(2).fill('FOOTBRIDGE_CLOCK_OFFSET must be whole milliseconds, zero or more.'));
  });
  it('refuse what is for trials where NODE_ENV=production', () => {
    const production = { NODE_ENV: 'production' };
    expect([said({ ...production, FOOTBRIDGE_CLOCK: 'manual', FOOTBRIDGE_CLOCK_OFFSET: '1' }), said({ ...production, FOOTBRIDGE_CLOCK_OFFSET: '1' }), said({ ...production, FOOTBRIDGE_WEBHOOKS: 'loopback' })])
      .toEqual(['FOOTBRIDGE_CLOCK=manual is refused where NODE_ENV=production.', 'FOOTBRIDGE_CLOCK_OFFSET needs FOOTBRIDGE_CLOCK=manual.', 'FOOTBRIDGE_WEBHOOKS=loopback is refused where NODE_ENV=production.']);
  });
});
