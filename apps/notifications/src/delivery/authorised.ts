import { DirectedDetailChanged, ReceptionDetailChanged, events } from '@footbridge/contracts';
import type { Read } from '@footbridge/lifecycle';
import { consentState, inForce, isCleared, type KnownClearance, type KnownConsent } from '@footbridge/service';
import { isProtective } from './message.js';

/** Whether a piece of news may go to its organisation. `held`: contact is not cleared. `unknown`: nobody has told of what it depends on (yet). */
export type Authority = 'in force' | 'ended' | 'held' | 'unknown';
/** Two services speak at once, and what cleared a step may come just after what it allowed; news is at most 5 s late (decisions 15). */
export const HELD_AFTER_MS = 6_000;
/** The piece, as far as that depends on it. */
export interface Piece { readonly owner: string; readonly type?: string | undefined; readonly consentRef?: string | undefined; readonly caseRef?: string | undefined; readonly protective?: boolean | undefined }

/** Of a return only the origin side is told; a hold ends that at once (decisions 14), except for what stops something (A3). */
export const toOriginSide: readonly string[] = Object.values(events).filter((e) => e.service === 'returns' && e.audience === 'directed' && !isProtective(e)).map(({ type }) => type);
/** That something was put right is told while a restriction stands, too: it says to fetch, and what it was is not fetched before (DP-12, DP-13). */
const tellsOfRectification: readonly (string | undefined)[] = [DirectedDetailChanged.type, ReceptionDetailChanged.type];
const needsContact = ({ type }: Piece): boolean => type !== undefined && toOriginSide.includes(type);

/** Looked at at every attempt, every reading of the feed and every replay (reference 2.5.1). */
export const dependsOnOthers = (piece: Piece): boolean => piece.protective !== true && (piece.consentRef !== undefined || needsContact(piece));

export interface WhatIsKnown { readonly consent: KnownConsent | null; readonly contact: KnownClearance | null }
export const whatIsKnown = (consentRef: string, caseRef: string): string => `jsonb_build_object(
  'consent', (select jsonb_strip_nulls(jsonb_build_object('consent', k.consent, 'recipient', k.recipient, 'state', ${consentState}, 'validUntil', k.valid_until, 'categories', to_jsonb(k.categories))) from known_consent k where k.consent = ${consentRef}),
  'contact', (select jsonb_strip_nulls(jsonb_build_object('cleared', c.cleared, 'until', c.until)) from known_clearance c where c.case_ref = ${caseRef} and c.step = 'ORIGIN_CONTACT'))`;

export function judged(piece: Piece, { consent, contact }: WhatIsKnown, now: Date): Authority {
  if (!dependsOnOthers(piece)) return 'in force';
  // A consent is to one recipient (decisions 12): who has the news as its own, or as the sender, keeps it.
  if (consent !== null && consent.recipient === piece.owner && !inForce(consent, now) && !(consent.state === 'restricted' && tellsOfRectification.includes(piece.type))) return 'ended';
  if (piece.consentRef !== undefined && consent === null || needsContact(piece) && contact === null) return 'unknown';
  return needsContact(piece) && !isCleared(contact ?? undefined, now) ? 'held' : 'in force';
}

export async function authorityOf(read: Pick<Read, 'sql'>, piece: Piece, now: Date): Promise<Authority> {
  if (!dependsOnOthers(piece)) return 'in force';
  const [known] = await read.sql<WhatIsKnown>(`select ${whatIsKnown('$1->>0', '$1->>1')}`, [piece.consentRef ?? null, piece.caseRef ?? null]);
  return judged(piece, known ?? { consent: null, contact: null }, now);
}
