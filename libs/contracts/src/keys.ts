import { wire } from '@footbridge/privacy';
import type { Service } from './code-lists/services.js';
import { defineEvent, type ContractEvent } from './event.js';

/** Which version of an organisation's key. */
export const keysAt = { organisation: wire.ref('org'), keyVersion: wire.version, version: wire.version };

/** A service's word that nothing of its own hangs on an older key any more; it never takes it back. */
export const keysRewrapped = (service: Service, name: string): ContractEvent<typeof keysAt> =>
  defineEvent(service, name, { audience: 'instance', summary: 'No case here hangs on a key of the organisation that is older than this version.', data: keysAt });
