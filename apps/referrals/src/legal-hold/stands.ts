import { endOf } from '../consent-record/in-force.js';
import type { LegalHoldRow } from './legal-hold.entity.js';

/** A hold that nobody has looked at again is none: only a reviewed one keeps anything (DP-20). */
export const stands = ({ state, reviewOn }: Pick<LegalHoldRow, 'state' | 'reviewOn'>, now: Date): boolean => state === 'standing' && reviewOn !== undefined && now < endOf(reviewOn);
