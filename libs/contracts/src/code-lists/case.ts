import { codeList } from '@footbridge/privacy';

/** RHB 2.7 names the first six and death. */
export const ClosureReason = codeList('ClosureReason', [
  'PLAN_COMPLETED', 'PERSON_ENDED', 'LEFT_AREA', 'NO_LONGER_ELIGIBLE', 'FUNDING_ENDED', 'SECURITY_SUSPENSION', 'CONTACT_LOST', 'DECEASED', 'TRANSFERRED', 'ENTERED_IN_ERROR',
], 'special');
export type ClosureReason = (typeof ClosureReason.values)[number];

export const RiskType = codeList('RiskType', ['FIRST_CONTACT', 'TRANSFER', 'SHELTER', 'RETURN', 'REINTEGRATION', 'MEDIA'], 'special');
export type RiskType = (typeof RiskType.values)[number];

export const RiskLevel = codeList('RiskLevel', ['LOW', 'MEDIUM', 'HIGH', 'EXTREME'], 'special');
export type RiskLevel = (typeof RiskLevel.values)[number];

/**
 * What other services may know of consents, holds, guardians and risk: one neutral answer per step (decisions 14). Default: not
 * cleared. `GUARDIAN`: an interim or appointed guardian speaks for her, so that a worker may act for one (decisions 4).
 */
export const ClearanceStep = codeList('ClearanceStep', ['PLACEMENT', 'ORIGIN_CONTACT', 'EMBASSY_CONTACT', 'FAMILY_CONTACT', 'RETURN_ASSESSMENT', 'DEPARTURE', 'GUARDIAN']);
export type ClearanceStep = (typeof ClearanceStep.values)[number];

/** Why a hold stands; never leaves the owner's assigned workers. PAL 14; UNHCR-C; KZ 96. */
export const HoldGround = codeList('HoldGround', ['PROTECTION', 'LEGAL_STAY'], 'special');
export type HoldGround = (typeof HoldGround.values)[number];

export const HoldState = codeList('HoldState', ['placed', 'lifted']);
export type HoldState = (typeof HoldState.values)[number];

/** Whom a hold forbids to be contacted (SG7). */
export const HeldRecipient = codeList('HeldRecipient', ['ORIGIN_AUTHORITY', 'EMBASSY', 'ORIGIN_OFFICE', 'FAMILY'], 'special');
export type HeldRecipient = (typeof HeldRecipient.values)[number];

/** Why a guardianship ends; MAJORITY by an authority needs a multidisciplinary age assessment (M1). GC6 33-38. */
export const GuardianshipEnd = codeList('GuardianshipEnd', ['MAJORITY', 'TRANSFER_TO_ORIGIN_GUARDIAN', 'RETURN_TO_SAFE_PARENTS'], 'special');
export type GuardianshipEnd = (typeof GuardianshipEnd.values)[number];

/** The only grounds of a disclosure without consent (U4). That somebody may be a victim is none (U5). */
export const OverrideGround = codeList('OverrideGround', ['DANGER_TO_LIFE', 'CHILD_ABUSE', 'LEGAL_DUTY'], 'special');
export type OverrideGround = (typeof OverrideGround.values)[number];

/** U6. */
export const SafetyAlertState = codeList('SafetyAlertState', ['raised', 'cleared']);
export type SafetyAlertState = (typeof SafetyAlertState.values)[number];

/** Who brought the person; SEED 4, reference 2.0 (REFERRER). POLICE is an emergency placement of 24 h, not a decision. */
export const IntakeSource = codeList('IntakeSource', ['SELF', 'POLICE', 'NGO', 'MISSION', 'HOTLINE', 'OTHER']);
export type IntakeSource = (typeof IntakeSource.values)[number];

/** What `GET /v1/intakes/{id}` says (decisions 24). */
export const IntakeState = codeList('IntakeState', ['pending', 'opened', 'refused']);
export type IntakeState = (typeof IntakeState.values)[number];
