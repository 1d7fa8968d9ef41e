import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Problem } from './problem.js';

/** Opaque place in a list: it names rows by what only this instance knows (decisions 8), so it is sealed, and together with the list's name, so that nobody makes one up or carries it elsewhere. */
export interface Place { readonly at: string; readonly id: string }
const [IV, TAG] = [12, 16];
/** All cursors are as long: of a place in the feed the number of digits would count everybody's news. */
const LENGTH = 96;
const keyOf = (secret: Buffer): Buffer => Buffer.from(hkdfSync('sha256', secret, '', 'footbridge cursor', 32));

export function cursorOf(list: string, place: Place, secret: Buffer): string {
  const iv = randomBytes(IV);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret), iv).setAAD(Buffer.from(list));
  return Buffer.concat([iv, cipher.update(JSON.stringify([place.at, place.id]).padEnd(LENGTH)), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}
export function placeOf(list: string, cursor: string, secret: Buffer): Place {
  try {
    const sealed = Buffer.from(cursor, 'base64url');
    if (sealed.toString('base64url') !== cursor) throw new Error('not as it was given');
    const opener = createDecipheriv('aes-256-gcm', keyOf(secret), sealed.subarray(0, IV), { authTagLength: TAG }).setAAD(Buffer.from(list)).setAuthTag(sealed.subarray(-TAG));
    const [at, id] = JSON.parse(`${opener.update(sealed.subarray(IV, -TAG)).toString()}${opener.final().toString()}`) as [string, string];
    return { at, id };
  } catch {
    throw new Problem('validation-failed', { errors: [{ pointer: '/cursor', code: 'cursor', detail: 'Send the cursor of the page before as it is, or none.' }] });
  }
}
