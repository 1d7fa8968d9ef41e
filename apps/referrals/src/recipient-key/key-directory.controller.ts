import { fingerprintOf, isRef } from '@footbridge/privacy';
import { Action, EVERYBODY, Engine, Problem, type ExtraRoute, type Running } from '@footbridge/service';
import { Controller, Get, Inject, Param } from '@nestjs/common';
import { RecipientKey } from './recipient-key.lifecycle.js';

/** What everybody may know of an organisation's keys: the one for envelopes, with the fingerprint to compare, and those that it signs with. */
@Controller('v1/key-directory')
export class KeyDirectoryController {
  constructor(@Inject(Engine) private readonly engine: Engine, @Inject('RUNNING') private readonly running: Running) {}

  @Action('key-directory.read', EVERYBODY) @Get(':organisation') async read(@Param('organisation') organisation: string): Promise<object> {
    if (!isRef(organisation, 'org')) throw new Problem('not-found');
    const [known] = await this.engine.store.readAs(organisation, 'select to_jsonb(k.organisation) from known_organisation k where k.organisation = $1->>0', [organisation]);
    if (known === undefined) throw new Problem('not-found');
    const [keys, signing] = await Promise.all([
      this.engine.store.find(RecipientKey, organisation, `t.owner = ($1->>0) and t.state in ('published', 'active')`, [organisation], 'order by t.created_at'),
      this.running.config.signingKeys.verifyingKeys(organisation),
    ]);
    return {
      organisation, signing,
      keys: keys.map(({ row: { state, publicKey = '', signedBy = '', proof, confirmedAt } }) => ({ state, publicKey, signedBy, proof, fingerprint: fingerprintOf(organisation, { publicKey, signedBy }), ...(confirmedAt === undefined ? {} : { confirmedAt }) })),
    };
  }
}

export const keyDirectoryRoute: ExtraRoute = { method: 'get', path: '/v1/key-directory/{organisation}', tag: 'RecipientKey', summary: 'The public keys of an organisation: for envelopes, with the fingerprint to compare by voice, and for signatures' };
