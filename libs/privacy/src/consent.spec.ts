import fc from 'fast-check';
import { authorise, isGenuine, signConsent, spend, type Asked, type ConsentCapability, type ConsentTerms, type SignedConsent } from './consent.js';
import { PrivacyRefusal } from './refusal.js';
import { memoryKeys } from './signing.fixture.js';

const keys = memoryKeys();
const now = new Date('2026-11-25T12:00:00.000Z');
const at = (ms: number): string => new Date(now.getTime() + ms).toISOString();
const terms: ConsentTerms = {
  consent: 'con-1', case: 'case-1', organisation: 'org_a', recipient: 'org_b', purpose: 'REFERRAL_DISCLOSURE', fields: ['IDENTITY', 'NEEDS'], state: 'given', version: 2, givenAt: at(-86_400_000), expires: at(86_400_000),
  endedAt: undefined, language: 'ti', interpreter: true, noticeVersion: '2026-1', medium: 'oral', witness: 'acc_w', givenBy: 'PERSON', guardian: undefined, notACondition: true,
};
const asked: Asked<string, string, string> = { organisation: 'org_a', case: 'case-1', recipient: 'org_b', purpose: 'REFERRAL_DISCLOSURE', fields: ['IDENTITY'], now };
const signed = async (changes: Partial<ConsentTerms> = {}): Promise<SignedConsent> => { const all = { ...terms, ...changes }; return { ...all, signature: await signConsent(keys, all) }; };
const refusal = async (act: Promise<unknown> | (() => unknown)): Promise<string> => {
  try { await (typeof act === 'function' ? act() : act); } catch (error) { expect(error).toBeInstanceOf(PrivacyRefusal); return (error as PrivacyRefusal).code; }
  return 'none';
};

describe('a consent is signed by the organisation that took it', () => {
  const others: Partial<ConsentTerms> = {
    consent: 'con-2', case: 'case-2', recipient: 'org_c', purpose: 'FAMILY_CONTACT', fields: ['IDENTITY'], state: 'renewed', version: 3, givenAt: at(1), expires: at(1), endedAt: at(1), language: 'am', interpreter: false,
    noticeVersion: '2026-2', medium: 'written', witness: 'acc_x', givenBy: 'GUARDIAN', guardian: 'gdn-1', notACondition: false,
  };
  it.each(Object.entries(others))('%s cannot be changed afterwards (T17)', async (name, value) => {
    const consent = await signed();
    expect(await isGenuine(keys, consent)).toBe(true);
    expect(await isGenuine(keys, { ...consent, [name]: value })).toBe(false);
  });
  it.each(['recipient', 'givenAt', 'expires', 'medium', 'witness', 'givenBy'])('%s cannot be left out afterwards (T17)', async (name) => {
    expect(await isGenuine(keys, { ...await signed(), [name]: undefined })).toBe(false);
  });
  it('the order of what she agreed to says nothing; without a signature, and under another\'s name, it is none', async () => {
    const consent = await signed();
    expect(await isGenuine(keys, { ...consent, fields: ['NEEDS', 'IDENTITY'] })).toBe(true);
    expect(await isGenuine(keys, terms)).toBe(false);
    expect(await isGenuine(keys, { ...consent, organisation: 'org_z' })).toBe(false);
    const theirs = { ...terms, organisation: 'org_z' };
    expect(await isGenuine(keys, { ...terms, signature: await signConsent(keys, theirs) })).toBe(false);
  });
  it('what is signed stays the same for ever: who signed it yesterday has signed it tomorrow, and it is none of anything else', async () => {
    let bytes = '';
    await signConsent({ sign: (signer, what) => { bytes = `${signer} ${what.toString()}`; return Promise.resolve({ key: '', signature: '' }); } }, terms);
    expect(bytes).toBe(`org_a ["footbridge-consent-1","con-1","case-1","org_a","org_b","REFERRAL_DISCLOSURE",["IDENTITY","NEEDS"],"given",2,"${at(-86_400_000)}","${at(86_400_000)}",null,"ti",true,"2026-1","oral","acc_w","PERSON",null,true]`);
  });
  it('property: any two different terms have different bytes: a signature of one is none of the other', async () => {
    const text = fc.string({ maxLength: 6 });
    const any = fc.record({ consent: text, case: text, recipient: fc.option(text, { nil: undefined }), purpose: text, fields: fc.uniqueArray(text, { maxLength: 3 }), state: text, version: fc.nat(3), medium: fc.option(text, { nil: undefined }), witness: fc.option(text, { nil: undefined }) });
    await fc.assert(fc.asyncProperty(any, any, async (a, b) => {
      const same = JSON.stringify({ ...a, fields: [...a.fields].sort() }) === JSON.stringify({ ...b, fields: [...b.fields].sort() });
      expect(await isGenuine(keys, { ...terms, ...b, signature: await signConsent(keys, { ...terms, ...a }) })).toBe(same);
    }), { numRuns: 200 });
  });
});

