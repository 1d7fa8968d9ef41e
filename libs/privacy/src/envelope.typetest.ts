/** Sealing without consent does not compile (T12); `wire-safe.spec.ts` runs the compiler over this file too. */
import type { ConsentCapability } from './consent.js';
import { defineDisclosure, type Disclosure } from './disclosure.js';
import { sealEnvelope, type SealOptions } from './envelope.js';
import type { Gate } from './gate.js';
import type { VerifiedKey } from './key-directory.js';
import type { Sealed } from './sealed.js';

declare const capability: ConsentCapability<'org_b', 'REFERRAL_DISCLOSURE', 'IDENTITY' | 'NEEDS'>;
declare const key: VerifiedKey<'org_b'>;
declare const foreignKey: VerifiedKey<'org_c'>;
declare const rawKey: { readonly organisation: 'org_b'; readonly publicKey: string };
declare const fields: Sealed<{ readonly IDENTITY: object; readonly NEEDS: object }>;
declare const foreign: Sealed<{ readonly HEALTH: object }>;
declare const gate: Gate;
declare const leave: Disclosure;
declare const plain: { readonly IDENTITY: object };
declare const options: SealOptions;

void sealEnvelope(capability, fields, key, options);

// @ts-expect-error no consent
void sealEnvelope(undefined, fields, key, options);
// @ts-expect-error something that looks like one
void sealEnvelope({ organisation: 'org_a', recipient: 'org_b', purpose: 'REFERRAL_DISCLOSURE', fields: ['IDENTITY', 'NEEDS'], consent: 'con' }, fields, key, options);
// @ts-expect-error another organisation's key
void sealEnvelope(capability, fields, foreignKey, options);
// @ts-expect-error a key that nobody verified
void sealEnvelope(capability, fields, rawKey, options);
// @ts-expect-error nothing that she agreed to; what is only wider is found at run time
void sealEnvelope(capability, foreign, key, options);
// @ts-expect-error in plain text
void sealEnvelope(capability, plain, key, options);

// What says who somebody is cannot be declared as part of an answer: it leaves in an envelope only (G2, G3).
defineDisclosure({ name: 'needs', members: { gender: { class: 'quasi', categories: ['AGE_GENDER_LANGUAGE'] }, person: { categories: [], members: { health: { class: 'special', categories: ['HEALTH'], words: true } } } } });
// @ts-expect-error: a name
defineDisclosure({ name: 'needs', members: { givenName: { class: 'direct', categories: ['IDENTITY'] } } });
// @ts-expect-error: of no class
defineDisclosure({ name: 'needs', members: { givenName: { categories: ['IDENTITY'] } } });
// @ts-expect-error: a name inside an object
defineDisclosure({ name: 'needs', members: { person: { categories: [], members: { givenName: { class: 'direct', categories: [] } } } } });
// @ts-expect-error: an answer that nobody has declared
gate.disclose({ name: 'needs', members: {} }, leave, {}, {});
