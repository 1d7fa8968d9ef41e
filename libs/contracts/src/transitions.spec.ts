import { readFileSync } from 'node:fs';
import { events, lifecyclePrefix, roles, states, type ContractEvent } from './index.js';

const [header = '', ...lines] = readFileSync(new URL('../../../docs/reference/transitions.tsv', import.meta.url), 'utf8').trimEnd().split('\n');
const columns = header.split('\t');
const list = (text: string): string[] => text.split(', ');
const rows = lines.map((line) => {
  const cell = (name: string): string => line.split('\t')[columns.indexOf(name)] ?? '';
  return { service: cell('service'), lifecycle: cell('lifecycle'), from: list(cell('from')), to: cell('to'), who: list(cell('who')), emits: cell('emits') };
});
/** The lifecycles that run; the others have their states only. */
const running = [
  'Case', 'Identification', 'ConsentRecord', 'GuardianAppointment', 'RiskAssessment', 'Referral', 'Shelter', 'BedReservation', 'Stay', 'ReturnCase', 'ReceptionPlan',
  'ReintegrationCase', 'Partner', 'Subscription', 'Delivery',
];
const named = new Map<string, ContractEvent>(Object.values(events).map((event) => [event.name, event]));

describe('the reference tables', () => {
  it('are all there', () => { expect(rows).toHaveLength(182); });

  it('give every lifecycle its states, in order of appearance', () => {
    const appearing = new Map<string, string[]>();
    for (const { lifecycle, from, to } of rows) {
      const known = appearing.get(lifecycle) ?? [];
      for (const state of [...from, to]) if (state !== '∅' && !known.includes(state)) known.push(state);
      appearing.set(lifecycle, known);
    }
    expect(Object.fromEntries(Object.entries(states).map(([name, { values }]) => [name, values]))).toEqual(Object.fromEntries(appearing));
    expect(Object.keys(lifecyclePrefix).sort()).toEqual([...appearing.keys()].sort());
  });

  it('name no role that is not in the list', () => {
    expect(rows.flatMap(({ who }) => who).filter((role) => !roles.some((known) => known === role))).toEqual([]);
  });

  it('emit, in the lifecycles that run, only events that are declared, by their own service', () => {
    const emitted = rows.filter(({ lifecycle }) => running.includes(lifecycle));
    expect(new Set(emitted.map(({ lifecycle }) => lifecycle)).size).toBe(running.length);
    expect(emitted.filter(({ emits, service }) => named.get(emits)?.service !== service)).toEqual([]);
  });

  it('lead, by an event that reports a state, to exactly the states that it can report', () => {
    const reached = new Map<string, Set<string>>();
    for (const { lifecycle, emits, to } of rows.filter((row) => running.includes(row.lifecycle) && row.lifecycle !== 'Identification')) {
      reached.set(emits, (reached.get(emits) ?? new Set()).add(to));
      const state = named.get(emits)?.data['state'];
      if (state) expect([emits, state.list?.name]).toEqual([emits, lifecycle]);
    }
    for (const [emits, to] of reached) {
      const state = named.get(emits)?.data['state'];
      if (state) expect([emits, ...[...(state.list?.values ?? [])].sort()]).toEqual([emits, ...[...to].sort()]);
    }
  });

  it('are the only source of transition events: the others are declared here by name', () => {
    const transitions = new Set(rows.map(({ emits }) => emits));
    expect([...named.keys()].filter((name) => !transitions.has(name)).sort()).toEqual([
      'AccountDisabled', 'AccountEnabled', 'AgreementEnded', 'AgreementSigned', 'AuditRootKeptByNotifications', 'AuditRootKeptByReferrals', 'AuditRootKeptByReintegration', 'AuditRootKeptByReturns', 'AuditRootKeptByShelters', 'AuditRootSignedByNotifications', 'AuditRootSignedByReferrals', 'AuditRootSignedByReintegration',
      'AuditRootSignedByReturns', 'AuditRootSignedByShelters', 'BedRequestAnswered', 'BedRequestWithdrawn', 'BedRequested', 'BreakGlassConfirmed', 'BreakGlassEnded', 'BreakGlassOpened',
      'BreakGlassReviewed', 'CapacityBandPublished', 'CaseErasedByNotifications', 'CaseErasedByReintegration', 'CaseErasedByReturns', 'CaseErasedByShelters', 'CaseReferenceExchanged',
      'ClearanceChanged', 'ConsentScopeRecalled', 'ContinuityCodeEnded', 'ContinuityCodeIssued', 'ContinuityCodeSeen', 'ContinuityCodeUsed', 'DirectedDetailChanged', 'ExactReleaseEnded',
      'ExactlyReleased', 'ExportAllowed', 'ExportFinished', 'ExportLapsed', 'ExportRevoked', 'ExportStarted', 'FailedReceptionRecorded', 'FailedReceptionReviewed', 'FetchedDetailChanged',
      'IdentityAvailable', 'IdentityCollected', 'IdentityDestroyed', 'IntakeConfirmed', 'IntakeNotTaken', 'IntakeRefused', 'IntakeRegistered', 'KeysLocked', 'KeysRewrappedByNotifications',
      'KeysRewrappedByReferrals', 'KeysRewrappedByReintegration', 'KeysRewrappedByReturns', 'KeysRewrappedByShelters', 'KeysRotated', 'KeysUnlocked', 'LegalHoldEnded', 'LegalHoldPlaced',
      'LegalHoldReviewed', 'OldKeysDestroyed', 'OrganisationAdded', 'OrganisationDisabled', 'OrganisationEnabled', 'PartnerServicesChanged', 'ReceptionDetailChanged',
      'RecipientDeletionConfirmed', 'RecipientKeyConfirmed', 'RecipientKeyPublished', 'RecipientKeyRetired', 'RestrictionChanged', 'RightsRequestEnded', 'RightsRequestExtended',
      'RightsRequestGranted', 'RightsRequestPartlyGranted', 'RightsRequestReceived', 'RightsRequestRefused', 'RightsRequestWithdrawn', 'SafetyAlertCleared', 'SafetyAlertRaised',
      'StatisticsCounted', 'StatisticsOrderRefused', 'StatisticsOrdered', 'StatisticsReleased', 'SubscriptionChallenge',
    ]);
  });
});
