import { guard, type Facts } from '@footbridge/lifecycle';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import type { GuardianRow } from '../guardian-appointment/guardian-appointment.entity.js';
import type { CaseRow } from './case.entity.js';

/** What ties somebody to a case. Only the owner's assigned workers and supervision work on it as a whole. */
export type Standing = 'platform' | 'assigned' | 'supervision' | 'colleague' | 'opener' | 'recipient' | 'introduced' | 'stranger';

/** What the rules of everything that belongs to a case ask of it. */
export interface CaseContext {
  readonly case: CaseRow;
  readonly standing: Standing;
  /** At this moment (M1). */
  readonly isChild: boolean;
  /** Who speaks for the child now: `interim` or `appointed`. */
  readonly guardian?: GuardianRow;
  /** In force at this moment; none while a restriction stands (DP-13): whoever asks these discloses nothing then. */
  readonly consents: readonly ConsentRow[];
  /** The same whether or not a restriction stands: who may speak for her or record her word, and where a child is placed. */
  readonly agreed: readonly ConsentRow[];
}
/** Facts of whatever belongs to a case; absent where the case is not there. */
export interface InCase { readonly context?: CaseContext }

/** What facts say of the case. A colleague without it is not told what stands against a command (decisions 21). */
export const inCase = (context: CaseContext | undefined): Pick<Facts, 'isChild' | 'mayKnow'> & InCase =>
  (context ? { context, isChild: context.isChild, mayKnow: context.standing !== 'colleague' } : {});

/** Nothing new is begun for a case that is closed. */
export const caseIsOpen = guard<InCase>('CASE_OPEN', 'caseIsOpen', ({ context }) => (context && ['active', 'follow_up'].includes(context.case.state) ? undefined : 'CASE_NOT_OPEN'), { sensitive: true });

/** Decisions 3: knowing a reference is no work on the case. */
export const worksOnCase = (...others: readonly Standing[]) => guard<InCase>('ON_CASE', 'callerWorksOnTheCase', ({ context }) =>
  context && ['platform', 'assigned', 'supervision', ...others].includes(context.standing) ? undefined : 'NOT_ASSIGNED');

/** DP-13: what is contested stays where it is. */
export const notRestricted = guard<InCase>('DP-13', 'noRestrictionStands', ({ context }) => (context?.case.restrictedAt ? 'RESTRICTED' : undefined), { sensitive: true });
