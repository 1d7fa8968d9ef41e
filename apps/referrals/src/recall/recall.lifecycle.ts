import { ConsentScopeRecalled, RecipientDeletionConfirmed, RetentionGround, after, deadlines, type Role } from '@footbridge/contracts';
import { codeList } from '@footbridge/privacy';
import { NONE, guard, is, lifecycle, operational, type Facts, type LifecycleSpec, type RowOf } from '@footbridge/lifecycle';
import { aggregate, worksWithPeople } from '@footbridge/service';
import { seenWithCase } from '../case/visible.js';

/** What a recipient was asked to delete, and what it answered. Shown to the person as "not yet confirmed" until then (W14). */
export const recallFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  consentId: operational.uuid({ shown: 'nobody' }),
  referralId: operational.uuid({ shown: 'nobody' }),
  recipient: operational.ref({ shown: 'parties' }),
  askedAt: operational.instant({ shown: 'parties' }),
  confirmedAt: operational.instant({ shown: 'parties' }),
  deleted: operational.boolean({ shown: 'parties' }),
  ground: operational.code(RetentionGround, { shown: 'parties' }),
};
export type RecallRow = RowOf<typeof recallFields>;
export const RecallState = codeList('RecallState', ['asked', 'confirmed']);
export type RecallState = (typeof RecallState.values)[number];

export class ConfirmDeletionBody {
  @is.boolean({ optional: true, example: true }) deleted?: boolean;
  @is.code(RetentionGround, { optional: true }) ground?: RetentionGround;
}
export const receiving: readonly Role[] = ['RECEIVER', 'ORIGIN_OFFICE', 'RETURN_OFFICER', 'REINTEGRATION_MANAGER'];

/** W5: deleted, or the legal ground to keep it. */
const saysWhich = guard<Facts<RecallRow>>('W5', 'deletedOrLegalGround', ({ body }) => ((body['deleted'] === true) !== (body['ground'] !== undefined) ? undefined : 'DELETED_OR_GROUND'), { onBody: true });

export const Recall: LifecycleSpec<RecallState, typeof recallFields, Facts<RecallRow>> = lifecycle<Facts<RecallRow>>()({
  name: 'Recall', service: 'referrals', prefix: 'rcl', states: RecallState.values, fields: recallFields, created: 'by companion',
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' }, consentRecord: { kind: 'con', column: 'consentId', collection: 'consent-records' }, referral: { kind: 'rfr', column: 'referralId', collection: 'referrals' } },
  parties: (row) => [row.recipient],
  standing: (row) => Object.fromEntries(receiving.map((role) => [role, row.recipient])),
  visible: `(${seenWithCase} or (t.recipient = ($1->>0) and ${worksWithPeople}))`,
  recipients: (row) => [row.recipient],
  wire: (row) => ({ consentRecord: aggregate(row.consentId), referral: aggregate(row.referralId) }),
  clocks: [{ name: 'confirmation', in: ['asked'], due: ({ row }) => (row.askedAt ? after(new Date(row.askedAt), deadlines.recallConfirmed) : undefined), alert: { code: 'DELETION_NOT_CONFIRMED', to: ({ row }) => row.owner }, shown: true }],
  rows: [
    // from       command            to           by            guards       emits
    [NONE,        'askDeletion',     'asked',     ['PLATFORM'], [],          ConsentScopeRecalled, { set: (_, now) => ({ askedAt: now.toISOString() }) }],
    [['asked'],   'confirmDeletion', 'confirmed', receiving,    [saysWhich], RecipientDeletionConfirmed, {
      body: ConfirmDeletionBody, set: (_, now) => ({ confirmedAt: now.toISOString() }),
      // Who answers was reached: nobody is to call any more.
      companions: ({ row }) => (row.referralId ? [{ lifecycle: 'Referral', id: row.referralId, command: 'learn', learns: true, body: { unreachedAt: undefined }, as: 'PLATFORM' }] : []),
    }],
  ],
});
