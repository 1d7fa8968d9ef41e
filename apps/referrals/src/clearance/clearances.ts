import { ClearanceStep, type ConsentPurpose, type HeldRecipient, type RiskLevel } from '@footbridge/contracts';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import { givenByGuardian } from '../consent-record/in-force.js';
import { holds } from '../hold/held.js';
import type { HoldRow } from '../hold/hold.entity.js';
import { newestValid } from '../risk-assessment/newest.js';
import type { RiskRow } from '../risk-assessment/risk-assessment.entity.js';

/** Everything that clears a step, as far as this service has it. */
export interface ClearanceFacts {
  readonly caseIsOpen: boolean;
  /** Nothing more is disclosed to anybody (DP-13). */
  readonly isRestricted?: boolean;
  readonly isChild: boolean;
  /** Somebody speaks for the child: `interim` or `appointed`. */
  readonly hasGuardian: boolean;
  /** In force now. */
  readonly consents: readonly Pick<ConsentRow, 'purpose' | 'recipient' | 'validUntil' | 'givenBy' | 'childAgrees' | 'viewsMissing' | 'bestInterestsAssessed'>[];
  /** Organisations that are known to run a shelter. */
  readonly houses: readonly string[];
  readonly holds: readonly Pick<HoldRow, 'heldRecipients' | 'ground'>[];
  readonly risks: readonly Pick<RiskRow, 'type' | 'level' | 'plan' | 'completedAt' | 'validUntil'>[];
  readonly hasSafetyAlert: boolean;
}
export interface Clearance { readonly step: ClearanceStep; readonly cleared: boolean; readonly until?: string; readonly reasons: readonly string[] }

/** Valid up to and including the earliest of these days. */
const earliest = (days: readonly (string | undefined)[]): string | undefined => days.filter((d): d is string => d !== undefined).sort()[0];
const latestFirst = (a: { validUntil?: string }, b: { validUntil?: string }): number => (b.validUntil ?? '9999').localeCompare(a.validUntil ?? '9999');

interface Finding { readonly reasons: readonly (string | false | undefined)[]; readonly until?: readonly (string | undefined)[] }

/**
 * Decisions 14: the steps, each cleared only by what stands for it; whatever is missing is named. RG1, RG4 and, for an
 * adult, the countersign of RG8 belong to aggregates that do not exist yet: they are asked in `returns`.
 */
export function clearances(f: ClearanceFacts, now: Date): readonly Clearance[] {
  const consentFor = (purpose: ConsentPurpose): ClearanceFacts['consents'][number] | undefined => f.consents.filter((c) => c.purpose === purpose).sort(latestFirst)[0];
  const isHeld = (...held: readonly HeldRecipient[]): boolean => f.holds.some((h) => held.some((who) => holds(h, who)) || isLegalStay(h));
  const isPlacement = ({ purpose, recipient }: ClearanceFacts['consents'][number]): boolean => purpose === 'SHELTER_PLACEMENT' || (purpose === 'REFERRAL_DISCLOSURE' && recipient !== undefined && f.houses.includes(recipient));
  const withoutGuardian = f.isChild && !f.hasGuardian && 'GUARDIAN_MISSING';

  /** M3, M6, M7: the guardian has agreed to the placement, or to a referral to a house, after a best-interests assessment, and the child was heard. */
  const placement = (): Finding => {
    if (!f.isChild) return { reasons: [] };
    const decided = f.consents.filter((c) => isPlacement(c) && givenByGuardian(c) && c.bestInterestsAssessed?.test((b) => b) && (c.childAgrees ?? c.viewsMissing)).sort(latestFirst)[0];
    return { reasons: [withoutGuardian, !decided && 'PLACEMENT_NOT_DECIDED'], until: [decided?.validUntil] };
  };
  const guardian = (): Finding => ({ reasons: [!f.isChild && 'NOT_A_CHILD', withoutGuardian] });
  const contact = (purpose: ConsentPurpose, ...held: readonly HeldRecipient[]): Finding => {
    const consent = consentFor(purpose);
    return { reasons: [isHeld(...held) && 'HOLD', f.isRestricted && 'RESTRICTED', !consent && 'CONSENT_MISSING', withoutGuardian], until: [consent?.validUntil] };
  };
  const family = (): Finding => {
    const consent = consentFor('FAMILY_CONTACT');
    const { reasons, until } = contact('FAMILY_CONTACT', 'FAMILY');
    return { reasons: [...reasons, f.isChild && consent && !consent.bestInterestsAssessed?.test((b) => b) && 'BEST_INTERESTS_NOT_ASSESSED'], until: until ?? [] };
  };
  /** RG1-RG5 and RG8 as far as their facts are here. A child's return waits for the best-interests determination (RG5, M7). */
  const goingHome = (): Finding => {
    const risk = newestValid(f.risks, ['RETURN'], now);
    return {
      reasons: [f.holds.length > 0 && 'HOLD', !risk && 'RETURN_RISK_NOT_ASSESSED', risk && !isAcceptable(risk) && 'RISK_TOO_HIGH', withoutGuardian, f.isChild && 'BEST_INTERESTS_NOT_DETERMINED'],
      until: [risk?.validUntil],
    };
  };
  const departure = (): Finding => {
    const { reasons, until } = goingHome();
    return { reasons: [...reasons, f.hasSafetyAlert && 'SAFETY_ALERT'], until: until ?? [] };
  };

  const findings: Readonly<Record<ClearanceStep, Finding>> = {
    PLACEMENT: placement(),
    ORIGIN_CONTACT: contact('ORIGIN_OFFICE_DISCLOSURE', 'ORIGIN_OFFICE', 'ORIGIN_AUTHORITY'),
    EMBASSY_CONTACT: contact('EMBASSY_CONTACT', 'EMBASSY'),
    FAMILY_CONTACT: family(),
    RETURN_ASSESSMENT: goingHome(),
    DEPARTURE: departure(),
    GUARDIAN: guardian(),
  };
  return ClearanceStep.values.map((step) => {
    // Who speaks for a child speaks for her in another country too, when the case here is closed.
    const reasons = [...(f.caseIsOpen || step === 'GUARDIAN' ? [] : ['CASE_NOT_OPEN']), ...findings[step].reasons.filter((r): r is string => typeof r === 'string')];
    const until = earliest(findings[step].until ?? []);
    return { step, cleared: reasons.length === 0, reasons, ...(reasons.length === 0 && until !== undefined ? { until } : {}) };
  });
}

/** A legal stay keeps everybody away from her, whatever side they are on (L5). */
const isLegalStay = (h: Pick<HoldRow, 'ground'>): boolean => h.ground?.test((g) => g === 'LEGAL_STAY') ?? false;
/** "Acceptable with mitigation": never EXTREME, HIGH only with a plan (RG3). */
const isAcceptable = ({ level, plan }: Pick<RiskRow, 'level' | 'plan'>): boolean => {
  const is = (...levels: readonly RiskLevel[]): boolean => level?.test((l) => levels.includes(l)) ?? false;
  return is('LOW', 'MEDIUM') || (is('HIGH') && plan !== undefined);
};