describe('authorise', () => {
  it('gives leave that names who, whom, what for and what, and cannot be changed', async () => {
    const capability = await authorise(keys, await signed(), { ...asked, fields: ['IDENTITY', 'IDENTITY'] });
    expect({ ...capability }).toEqual({ organisation: 'org_a', recipient: 'org_b', purpose: 'REFERRAL_DISCLOSURE', fields: ['IDENTITY'], consent: 'con-1' });
    expect(() => Object.assign(capability, { recipient: 'org_c' })).toThrow(TypeError);
    expect(() => (capability.fields as string[]).push('NEEDS')).toThrow(TypeError);
    expect((await authorise(keys, await signed({ state: 'renewed' }), { ...asked, knownAs: 'con_theirs', hasEnded: false })).consent).toBe('con_theirs');
  });
  it('T15, T16: looks at what was signed, not at what it becomes meanwhile; and gives leave for what it has looked at', async () => {
    const genuine = await signed();
    const turned: readonly [keyof ConsentTerms, string, Partial<Asked<string, string, string>>, string][] = [
      ['case', 'case-2', { case: 'case-2' }, 'CONSENT_OTHER_CASE'], ['recipient', 'org_c', { recipient: 'org_c' }, 'CONSENT_OTHER_RECIPIENT'],
      ['purpose', 'FAMILY_CONTACT', { purpose: 'FAMILY_CONTACT' }, 'CONSENT_OTHER_PURPOSE'], ['expires', at(9e8), { now: new Date(at(86_400_000)) }, 'CONSENT_EXPIRED'],
    ];
    for (const [name, later, otherwise, code] of turned) {
      let looks = 0;
      const turning = Object.defineProperty({ ...genuine }, name, { enumerable: true, get: () => (looks++ === 0 ? genuine[name] : later) });
      expect(await refusal(authorise(keys, turning, { ...asked, ...otherwise }))).toBe(code);
    }
    const consent = { ...genuine, fields: [...genuine.fields] }, wanted = { ...asked, fields: ['IDENTITY'] };
    const leave = authorise({ verifyingKeys: (of) => { consent.fields.push('HEALTH'); wanted.fields.push('HEALTH'); return keys.verifyingKeys(of); } }, consent, wanted);
    expect((await leave).fields).toEqual(['IDENTITY']);
  });
  it.each<[string, Partial<ConsentTerms>, Partial<Asked<string, string, string>>]>([
    ['CONSENT_OTHER_ORGANISATION', {}, { organisation: 'org_z' }],
    ['CONSENT_OTHER_CASE', {}, { case: 'case-2' }],
    ['CONSENT_OTHER_RECIPIENT', {}, { recipient: 'org_c' }],
    ['CONSENT_OTHER_RECIPIENT', { recipient: undefined }, {}],
    ['CONSENT_OTHER_PURPOSE', {}, { purpose: 'LAW_ENFORCEMENT_DISCLOSURE' }],
    ['CONSENT_FIELDS_WIDER', {}, { fields: ['IDENTITY', 'HEALTH'] }],
    ['FIELDS_MISSING', {}, { fields: [] }],
    ['CONSENT_NOT_GIVEN', { state: 'requested' }, {}],
    ['CONSENT_NOT_GIVEN', { state: 'refused' }, {}],
    ['CONSENT_NOT_GIVEN', { notACondition: false }, {}],
    ['CONSENT_WITHDRAWN', { state: 'withdrawn' }, {}],
    ['CONSENT_WITHDRAWN', { state: 'revoked' }, {}],
    ['CONSENT_EXPIRED', { state: 'expired' }, {}],
    ['CONSENT_EXPIRED', { expires: at(0) }, {}],
    ['none', { expires: at(1) }, {}],
    ['CONSENT_EXPIRED', { expires: undefined }, {}],
    ['CONSENT_EXPIRED', { expires: 'never' }, {}],
    ['none', { givenAt: at(600_000) }, {}],
    ['CONSENT_FUTURE_DATED', { givenAt: at(600_001) }, {}],
    ['CONSENT_FUTURE_DATED', { givenAt: undefined }, {}],
    ['CONSENT_FUTURE_DATED', {}, { now: new Date(Number.NaN) }],
  ])('T15, T16: %s where %j is asked for %j', async (code, changes, other) => {
    expect(await refusal(authorise(keys, await signed(changes), { ...asked, ...other }))).toBe(code);
  });
  it('T15: the signed copy from before a withdrawal is refused where it is on record that it has ended', async () => {
    expect(await refusal(authorise(keys, await signed(), { ...asked, hasEnded: true }))).toBe('CONSENT_WITHDRAWN');
  });
  it('T12, T17: none, an unsigned one, another case\'s signature', async () => {
    expect(await refusal(authorise(keys, undefined, asked))).toBe('CONSENT_MISSING');
    expect(await refusal(authorise(keys, terms, asked))).toBe('CONSENT_UNSIGNED');
    const { signature } = await signed({ case: 'case-2' });
    expect(await refusal(authorise(keys, { ...terms, signature }, asked))).toBe('CONSENT_NOT_GENUINE');
    expect(await refusal(authorise({ verifyingKeys: () => Promise.reject(new PrivacyRefusal('KEY_STORE_UNAVAILABLE')) }, { ...terms, signature }, asked))).toBe('KEY_STORE_UNAVAILABLE');
  });
});

