import { CaseOpened, IdentificationDeclined, VictimIdentified, VictimPresumed, after, deadlines, states, type StateOf } from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, type Facts, type Guard, type LifecycleSpec } from '@footbridge/lifecycle';
import { hasRole } from '@footbridge/service';
import { caseContext } from '../case/case-context.js';
import { inCase, type InCase } from '../case/case-rules.js';
import { seenWithCase } from '../case/visible.js';
import { DecisionBody, ReasonableGroundsBody } from './identification.dto.js';
import { identificationFields, type IdentificationRow } from './identification.entity.js';

export interface IdentificationFacts extends Facts<IdentificationRow>, InCase {
  readonly consentNeeded?: { readonly recipient: string; readonly purpose: 'REFERRAL_DISCLOSURE'; readonly categories: readonly string[] };
}

/** The creating row of CaseOpened is the Case's: nobody is told twice. */
const opened = { ...CaseOpened, audience: 'service' as const };

/** M3: no interview on the exploitation before somebody speaks for the child. */
const guardianSpeaks = guard<IdentificationFacts>('M3', 'childHasAGuardian', ({ context }) => (!context?.isChild || context.guardian ? undefined : 'GUARDIAN_REQUIRED'), { sensitive: true });
const guardianPresent: Guard<IdentificationFacts> = {
  code: 'M3', name: 'guardianIsPresent', onBody: true, sensitive: true, attests: { field: 'guardianPresent', says: 'For a child: guardian or guardian-advocate were present' },
  check: ({ context, body }) => (!context?.isChild || body['guardianPresent'] === true ? undefined : 'GUARDIAN_NOT_PRESENT'),
};
/** The authority learns of the case by being named. */
const consentToAuthority = guard<IdentificationFacts>('SG1', 'consentNamesTheAuthority', ({ context, row, body }) => {
  const authority = body['authority'];
  if (authority === undefined || authority === row.owner) return undefined;
  return context?.consents.some((c) => c.purpose === 'REFERRAL_DISCLOSURE' && c.recipient === authority && c.categories?.includes('EXPLOITATION')) ? undefined : 'CONSENT_REQUIRED';
}, { onBody: true, sensitive: true });
const beforeTheInterview = [
  attested('trainedScreener', 'The screener is trained', 'COE 10'),
  attested('interviewConsent', 'She agreed to the interview, or urgent indicators were seen', 'WHO 6'),
  guardianSpeaks, guardianPresent, consentToAuthority,
];
/** At least 30 days from the presumption; never shortened, not even by asking again (COE 13). */
const reflection = ({ row }: IdentificationFacts, now: Date): Partial<IdentificationRow> => ({ reflectionUntil: row.reflectionUntil ?? after(now, deadlines.reflectionPeriod).toISOString() });

export const Identification: LifecycleSpec<StateOf<'Identification'>, typeof identificationFields, IdentificationFacts> = lifecycle<IdentificationFacts>()({
  name: 'Identification', service: 'referrals', prefix: 'idn', states: states.Identification.values, fields: identificationFields, created: 'by companion',
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' } },
  facts: async (read, { row, body, caller }, now) => {
    const context = await caseContext(read, row.caseId, caller, now);
    const authority = typeof body['authority'] === 'string' ? body['authority'] : undefined;
    return { ...inCase(context), ...(authority ? { consentNeeded: { recipient: authority, purpose: 'REFERRAL_DISCLOSURE', categories: ['EXPLOITATION'] } } : {}) };
  },
  parties: (row) => [row.authority],
  standing: (row) => ({ COMPETENT_AUTHORITY: [row.owner, row.authority ?? row.owner] }),
  visible: `(${seenWithCase} or (t.organisations @> array[$1->>0] and ${hasRole('COMPETENT_AUTHORITY')}))`,
  rows: [
    // from               command                   to                by                                                                   guards  emits
    [NONE,                'openCase',               'unscreened',     ['CASE_WORKER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'REFERRER'], [],                                                                                                     opened],
    [['unscreened'],      'recordReasonableGrounds', 'presumed',      ['CASE_WORKER', 'COMPETENT_AUTHORITY'],                              beforeTheInterview,                                                                                     VictimPresumed, { body: ReasonableGroundsBody, set: reflection }],
    [['unscreened'],      'recordNoIndicators',     'not_identified', ['CASE_WORKER', 'COMPETENT_AUTHORITY'],                              [attested('otherNeedsReferred', 'Other needs were referred on', 'ODIHR-NRM')],                           IdentificationDeclined, { body: DecisionBody, approval: ['SUPERVISOR', 'CASE_WORKER', 'COMPETENT_AUTHORITY'] }],
    [['presumed'],        'confirmIdentification',  'identified',     ['COMPETENT_AUTHORITY'],                                             [attested('writtenDecisionGiven', 'The written decision was given to the person', 'COE 10')],            VictimIdentified, { body: DecisionBody }],
    [['presumed'],        'declineIdentification',  'not_identified', ['COMPETENT_AUTHORITY'],                                             [attested('writtenReasonsGiven', 'Written reasons were given', 'ODIHR-NRM'), attested('reviewExplained', 'The way to a review was explained', 'ODIHR-NRM'), attested('supportGoesOn', 'Support is not cut on the same day', 'ODIHR-NRM')], IdentificationDeclined, { body: DecisionBody }],
    [['not_identified'],  'reopenIdentification',   'presumed',       ['COMPETENT_AUTHORITY', 'CASE_WORKER'],                              [attested('newInformation', 'There is new information, or an appeal was granted', 'ODIHR-NRM'), attested('personAgrees', 'She agrees', 'ODIHR-NRM')], VictimPresumed, { set: reflection }],
  ],
});
