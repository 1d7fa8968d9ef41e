import { RecipientKeyConfirmed, RecipientKeyPublished, RecipientKeyRetired, after, deadlines, type Role } from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, type Facts, type LifecycleSpec } from '@footbridge/lifecycle';
import { PrivacyRefusal, checkEntry, fingerprintOf } from '@footbridge/privacy';
import { hasRole } from '@footbridge/service';
import { ConfirmKeyBody, PublishKeyBody } from './recipient-key.dto.js';
import { RecipientKeyState, recipientKeyFields, type RecipientKeyRow } from './recipient-key.entity.js';
import { signRecipientKey } from './signed.js';

export interface RecipientKeyFacts extends Facts<RecipientKeyRow> {
  /** In use now: the next one takes its place. */
  readonly inUse?: RecipientKeyRow;
}

/** What the entry itself shows: a key, of this organisation, signed by whoever signed the one before. */
const proven = guard<RecipientKeyFacts>('KEY', 'keyIsProvenAndFollowsTheOneInUse', ({ row, inUse }) => {
  try {
    checkEntry(row.owner, { publicKey: row.publicKey ?? '', signedBy: row.signedBy ?? '', proof: row.proof ?? '' }, inUse?.signedBy);
    return inUse?.publicKey === row.publicKey ? 'KEY_IN_USE' : undefined;
  } catch (error) { return error instanceof PrivacyRefusal ? error.code : 'KEY_INVALID'; }
});
const digits = (text: unknown): string => String(text).replaceAll(' ', '');
const fingerprintFits = guard<RecipientKeyFacts>('KEY', 'fingerprintIsThatOfTheKey', ({ row, body }) =>
  (digits(body['fingerprint']) === digits(fingerprintOf(row.owner, { publicKey: row.publicKey ?? '', signedBy: row.signedBy ?? '' })) ? undefined : 'FINGERPRINT_DIFFERS'), { onBody: true });

const second: readonly Role[] = ['PARTNER_ADMIN', 'DPO', 'SUPERVISOR', 'RECEIVER'];
const admin: readonly Role[] = ['PARTNER_ADMIN'];

/**
 * A recipient's key for envelopes. It is in use when two people of the recipient have confirmed it, one of them after reading its
 * fingerprint to the sender and hearing the same (decisions 6): whoever can swap a key can read everything.
 */
export const RecipientKey: LifecycleSpec<RecipientKeyState, typeof recipientKeyFields, RecipientKeyFacts> = lifecycle<RecipientKeyFacts>()({
  name: 'RecipientKey', service: 'referrals', prefix: 'rky', states: RecipientKeyState.values, fields: recipientKeyFields,
  facts: async (read, { row }) => {
    const inUse = (await read.many(RecipientKey, { owner: row.owner, state: 'active' })).find(({ id }) => id !== row.id);
    return inUse ? { inUse } : {};
  },
  visible: `(t.owner = ($1->>0) and ${hasRole(...second)})`,
  signs: signRecipientKey,
  clocks: [
    { name: 'rotation', in: ['active'], due: ({ row }) => (row.confirmedAt === undefined ? undefined : after(new Date(row.confirmedAt), deadlines.recipientKeyRotated)), alert: { code: 'RECIPIENT_KEY_OLD', to: ({ row }) => row.owner }, shown: true },
    // Raised where the key is not the one that was confirmed (signed.ts); settled when it is out of use.
    { name: 'substituted', in: ['active'], due: () => undefined },
  ],
  rows: [
    // from                       command       to           by     guards                                                                                              emits
    [NONE,                        'publishKey', 'published', admin, [proven],                                                                                           RecipientKeyPublished, { body: PublishKeyBody }],
    [['published'],               'confirmKey', 'active',    admin, [proven, fingerprintFits, attested('comparedByVoice', 'The fingerprint was read to the sender, who has the same', 'T20')], RecipientKeyConfirmed, {
      body: ConfirmKeyBody, approval: second,
      set: ({ row }, now) => ({ pin: fingerprintOf(row.owner, { publicKey: row.publicKey ?? '', signedBy: row.signedBy ?? '' }), confirmedAt: now.toISOString() }),
      companions: ({ inUse }) => (inUse ? [{ lifecycle: 'RecipientKey', id: inUse.id, command: 'retireKey', body: {}, as: 'PLATFORM' }] : []),
    }],
    [['published', 'active'],     'retireKey',  'retired',   [...admin, 'DPO', 'SUPERVISOR', 'PLATFORM'], [],                                                           RecipientKeyRetired, { set: (_, now) => ({ retiredAt: now.toISOString() }) }],
  ],
});
