import { IntakeConfirmed, IntakeNotAdmitted, IntakeNotTaken, IntakeOpened, IntakeRefused, IntakeRegistered, IntakeSource, IntakeState, NeutralReason } from '@footbridge/contracts';
import { NONE, guard, is, lifecycle, operational, type Companion, type Facts, type LifecycleSpec, type RowOf } from '@footbridge/lifecycle';
import { newRef, type Sealed } from '@footbridge/privacy';
import { hasRole } from '@footbridge/service';
import { randomUUID } from 'node:crypto';
import { PersonDetailsBody } from '../case/case.dto.js';
import { minorityOf } from '../case/minority.js';
import { mayOwnCases, organisationOf, type KnownOrganisation } from '../case/owner.js';
import type { Person } from '../case/person.dto.js';
import { seenWithCase } from '../case/visible.js';
import { ConsentTermsBody } from '../consent-record/consent-record.dto.js';

/** What a shelter has told in one request, and what became of it. References only: the person is in her case. */
export const intakeFields = {
  caseId: operational.uuid({ shown: 'nobody' }),
  stayId: operational.uuid({ shown: 'nobody' }),
  consentIds: operational.json<readonly string[]>({ shown: 'nobody' }),
  /** Given out in the answer, before anybody else knows of it. */
  intakeRef: operational.ref({ shown: 'nobody' }),
  stayRef: operational.ref({ shown: 'nobody' }),
  shelter: operational.ref(),
  arrivedAt: operational.instant(),
  sourceKind: operational.code(IntakeSource),
  broughtBy: operational.ref(),
  reason: operational.code(NeutralReason),
};
export type IntakeRow = RowOf<typeof intakeFields>;

export class IntakeSourceBody {
  @is.code(IntakeSource, { example: 'NGO' }) kind!: IntakeSource;
  /** Becomes a party of a referral of its own, where there is one, and of nothing else. */
  @is.organisation({ optional: true }) organisation?: string;
}
/** Decisions 24: a shelter's intake in one request. Every part but `shelter` and `arrivedAt` may be missing. */
export class IntakeBody extends PersonDetailsBody {
  @is.ref('shl') shelter!: string;
  @is.instant({ example: '2026-05-24T03:40:00Z' }) arrivedAt!: string;
  @is.nested(() => IntakeSourceBody, { optional: true }) source?: IntakeSourceBody;
  /** Agreed to on the form. A child's stay `requested` until the guardian gives them. */
  @is.list(() => ConsentTermsBody, { optional: true, max: 16 }) consents?: ConsentTermsBody[];
}
export class NotTakenBody { @is.code(NeutralReason, { optional: true }) reason?: NeutralReason; }

export interface IntakeFacts extends Facts<IntakeRow> {
  readonly shelterOwner?: string;
  readonly house?: KnownOrganisation;
}

const shelterKnown = guard<IntakeFacts>('SHELTER', 'shelterIsKnownHere', ({ shelterOwner }) => (shelterOwner ? undefined : 'NOT_YET_KNOWN'), { retry: true });
const ownShelter = guard<IntakeFacts>('SHELTER', 'shelterIsTheCallersOwn', ({ shelterOwner, caller }) => (shelterOwner === undefined || shelterOwner === caller.organisation ? undefined : 'FOREIGN_SHELTER'));
/** A house of police or an embassy owns no cases (decisions 3). */
const mayOwn = guard<IntakeFacts>('OWNER', 'houseMayOwnCases', ({ house }) => (!house ? 'OPENER_NOT_KNOWN' : mayOwnCases(house) ? undefined : 'NEVER_OWNS_CASES'), { retry: true });
const arrivalIsPast = guard<IntakeFacts>('ARRIVAL', 'personHasArrived', ({ row }, now) => (row.arrivedAt && Date.parse(row.arrivedAt) > now.getTime() + 3_600_000 ? 'NOT_YET_ARRIVED' : undefined));

type Body = Readonly<Record<string, unknown>>;
const sourceOf = (body: Body): Partial<IntakeSourceBody> => (body['source'] ?? {}) as Partial<IntakeSourceBody>;