describe('the capability', () => {
  const leave = async (): Promise<ConsentCapability> => authorise(keys, await signed(), asked);
  const { now: monotonic } = performance;
  afterEach(() => { performance.now = monotonic; });

  it('T15: is good for one use', async () => {
    const capability = await leave();
    expect(await refusal(() => spend(capability))).toBe('none');
    expect(await refusal(() => spend(capability))).toBe('CAPABILITY_SPENT');
  });
  it('T15: is good for 60 seconds of a clock that nobody sets', async () => {
    performance.now = () => 1_000;
    const [inTime, late] = [await leave(), await leave()];
    performance.now = () => 60_999;
    expect(await refusal(() => spend(inTime))).toBe('none');
    performance.now = () => 61_000;
    expect(await refusal(() => spend(late))).toBe('CAPABILITY_EXPIRED');
    expect(await refusal(() => spend(late))).toBe('CAPABILITY_SPENT');
  });
  it('is not made by anybody else', async () => {
    const capability = await leave();
    const Made = capability.constructor as new (...given: unknown[]) => ConsentCapability;
    expect(await refusal(() => new Made('org_a', 'org_b', 'P', ['IDENTITY'], 'con-1', Symbol('granted')))).toBe('CAPABILITY_INVALID');
    for (const forged of [{ ...capability }, Object.create(Object.getPrototypeOf(capability) as object), structuredClone({ ...capability }), null, undefined, 'cap']) expect(await refusal(() => spend(forged as ConsentCapability))).toBe('CAPABILITY_INVALID');
  });
});

describe('property: whatever happens to a consent, leave is given exactly while it stands', () => {
  const command = fc.constantFrom('give', 'renew', 'withdraw', 'revoke', 'expire', 'forge', 'replay');
  it('and never again after it was taken back, whatever is forged or replayed', async () => {
    await fc.assert(fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
      let consent: ConsentTerms & { signature?: SignedConsent['signature'] } = { ...await signed({ state: 'requested', version: 1, givenAt: undefined }) };
      let stands = false, ended = false;
      const before: (typeof consent)[] = [];
      const step = async (state: string): Promise<void> => { before.push(consent); consent = await signed({ ...consent, state, version: consent.version + 1, givenAt: consent.givenAt ?? at(-1_000) }); };
      for (const c of commands) {
        const genuine = await isGenuine(keys, consent);
        if (c === 'give' && consent.state === 'requested' && genuine) { await step('given'); stands = true; }
        else if (c === 'renew' && stands && genuine) await step('renewed');
        else if (['withdraw', 'revoke', 'expire'].includes(c) && ['given', 'renewed'].includes(consent.state)) { await step(c === 'withdraw' ? 'withdrawn' : `${c}d`); stands = false; ended = true; }
        else if (c === 'forge' && !stands) consent = { ...consent, state: 'given', version: consent.version + 1 };
        else if (c === 'replay' && ended) consent = before.find((b) => b.state === 'given') ?? consent;
        const refused = await refusal(authorise(keys, consent as SignedConsent, { ...asked, hasEnded: ended }));
        expect(refused === 'none').toBe(stands);
      }
    }), { numRuns: 100 });
  });
});
