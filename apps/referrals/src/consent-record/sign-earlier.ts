import { PrivacyRefusal } from '@footbridge/privacy';
import type { Job, Running } from '@footbridge/service';
import type { ConsentRow } from './consent-record.entity.js';
import { ConsentRecord } from './consent-record.lifecycle.js';

/** Has a key as soon as this was done here. It is kept with the keys: whoever has the database alone cannot undo it. */
const DONE = 'service-consents';

/**
 * Consents from before there were signatures are signed when the service first starts with them, and then never again: a row that is put in
 * beside the program stays without, also of an organisation that has never signed (T17). What bears a signature already is not from before.
 */
export class SignEarlier implements Job {
  constructor(private readonly running: Running) {}

  async start(): Promise<void> {
    const { engine, config: { signingKeys: keys }, refusals } = this.running;
    try {
      if ((await keys.verifyingKeys(DONE)).length > 0) return;
      const found = (await Promise.all(['requested', 'given', 'renewed'].map((state) => engine.store.locate(ConsentRecord, { state })))).flat();
      for (const owner of new Set(found.map((row) => row.owner))) {
        if ((await keys.verifyingKeys(owner)).length > 0) continue;
        const read = engine.store.reader(owner, []);
        for (const { id } of found.filter((row) => row.owner === owner)) {
          const row: ConsentRow | undefined = await read.one(ConsentRecord, { id });
          if (row && row.signature === undefined) await engine.learn({ lifecycle: ConsentRecord, owner, id, changes: {} });
        }
      }
      await keys.sign(DONE, Buffer.from('footbridge-earlier-consents-1', 'utf8'));
    } catch (error) {
      // Without its keys the service starts all the same: until then what is not signed counts for nothing.
      if (!(error instanceof PrivacyRefusal)) throw error;
      refusals.note(error);
    }
  }
  stop(): void { /* done when started */ }
}
