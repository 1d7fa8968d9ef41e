import { PartnerActivated, PartnerApplied, PartnerServicesChanged, PartnerSuspended, PartnerTerminated, PartnerVerified, flagsOf, states } from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, type Companion, type Facts } from '@footbridge/lifecycle';
import { judgesOf, organisationOf, type Organisation } from '../organisation/register.js';
import { ApplyPartnerBody, EditPartnerBody, SuspendPartnerBody } from './partner.dto.js';
import { partnerFields, type PartnerRow } from './partner.entity.js';

export interface PartnerFacts extends Facts<PartnerRow> {
  readonly organisation?: Organisation;
  readonly networkBodies: readonly string[];
  /** Subscriptions that are not over. */
  readonly subscriptions: readonly string[];
}

export const organisationIsKnown = guard<PartnerFacts>('REGISTER', 'organisationIsInTheRegister', ({ organisation }) => (organisation ? undefined : 'ORGANISATION_NOT_KNOWN'));
/** Decisions 6. */
export const notTheirOwn = guard<PartnerFacts>('TWO_PERSONS', 'nobodyJudgesTheOwnOrganisation', ({ row, caller }) => (caller.organisation === row.owner ? 'OWN_ORGANISATION' : undefined));
export const securityContactNamed = guard<PartnerFacts>('SECURITY', 'securityContactIsNamed', ({ row }) => (row.securityContact ? undefined : 'SECURITY_CONTACT_MISSING'));
export const servicesListed = guard<PartnerFacts>('CATALOGUE', 'servicesAreListed', ({ row }) => (row.services?.length ? undefined : 'SERVICES_MISSING'));

/** Nothing is sent any more to who is suspended or has left. IOM-DP 5. */
const endSubscriptions = ({ subscriptions }: PartnerFacts): Companion[] => subscriptions.map((id) => ({ lifecycle: 'Subscription', id, command: 'revokeSubscription', body: {}, as: 'DPO' }));

export const Partner = lifecycle<PartnerFacts>()({
  name: 'Partner', service: 'notifications', prefix: 'ptn', states: states.Partner.values, fields: partnerFields,
  parties: (row) => row.judges ?? [],
  standing: (row) => ({ DPO: row.judges ?? [], SUPERVISOR: row.judges ?? [], PARTNER_ADMIN: row.owner }),
  facts: async (read, { row }) => {
    const organisation = await organisationOf(read, row.owner);
    return {
      networkBodies: await judgesOf(read, row.owner),
      subscriptions: await read.sql<string>(`select to_jsonb(s.id) from subscription s where s.owner = $1->>0 and s.state in ('sub_pending', 'sub_active', 'sub_degraded', 'sub_paused', 'sub_disabled')`, [row.owner]),
      ...(organisation ? { organisation } : {}),
    };
  },
  wire: (row) => ({ organisation: row.owner, country: row.country, ...flagsOf(row.services ?? []), ...flagsOf(row.profiles ?? []) }),
  editable: {
    by: ['PARTNER_ADMIN'],
    in: ['applied_partner', 'verified', 'partner_active'], body: EditPartnerBody,
    notices: ({ row }) => (row.state === 'partner_active' ? [{ event: PartnerServicesChanged, data: {} }] : []),
  },
  rows: [
    // from                  command             to                    by                       guards   emits
    [NONE,                   'applyPartner',     'applied_partner',    ['PARTNER_ADMIN'],       [organisationIsKnown], PartnerApplied, {
      body: ApplyPartnerBody, set: ({ organisation, networkBodies }) => ({ publicName: organisation?.name, country: organisation?.country, judges: networkBodies }),
    }],
    [['applied_partner'],    'verifyPartner',    'verified',           ['DPO', 'SUPERVISOR'],   [
      notTheirOwn, attested('identityChecked', 'Who they are was checked', 'IOM-DP 5'), attested('registrationChecked', 'They are registered where they work', 'IOM-DP 5'),
      attested('safeguardingPolicyRead', 'Their safeguarding policy was read', 'IOM-DP 5'), attested('dataSharingAgreementWritten', 'There is a written data-sharing agreement', 'GDPR 28'),
    ], PartnerVerified, { approval: ['DPO', 'SUPERVISOR'] }],
    [['verified'],           'activatePartner',  'partner_active',     ['DPO'],                 [notTheirOwn, attested('secondFactorForAll', 'All their users sign in with a second factor', 'HTCDS 5'), securityContactNamed, servicesListed], PartnerActivated],
    [['partner_active'],     'suspendPartner',   'partner_suspended',  ['DPO'],                 [notTheirOwn], PartnerSuspended, { body: SuspendPartnerBody, companions: endSubscriptions }],
    [['partner_suspended'],  'activatePartner',  'partner_active',     ['DPO'],                 [notTheirOwn, attested('remedyProved', 'They have shown that it is remedied', 'IOM-DP 12')], PartnerActivated, { approval: ['DPO', 'SUPERVISOR'], set: () => ({ suspendedFor: undefined }) }],
    [['applied_partner', 'verified', 'partner_active', 'partner_suspended'], 'terminatePartner', 'partner_terminated', ['DPO', 'PARTNER_ADMIN'], [
      attested('dataReturnedOrDestroyed', 'What they got was given back or destroyed', 'IOM-DP 9'), attested('certificateFiled', 'The certificate of it is filed', 'IOM-DP 9'),
    ], PartnerTerminated, { companions: endSubscriptions }],
  ],
});
