import { ExactReleaseEnded, ExactlyReleased } from '@footbridge/contracts';
import { NONE, attested, guard, is, lifecycle, operational, special, type Facts, type LifecycleSpec, type RowOf } from '@footbridge/lifecycle';
import { codeList } from '@footbridge/privacy';
import { days, later } from '@footbridge/service';
import { caseContext } from '../case/case-context.js';
import { caseIsOpen, inCase, worksOnCase, type InCase } from '../case/case-rules.js';
import { seenWithCase } from '../case/visible.js';

/** What a receiver may be told as it is though few fit it. A name has its consent; here is what others have in common with her. */
export const CountedField = codeList('CountedField', [
  'ageBand', 'gender', 'languages', 'interpreterNeeded', 'citizenships', 'maritalStatus', 'childrenCount', 'interpreterLanguage', 'accessNeeds', 'partySize',
  'status', 'decisionOrg', 'decidedOn', 'typesOfExploitation', 'typesOfSexExploitation', 'methodsOfControl', 'recruitment', 'industry', 'relationshipToTrafficker', 'locations',
]);
export type CountedField = (typeof CountedField.values)[number];

export const exactReleaseFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  recipient: operational.ref(),
  fields: operational.codes(CountedField),
  reason: special.text(),
  releasedUntil: operational.instant(),
};
export type ExactReleaseRow = RowOf<typeof exactReleaseFields>;
export const ExactReleaseState = codeList('ExactReleaseState', ['released', 'ended']);
export type ExactReleaseState = (typeof ExactReleaseState.values)[number];

export class ReleaseExactlyBody {
  @is.ref('cas') case!: string;
  @is.organisation() recipient!: string;
  @is.codes(CountedField) fields!: CountedField[];
  @is.text({ class: 'special', max: 2_000, example: 'The interpreter must be found before she comes' }) reason!: string;
  /** Default: seven days. */
  @is.instant({ optional: true, example: '2026-05-24T03:40:00Z' }) releasedUntil?: string;
}

export interface ExactReleaseFacts extends Facts<ExactReleaseRow>, InCase {
  readonly consentNeeded?: { readonly recipient: string | undefined; readonly purpose: 'REFERRAL_DISCLOSURE' };
}

const LONGEST = days(30);
const fieldsNamed = guard<ExactReleaseFacts>('G7', 'fieldsAreNamed', ({ row }) => (row.fields?.length ? undefined : 'FIELDS_MISSING'), { onBody: true });
/** Two persons of the house decide what few fit; what may be told at all she decides. */
const sheConsents = guard<ExactReleaseFacts>('G7', 'sheConsentsToThisRecipient', ({ row, context }) => (context?.consents.some((c) => c.recipient === row.recipient) ? undefined : 'CONSENT_REQUIRED'), { sensitive: true });
const timeWithinLimit = guard<ExactReleaseFacts>('G7', 'notLongerThanThirtyDays', ({ row }, now) => {
  if (row.releasedUntil === undefined) return undefined;
  return row.releasedUntil <= now.toISOString() ? 'VALIDITY_OVER' : Date.parse(row.releasedUntil) > later(now, LONGEST).getTime() ? 'VALIDITY_TOO_LONG' : undefined;
}, { onBody: true });
const timeIsOver = guard<ExactReleaseFacts>('G7', 'timeIsOver', ({ row }, now) => (row.releasedUntil !== undefined && now.getTime() < Date.parse(row.releasedUntil) ? 'STILL_VALID' : undefined));

/** The way past the count, and the only one (G7): one recipient, named fields, a reason, a second person, and an end. */
export const ExactRelease: LifecycleSpec<ExactReleaseState, typeof exactReleaseFields, ExactReleaseFacts> = lifecycle<ExactReleaseFacts>()({
  name: 'ExactRelease', service: 'referrals', prefix: 'rrl', states: ExactReleaseState.values, fields: exactReleaseFields,
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' } },
  facts: async (read, { row, caller }, now) => ({ ...inCase(await caseContext(read, row.caseId, caller, now)), consentNeeded: { recipient: row.recipient, purpose: 'REFERRAL_DISCLOSURE' } }),
  owner: ({ context, caller }) => context?.case.owner ?? caller.organisation,
  visible: seenWithCase,
  clocks: [{ name: 'validity', in: ['released'], due: ({ row }) => (row.releasedUntil ? new Date(row.releasedUntil) : undefined), command: 'expire' }],
  rows: [
    // from         command           to          by                                                           guards                                                                                                      emits
    [NONE,          'releaseExactly', 'released', ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE'],     [caseIsOpen, worksOnCase(), fieldsNamed, sheConsents, timeWithinLimit, attested('neededForHelp', 'Help depends on it', 'G7')], ExactlyReleased, {
      body: ReleaseExactlyBody, approval: ['SUPERVISOR', 'DPO'],
      set: ({ row, context }, now) => ({ caseRef: context?.case.caseRef, releasedUntil: row.releasedUntil ?? later(now, days(7)).toISOString() }),
    }],
    [['released'],  'endRelease',     'ended',    ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'SUPERVISOR', 'DPO'], [], ExactReleaseEnded],
    [['released'],  'expire',         'ended',    ['PLATFORM'],                                                [timeIsOver],                                                                                               ExactReleaseEnded],
  ],
});
