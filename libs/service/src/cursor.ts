import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from './problem.js';

/** Opaque place in a list: signed together with the list's name, so that nobody makes one up or carries it elsewhere. */
export interface Place { readonly at: string; readonly id: string }
export function cursorOf(list: string, place: Place, secret: Buffer): string {
  const body = Buffer.from(JSON.stringify([place.at, place.id])).toString('base64url');
  return `${body}.${sign(list, body, secret)}`;
}
export function placeOf(list: string, cursor: string, secret: Buffer): Place {
  const body = cursor.split('.', 1)[0] ?? '';
  const [given, expected] = [Buffer.from(cursor), Buffer.from(`${body}.${sign(list, body, secret)}`)];
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Problem('validation-failed', { errors: [{ pointer: '/cursor', code: 'cursor', detail: 'Send the cursor of the page before as it is, or none.' }] });
  }
  const [at, id] = JSON.parse(Buffer.from(body, 'base64url').toString()) as [string, string];
  return { at, id };
}
const sign = (list: string, body: string, secret: Buffer): string => createHmac('sha256', secret).update(`${list}\n${body}`).digest('base64url').slice(0, 22);
