import { format, inspect } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { audited } from './audit-receipt.js';
import type { PersonalClass } from './data-class.js';
import { PrivacyRefusal } from './refusal.js';
import { Sealed, label, plaintextOf, revealCapability } from './sealed.js';

const NAME = 'Qëzvxwöj';
const sealed = label('direct', { givenName: NAME });
const bare = label('direct', NAME);
const audit = await audited('aud-1', () => Promise.resolve());
const leave = () => revealCapability({ purpose: 'ASSISTANCE', audit });

const code = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(PrivacyRefusal);
    expect(inspect(error)).not.toContain(NAME);
    return (error as PrivacyRefusal).code;
  }
  return 'none';
};

describe('a labelled value cannot be printed (T11)', () => {
  it('JSON refuses it, however deep it sits', () => {
    expect(code(() => JSON.stringify(sealed))).toBe('SEALED_VALUE');
    expect(code(() => JSON.stringify({ person: [{ sealed }] }))).toBe('SEALED_VALUE');
  });

  it.each<[string, (value: Sealed<unknown>) => string]>([
    ['inspect', (value) => inspect({ value }, { depth: 10, showHidden: true, getters: true })],
    ['inspect without the custom hook', (value) => inspect(value, { customInspect: false, showHidden: true, getters: true })],
    ['format', (value) => format('%s %o %O %d', value, value, value, value)],
    ['a template', (value) => `${String(value)} ${value as unknown as string}`],
    ['structuredClone', (value) => inspect(structuredClone(value))],
    ['Object.assign', (value) => JSON.stringify(Object.assign({}, value))],
    ['a spread', (value) => JSON.stringify({ ...value })],
    ['its own properties', (value) => JSON.stringify(Reflect.ownKeys(value))],
    ['v8', (value) => `${serialize(value).toString('latin1')} ${inspect(deserialize(serialize(value)))}`],
    ['a thrown error', (value) => inspect(new Error('failed', { cause: value }))],
  ])('%s shows nothing', (_, print) => {
    const printed = print(sealed) + print(bare);
    expect(printed).not.toContain(NAME);
    expect(printed).not.toContain('givenName');
  });

  it('is open to the sealing of fields, which the package does not export', () => { expect(plaintextOf(bare)).toBe(NAME); });

  it('says only that it is sealed', () => {
    expect([String(sealed), inspect(sealed), inspect([sealed])]).toEqual(['[sealed]', '[sealed]', '[ [sealed] ]']);
  });

  it('cannot be changed, also not into something that prints', () => {
    expect(() => Object.assign(sealed, { toJSON: () => NAME })).toThrow(TypeError);
  });

  it('is told from its look-alikes', () => {
    expect(Sealed.is(sealed)).toBe(true);
    expect(Sealed.is(Object.create(Sealed.prototype))).toBe(false);
    expect(Sealed.is({ dataClass: 'direct' })).toBe(false);
    for (const none of [null, undefined, NAME, 1, () => NAME]) expect(Sealed.is(none)).toBe(false);
  });
});

describe('looking at a labelled value', () => {
  it('test gives one bit', () => {
    expect(sealed.test((person) => person.givenName === NAME)).toBe(true);
    expect(sealed.test((person) => person.givenName === 'other')).toBe(false);
    expect(sealed.test((() => NAME) as unknown as () => boolean)).toBe(false);
  });

  it('what a predicate or a mapping throws is dropped, since it may quote the value', () => {
    const quote = (person: { givenName: string }): never => { throw new Error(`bad name ${person.givenName}`); };
    expect(code(() => sealed.test(quote))).toBe('LOOK_FAILED');
    expect(code(() => sealed.map(quote))).toBe('LOOK_FAILED');
    expect(code(() => sealed.with(sealed, quote))).toBe('LOOK_FAILED');
  });

  it('map stays labelled with the same class', () => {
    const mapped = label('special', 'B').map((value) => value.length);
    expect(mapped.dataClass).toBe('special');
    expect(mapped.test((length) => length === 1)).toBe(true);
  });

  it.each<[PersonalClass, PersonalClass, PersonalClass]>([['quasi', 'direct', 'direct'], ['direct', 'quasi', 'direct'], ['special', 'quasi', 'special'], ['quasi', 'quasi', 'quasi']])('%s with %s is %s', (mine, theirs, both) => {
    const joined = label(mine, 1).with(label(theirs, 2), (a, b) => a + b);
    expect(joined.dataClass).toBe(both);
    expect(joined.test((sum) => sum === 3)).toBe(true);
  });

  it('a class that is none is refused', () => {
    expect(code(() => label('open' as PersonalClass, NAME))).toBe('CLASS_UNKNOWN');
  });
});

describe('reveal needs leave', () => {
  it('gives the value to whom has asked with a purpose and an audit entry', () => {
    expect(sealed.reveal(leave())).toEqual({ givenName: NAME });
    expect(leave()).toMatchObject({ purpose: 'ASSISTANCE', auditId: 'aud-1' });
  });

  it('refuses a purpose or an audit entry that is missing', () => {
    expect(code(() => revealCapability({ purpose: '', audit }))).toBe('PURPOSE_MISSING');
    expect(code(() => revealCapability({ purpose: 'two words', audit }))).toBe('PURPOSE_MISSING');
    expect(code(() => revealCapability({ purpose: 'ASSISTANCE', audit: undefined as never }))).toBe('AUDIT_ENTRY_MISSING');
  });

  it('takes a purpose of one word, and none that is longer', () => {
    for (const purpose of ['A', 'dpv:ServiceProvision', 'a1_.:-', `A${'x'.repeat(63)}`]) expect(revealCapability({ purpose, audit }).purpose).toBe(purpose);
    for (const purpose of ['1a', ' a', 'a ', 'a\n', 'ä', 'aé', `A${'x'.repeat(64)}`]) expect(code(() => revealCapability({ purpose, audit }))).toBe('PURPOSE_MISSING');
  });

  it('refuses what only looks like leave', () => {
    const given = leave();
    expect(code(() => sealed.reveal({ ...given } as never))).toBe('REVEAL_NOT_ALLOWED');
    expect(code(() => sealed.reveal(Object.create(given) as never))).toBe('REVEAL_NOT_ALLOWED');
    const Forged = given.constructor as new (purpose: string, auditId: string, mark?: symbol) => never;
    expect(code(() => sealed.reveal(new Forged('ASSISTANCE', 'aud-1')))).toBe('REVEAL_NOT_ALLOWED');
    expect(code(() => sealed.reveal(new Forged('ASSISTANCE', 'aud-1', Symbol('granted'))))).toBe('REVEAL_NOT_ALLOWED');
    for (const none of [undefined, null, 'leave', 1]) expect(code(() => sealed.reveal(none as never))).toBe('REVEAL_NOT_ALLOWED');
  });

  it('ends after a minute', () => {
    const { now } = performance;
    try {
      performance.now = () => 1_000;
      const given = leave();
      performance.now = () => 60_999;
      expect(sealed.reveal(given)).toEqual({ givenName: NAME });
      performance.now = () => 61_000;
      expect(code(() => sealed.reveal(given))).toBe('REVEAL_NOT_ALLOWED');
    } finally {
      performance.now = now;
    }
  });
});

describe('a refusal holds no data', () => {
  it('whatever is given as its code', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      const refusal = new PrivacyRefusal(text);
      expect(refusal.code).toMatch(/^[A-Z][A-Z0-9_]*$/);
      expect(refusal.message).toBe(refusal.code);
    }));
    expect(new PrivacyRefusal(`unknown name ${NAME}`).code).toBe('REFUSED');
  });
});
