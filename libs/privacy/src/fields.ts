import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { PersonalClass } from './data-class.js';
import { PrivacyRefusal } from './refusal.js';
import { Sealed, label, plaintextOf } from './sealed.js';

/** Where sealed fields belong. They open nowhere else. */
export interface FieldContext { readonly organisation: string; readonly table: string; readonly row: string }

/**
 * All personal fields of a row as one object, sealed with AES-256-GCM:
 *   1 byte format | 12 bytes random IV | ciphertext | 16 bytes tag
 * The plaintext is 4 bytes length, JSON, zeros up to the size class, so that the length of a column tells neither the
 * script of a name nor whether there is a phone number.
 */
const FORMAT = 1;
const IV = 12;
const TAG = 16;
const HEADER = 1 + IV;
const LENGTH = 4;
const SMALLEST = 256;
const STEP = 64 * 1024;
const LARGEST = 1024 * 1024;

/** Powers of two up to 64 kB, then steps of 64 kB: whichever is smaller. */
function sizeClass(size: number): number {
  if (size > LARGEST) throw new PrivacyRefusal('FIELDS_TOO_LARGE');
  let power = SMALLEST;
  while (power < size) power *= 2;
  return Math.min(power, Math.ceil(size / STEP) * STEP);
}

/** Drawn 12 kB at a time: one draw for each IV would cost half as much as the sealing itself. */
let pool = Buffer.alloc(0);

function nextIv(): Buffer {
  if (pool.length < IV) pool = randomBytes(12_288);
  const iv = pool.subarray(0, IV);
  pool = pool.subarray(IV);
  return iv;
}

function aadOf({ organisation, table, row }: FieldContext): Buffer {
  for (const part of [organisation, table, row]) if (typeof part !== 'string' || part === '' || part.includes('|')) throw new PrivacyRefusal('CONTEXT_INVALID');
  return Buffer.from(`${organisation}|${table}|${row}`);
}

/** Only what JSON gives back as it was: a `Date` or a `Map` would come back as something else. */
function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.every(isJson);
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === null || Object.getPrototypeOf(prototype) === null) && Object.values(value).every((member) => member === undefined || isJson(member));
}

/** One key per case and service (decisions 9). To destroy it, delete its wrapped form where it is kept: there is no other copy. */
export function newSubjectKey(): Buffer {
  return randomBytes(32);
}

/** @throws PrivacyRefusal KEY_INVALID, CONTEXT_INVALID, NOT_LABELLED, FIELD_NOT_JSON, FIELDS_TOO_LARGE */
export function sealFields(key: Buffer, fields: Readonly<Record<string, Sealed<unknown>>>, context: FieldContext): Buffer {
  if (key.length !== 32) throw new PrivacyRefusal('KEY_INVALID');
  const aad = aadOf(context);
  const json = textOf(fields);
  const size = Buffer.byteLength(json);
  const padded = sizeClass(LENGTH + size);

  const plain = Buffer.alloc(padded);
  plain.writeUInt32BE(size);
  plain.write(json, LENGTH);

  const out = Buffer.allocUnsafe(HEADER + padded + TAG);
  out[0] = FORMAT;
  const iv = nextIv();
  out.set(iv, 1);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(aad);
  cipher.update(plain).copy(out, HEADER);
  cipher.final();
  cipher.getAuthTag().copy(out, HEADER + padded);
  plain.fill(0);
  return out;
}

function textOf(fields: Readonly<Record<string, Sealed<unknown>>>): string {
  const values = Object.entries(fields).map(([name, sealed]) => {
    if (!Sealed.is(sealed)) throw new PrivacyRefusal('NOT_LABELLED');
    const value = plaintextOf(sealed);
    if (!isJson(value)) throw new PrivacyRefusal('FIELD_NOT_JSON');
    return [name, value] as const;
  });
  return JSON.stringify(Object.fromEntries(values));
}

/**
 * A field without a class in `classes` is `direct`. A wrong key, another row or table or organisation, and a flipped bit
 * are all told alike.
 * @throws PrivacyRefusal KEY_INVALID, CONTEXT_INVALID, UNSEAL_FAILED
 */
export function openFields(key: Buffer, bytes: Buffer, classes: Readonly<Record<string, PersonalClass>>, context: FieldContext): Record<string, Sealed<unknown>> {
  if (key.length !== 32) throw new PrivacyRefusal('KEY_INVALID');
  const aad = aadOf(context);
  const values = unsealed(key, bytes, aad);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, label<unknown, PersonalClass>((Object.hasOwn(classes, name) ? classes[name] : undefined) ?? 'direct', value)]));
}

function unsealed(key: Buffer, bytes: Buffer, aad: Buffer): object {
  if (bytes[0] !== FORMAT) throw new PrivacyRefusal('UNSEAL_FAILED');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, HEADER), { authTagLength: TAG });
    decipher.setAAD(aad);
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
    const plain = decipher.update(bytes.subarray(HEADER, bytes.length - TAG));
    decipher.final();
    const values: unknown = JSON.parse(plain.toString('utf8', LENGTH, LENGTH + plain.readUInt32BE()));
    plain.fill(0);
    if (typeof values === 'object' && values !== null) return values;
  } catch {
    // the error underneath may quote what it could not read
  }
  throw new PrivacyRefusal('UNSEAL_FAILED');
}
