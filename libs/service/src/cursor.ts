import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from './problem.js';

/** Opaque place in a list: signed, so that nobody makes one up. */
export interface Place { readonly at: string; readonly id: string }
export function cursorOf(place: Place, secret: Buffer): string {
  const body = Buffer.from(JSON.stringify([place.at, place.id])).toString('base64url');
  return `${body}.${sign(body, secret)}`;
}
export function placeOf(cursor: string, secret: Buffer): Place {
  const [body, signature] = cursor.split('.');
  const expected = body ? sign(body, secret) : '';
  if (!body || !signature || signature.length !== expected.length || !timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) {
    throw new Problem('validation-failed', { errors: [{ pointer: '/cursor', code: 'cursor', detail: 'Send the cursor of the page before as it is, or none.' }] });
  }
  const [at, id] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [string, string];
  return { at, id };
}
const sign = (body: string, secret: Buffer): string => createHmac('sha256', secret).update(body).digest('base64url').slice(0, 22);
