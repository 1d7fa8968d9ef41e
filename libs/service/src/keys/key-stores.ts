import { readFileSync } from 'node:fs';
import { LocalFileKeyStore, LocalFileSigningKeys, PrivacyRefusal, VaultTransitKeyStore, VaultTransitSigningKeys, type KeyStore, type SigningKeys, type VaultOptions } from '@footbridge/privacy';
import { WrongSetting } from '../wrong-setting.js';

export interface KeySettings { readonly vault?: VaultOptions; readonly keyBackupDays: number }

/** KEY_STORE, VAULT_… and KEY_BACKUP_DAYS (docs/operating.md). @throws WrongSetting */
export function keySettings(environment: Readonly<Record<string, string | undefined>>): KeySettings {
  const days = environment['KEY_BACKUP_DAYS'] || '35';
  if (!/^\d{1,4}$/.test(days)) throw new WrongSetting('KEY_BACKUP_DAYS must be whole days, zero or more.');
  const kind = environment['KEY_STORE'] || 'file';
  if (kind !== 'file' && kind !== 'vault') throw new WrongSetting('KEY_STORE must be file or vault.');
  if (kind === 'file') return { keyBackupDays: Number(days) };
  const { VAULT_ADDR: address, VAULT_TOKEN_FILE: tokenFile, VAULT_TRANSIT_MOUNT: mount, VAULT_NAMESPACE: namespace, VAULT_CACERT: caFile } = environment;
  if (!address) throw new WrongSetting('VAULT_ADDR is missing.');
  if (!tokenFile) throw new WrongSetting('VAULT_TOKEN_FILE is missing.');
  const inFile = (name: string, path: string): string => { try { return readFileSync(path, 'utf8'); } catch { throw new WrongSetting(`${name} names a file that cannot be read.`); } };
  if (inFile('VAULT_TOKEN_FILE', tokenFile).trim() === '') throw new WrongSetting('VAULT_TOKEN_FILE names an empty file.');
  return { keyBackupDays: Number(days), vault: { address, tokenFile, ...(mount ? { mount } : {}), ...(namespace ? { namespace } : {}), ...(caFile ? { ca: inFile('VAULT_CACERT', caFile) } : {}) } };
}

/** Where keys are kept: in a Vault, or in this folder. @throws WrongSetting */
export function keyStoresOf({ vault }: KeySettings, directory: string): { readonly keyStore: KeyStore; readonly signingKeys: SigningKeys } {
  if (!vault) return { keyStore: new LocalFileKeyStore(directory), signingKeys: new LocalFileSigningKeys(directory) };
  try { return { keyStore: new VaultTransitKeyStore(vault), signingKeys: new VaultTransitSigningKeys(vault) }; } catch (error) {
    throw error instanceof PrivacyRefusal ? new WrongSetting('VAULT_ADDR must be an https address (http only to this machine), and VAULT_TRANSIT_MOUNT a path.') : error;
  }
}
