import type { Companion } from '@footbridge/lifecycle';
import type { CaseContext } from './case-rules.js';

/**
 * What appears in a case and stands against something (a hold, an alert, an assessment) moves the case: closing it, or sending
 * something out of it, was decided on what was there, and is decided again. A version watches rows that are there; this watches for
 * those that are not yet.
 */
export const movesCase = ({ case: { id } }: CaseContext): Companion => ({ lifecycle: 'Case', id, command: 'learn', learns: true, body: {}, as: 'PLATFORM' });