/** Case with what M1 and M2 demand, and the consents of the form, in the intake's own transaction. */
function companions({ row, body, caller }: IntakeFacts, now: Date): Companion[] {
  const { person, trafficking, health, needs, ageBelief, unaccompanied } = body;
  const { isChild } = minorityOf(person as Sealed<Person, 'direct'> | undefined, ageBelief as Parameters<typeof minorityOf>[1], now);
  const isAdult = isChild.test((c) => !c);
  const consents = (body['consents'] ?? []) as readonly ConsentTermsBody[];
  return [
    { lifecycle: 'Case', command: 'openCase', as: caller.role, creates: row.caseId ?? '', body: defined({ purpose: 'ASSISTANCE', caseRef: row.caseRef, openedAt: row.arrivedAt, broughtBy: row.broughtBy, person, trafficking, health, needs, ageBelief, unaccompanied }) },
    ...consents.flatMap((terms, i): Companion[] => {
      const id = row.consentIds?.[i] ?? '';
      return [
        { lifecycle: 'ConsentRecord', command: 'requestConsent', as: caller.role, creates: id, body: { ...terms, caseId: row.caseId, caseRef: row.caseRef } },
        ...(isAdult ? [{ lifecycle: 'ConsentRecord', command: 'give', as: 'PERSON' as const, id, body: { capacity: true, freely: true, medium: terms.medium ?? 'written' } }] : []),
      ];
    }),
  ];
}
const defined = (body: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(body).filter(([, v]) => v !== undefined));

export const Intake: LifecycleSpec<IntakeState, typeof intakeFields, IntakeFacts> = lifecycle<IntakeFacts>()({
  name: 'Intake', service: 'referrals', prefix: 'int', states: IntakeState.values, fields: intakeFields, created: 'by companion',
  links: { case: { kind: 'cas', column: 'caseId', collection: 'cases' }, stay: { kind: 'sty', column: 'stayId', collection: 'stays' } },
  facts: async (read, { row, command }) => {
    if (command !== 'registerIntake') return {};
    const house = await organisationOf(read, row.owner);
    const [known] = await read.sql<{ organisation: string }>('select to_jsonb(k) from known_shelter k where k.shelter = $1->>0', [row.shelter]);
    return { ...(known ? { shelterOwner: known.organisation } : {}), ...(house ? { house } : {}) };
  },
  visible: `(${seenWithCase} or (t.owner = ($1->>0) and ${hasRole('SHELTER_MANAGER')}))`,
  about: (row) => row.stayId,
  wire: (row) => ({ shelter: row.shelter, organisation: row.owner, emergencyPlacement: row.sourceKind === 'POLICE' }),
  reactions: [
    { on: IntakeOpened, command: 'confirm', as: 'PLATFORM', where: ({ aggregate }) => ({ stayId: aggregate }) },
    { on: IntakeRefused, command: 'refuse', as: 'PLATFORM', where: ({ data }) => ({ intakeRef: data['intake'] }), body: ({ data }) => ({ reason: data['reason'] }) },
    { on: IntakeNotAdmitted, command: 'refuse', as: 'PLATFORM', where: ({ aggregate }) => ({ stayId: aggregate }), body: ({ data }) => ({ reason: data['reason'] ?? 'ADMINISTRATIVE' }) },
  ],
  rows: [
    // from                   command           to         by                  guards                                     emits
    [NONE,                    'registerIntake', 'pending', ['SHELTER_INTAKE'], [shelterKnown, ownShelter, mayOwn, arrivalIsPast], IntakeRegistered, {
      body: IntakeBody,
      set: ({ body }) => ({
        caseRef: newRef('csr'), caseId: randomUUID(), stayId: randomUUID(), intakeRef: newRef('int'), stayRef: newRef('sty'), sourceKind: sourceOf(body).kind ?? 'SELF', broughtBy: sourceOf(body).organisation,
        consentIds: ((body['consents'] ?? []) as readonly unknown[]).map(() => randomUUID()),
      }),
      introduces: ({ row }) => [
        { organisation: row.owner, kind: 'int', aggregate: row.id, ref: row.intakeRef ?? '' },
        { organisation: row.owner, kind: 'sty', aggregate: row.stayId ?? '', ref: row.stayRef ?? '', as: 'stay' },
        { organisation: row.owner, kind: 'cas', aggregate: row.caseId ?? '', as: 'ownerCase' },
      ],
      companions,
    }],
    [['pending'],             'confirm',        'opened',  ['PLATFORM'],       [],                                        IntakeConfirmed],
    [['pending', 'opened'],   'refuse',         'refused', ['PLATFORM'],       [],                                        IntakeNotTaken, { body: NotTakenBody }],
  ],
});
