import type { SigningKeys } from '@footbridge/privacy';
import type { Job, Running } from '@footbridge/service';
import { ConsentRecord } from './consent-record.lifecycle.js';

/**
 * Consents from before there were signatures are signed when the service starts with them: once for each organisation, as the first
 * thing that it signs at all. After that nothing unsigned is ever signed, so that a row put in beside the program stays without.
 */
export class SignEarlier implements Job {
  constructor(private readonly running: Running) {}

  async start(): Promise<void> {
    const { engine, config } = this.running;
    const keys: SigningKeys = config.signingKeys;
    const found = (await Promise.all(['requested', 'given', 'renewed'].map((state) => engine.store.locate(ConsentRecord, { state })))).flat();
    for (const owner of new Set(found.map((row) => row.owner))) {
      if ((await keys.verifyingKeys(owner)).length > 0) continue;
      for (const { id } of found.filter((row) => row.owner === owner)) await engine.learn({ lifecycle: ConsentRecord, owner, id, changes: {} });
    }
  }
  stop(): void { /* done when started */ }
}
