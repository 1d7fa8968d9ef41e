import { FIELD_NAME, checked, fieldsOf, type Fields } from './payload.js';
import { PrivacyRefusal } from './refusal.js';
import { WireSchema, type WireObject } from './wire.js';

/**
 * A mail of the closed list: subject and text are written here and now, `{name}` is a slot. `{address}` is the address
 * of this instance; every other slot is a wire type. A mail is read by many, so no slot may hold a reference (G1).
 */
export interface MailTemplate<O extends WireObject = WireObject> {
  readonly name: string;
  readonly subject: string;
  readonly text: string;
  readonly slots: O;
}
export interface MailText { readonly subject: string; readonly text: string }

interface MailPlan { readonly template: MailTemplate; readonly fields: Fields }

const NAME = /^[a-z]+(?:-[a-z]+)*$/;
const SLOT = /\{([^{}]*)\}/g;
const KINDS: readonly string[] = ['code', 'band', 'period', 'version', 'boolean'];
const LONGEST_ADDRESS = 200;

const planned = new WeakMap<MailTemplate, MailPlan>();

/** @throws PrivacyRefusal MAIL_INVALID, CLASS_NOT_ALLOWED */
function planOf(template: MailTemplate): MailPlan {
  const known = planned.get(template);
  if (known) return known;
  const { name, subject, text, slots } = template;
  const invalid = (): never => { throw new PrivacyRefusal('MAIL_INVALID'); };
  if (!NAME.test(name) || subject === '' || text === '' || /[\r\n{}]/.test(subject)) invalid();
  const fields = fieldsOf(Object.entries(slots).map(([slot, schema]) => {
    if (!FIELD_NAME.test(slot) || slot === 'address' || !WireSchema.is(schema) || schema.optional || !KINDS.includes(schema.kind)) return invalid();
    if (schema.dataClass !== 'open' && schema.dataClass !== 'operational') throw new PrivacyRefusal('CLASS_NOT_ALLOWED', `/${slot}`);
    return { name: slot, key: slot, schema };
  }));
  for (const [, slot] of text.matchAll(SLOT)) if (slot !== 'address' && !fields.names.has(String(slot))) invalid();
  const plan = { template: { name, subject, text, slots }, fields };
  planned.set(template, plan);
  return plan;
}

/** @throws PrivacyRefusal those of a template, of its slots, and ADDRESS_INVALID */
export function mailText(template: MailTemplate, slots: unknown, address: string): MailText {
  const { template: { subject, text }, fields } = planOf(template);
  const values = new Map([...checked(fields, slots, 'service')].map(([{ name }, value]) => [name, value]));
  if (!isInstanceAddress(address)) throw new PrivacyRefusal('ADDRESS_INVALID');
  return { subject, text: text.replace(SLOT, (_, slot: string) => (slot === 'address' ? address : String(values.get(slot)))) };
}

/** Where the instance is: scheme and host, and at most a folder; no user, no query, no fragment. */
function isInstanceAddress(text: string): boolean {
  if (text.length > LONGEST_ADDRESS || !URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '' && search === '' && hash === '' && !/[\s{}]/.test(text);
}
