/**
 * What must not compile, and what must (T01). `wire-safe.spec.ts` runs the compiler over this file: where an expected
 * error no longer appears, the directive itself becomes the error.
 */
import type { Code, Day, Period, Ref, Version } from './brand.js';
import { codeList } from './code-list.js';
import { payloadOf, type EventDef } from './event.js';
import type { Gate } from './gate.js';
import { label, type Sealed } from './sealed.js';
import { wire } from './wire.js';
import type { WireSafe } from './wire-safe.js';

declare function send<P>(payload: P & WireSafe<P>): void;
declare const gate: Gate;
declare const ref: Ref<'rfr'>;
declare const org: Ref<'org'>;
declare const state: Code<'sent' | 'accepted'>;
declare const period: Period;
declare const day: Day;
declare const version: Version;
declare const text: string;
declare const count: number;
declare const untyped: unknown;
declare const maybe: Ref<'rfr'> | string;
declare const tagged: Ref<'rfr'> & { readonly familyName: string };
declare const row: Readonly<Record<string, unknown>>;
const name = label('direct', 'Qezvxwoj');
const anything = JSON.parse('{}');

const State = codeList('State', ['sent', 'accepted']);
const data = { referral: wire.ref('rfr'), state: wire.code(State), until: wire.optional(wire.day) };
const sent: EventDef<typeof data> = { type: 'footbridge.referrals.referral-sent.v1', service: 'referrals', name: 'ReferralSent', audience: 'directed', data };

// What may travel.
send({ ref });
send({ ref, state, period, day, version, urgent: true, from: org });
send({ nested: { ref, states: [state, state] as const }, missing: undefined });
payloadOf(sent, { referral: ref, state });
payloadOf(sent, { referral: ref, state, until: day });
gate.encode(sent, untyped, {});
gate.encode(sent, row, {});
const same: string = ref;
const isSent: boolean = state === 'sent';
export const used = [same, isSent];

// @ts-expect-error: labelled value
send({ ref, name });
// @ts-expect-error: labelled value by itself
send(name);
// @ts-expect-error: labelled value, nested
send({ ref, person: { contact: { name } } });
// @ts-expect-error: labelled value, spread
send({ ...{ name }, ref });
// @ts-expect-error: labelled value in an array
send({ ref, names: [name] });
// @ts-expect-error: labelled value in a tuple
send({ ref, pair: [ref, name] as const });
// @ts-expect-error: labelled value in a union
send({ ref, who: ref as Ref<'rfr'> | Sealed<string> });
// @ts-expect-error: labelled value, optional
send({ ref } as { ref: Ref<'rfr'>; name?: Sealed<string> });
// @ts-expect-error: bare string
send({ ref, note: text });
// @ts-expect-error: string literal
send({ ref, note: 'sent' as const });
// @ts-expect-error: template string
send({ ref, note: `for ${text}` });
// @ts-expect-error: template string of a reference
send({ ref: `${ref}` });
// @ts-expect-error: number
send({ ref, age: count });
// @ts-expect-error: bigint
send({ ref, age: 17n });
// @ts-expect-error: any as a leaf
send({ ref, note: anything });
// @ts-expect-error: any as the payload
send(anything);
// @ts-expect-error: unknown as a leaf
send({ ref, note: untyped });
// @ts-expect-error: unknown as the payload
send(untyped);
// @ts-expect-error: index signature
send(row);
// @ts-expect-error: index signature, nested
send({ ref, details: row });
// @ts-expect-error: Date
send({ ref, at: new Date() });
// @ts-expect-error: Map
send({ ref, map: new Map([['name', ref]]) });
// @ts-expect-error: Set
send({ ref, set: new Set([ref]) });
// @ts-expect-error: Promise
send({ ref, later: Promise.resolve(ref) });
// @ts-expect-error: function
send({ ref, toJSON: () => text });
// @ts-expect-error: Buffer
send({ ref, bytes: Buffer.from(text) });
// @ts-expect-error: reference or string
send({ ref: maybe });
// @ts-expect-error: reference with extra members
send({ ref: tagged });
// @ts-expect-error: nothing is declared
send({});
// @ts-expect-error: Error
send({ ref, error: new Error(text) });

// @ts-expect-error: undeclared field
payloadOf(sent, { referral: ref, state, from: org });
// @ts-expect-error: missing field
payloadOf(sent, { referral: ref });
// @ts-expect-error: reference of another kind
payloadOf(sent, { referral: org, state });
// @ts-expect-error: a string is no reference
payloadOf(sent, { referral: text, state });
// @ts-expect-error: a string is no code
payloadOf(sent, { referral: ref, state: 'sent' });
// @ts-expect-error: a string is no day
payloadOf(sent, { referral: ref, state, until: '2026-11-24' });

// @ts-expect-error: the gate takes no labelled value
gate.encode(sent, { referral: ref, state, name }, {});
// @ts-expect-error: the gate takes no labelled value, nested
gate.encode(sent, { referral: ref, person: { name } }, {});

// @ts-expect-error: a labelled value is no string
export const plain: string = name;
// @ts-expect-error: a string is no labelled value
export const labelled: Sealed<string> = text;
// @ts-expect-error: plaintext needs a capability
name.reveal();
// @ts-expect-error: a capability is asked for, not written down
name.reveal({ purpose: 'ASSISTANCE', auditId: '1' });
