import { createCipheriv, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { audited } from './audit-receipt.js';
import { newSubjectKey, openFields, sealFields, type FieldContext } from './fields.js';
import { PrivacyRefusal } from './refusal.js';
import { Sealed, label, revealCapability } from './sealed.js';

const audit = await audited('aud-1', () => Promise.resolve());
const NAME = 'Qëzvxwöj';
const key = newSubjectKey();
const context: FieldContext = { organisation: 'org_a', table: 'person', row: '7b2c9a52' };
const classes = { givenName: 'direct', gender: 'quasi', health: 'special' } as const;
const plain = (fields: Readonly<Record<string, Sealed<unknown>>>): Record<string, unknown> => {
  const leave = revealCapability({ purpose: 'ASSISTANCE', audit });
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.reveal(leave)]));
};
const labelled = (fields: Record<string, unknown>): Record<string, Sealed<unknown>> => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, label('direct', value)]));
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(PrivacyRefusal);
    expect(inspect(error)).not.toContain(NAME);
    return (error as PrivacyRefusal).code;
  }
  return 'passed';
};

/** Sealed by somebody who has the key, and who is not us. */
const forged = (text: string | Buffer, length = Buffer.byteLength(text)): Buffer => {
  const plain = Buffer.alloc(256);
  plain.writeUInt32BE(length);
  plain.set(Buffer.from(text as string), 4);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from('org_a|person|7b2c9a52'));
  return Buffer.concat([Buffer.from([1]), iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
};

describe('sealed fields', () => {
  it('come back as they were, whatever they are', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (fields) => {
      const given = labelled(JSON.parse(JSON.stringify(fields)));
      expect(plain(openFields(key, sealFields(key, given, context), {}, context))).toEqual(plain(given));
    }));
  });

  it('come back with the class they are registered under; without one, as direct', () => {
    const opened = openFields(key, sealFields(key, labelled({ givenName: NAME, gender: 'Feminine', health: true, constructor: 1, late: 'x' }), context), classes, context);
    expect(Object.fromEntries(Object.entries(opened).map(([name, value]) => [name, value.dataClass]))).toEqual({ givenName: 'direct', gender: 'quasi', health: 'special', constructor: 'direct', late: 'direct' });
    expect(Sealed.is(opened['givenName'])).toBe(true);
  });

  it('never look the same twice, and show nothing', () => {
    const one = sealFields(key, labelled({ givenName: NAME }), context);
    const two = sealFields(key, labelled({ givenName: NAME }), context);
    expect(one.equals(two)).toBe(false);
    for (const bytes of [one, two]) expect(bytes.includes(NAME) || bytes.includes('givenName')).toBe(false);
  });

  it('never use an IV twice, also beyond the pool', () => {
    const ivs = Array.from({ length: 3_000 }, () => sealFields(key, {}, context).subarray(1, 13).toString('hex'));
    expect(new Set(ivs).size).toBe(ivs.length);
  });

  it('tell little by their length: a short name, a long one, one in another script and a phone number are alike', () => {
    const length = (fields: Record<string, unknown>): number => sealFields(key, labelled(fields), context).length;
    const small = [{}, { n: 'Li' }, { n: 'Qëzvxwöj Vqykzxaf' }, { n: 'ظغثض غظضخ' }, { n: '龘靐齉爩', phone: '+355600000000', citizenships: ['AL'] }].map(length);
    expect(new Set(small).size).toBe(1);
    const sizes = new Set(Array.from({ length: 4_000 }, (_, n) => length({ n: 'x'.repeat(n) })));
    expect([...sizes]).toEqual([256, 512, 1024, 2048, 4096].map((size) => size + 29));
    for (const [n, size] of [[244, 256], [245, 512], [65_524, 65_536], [65_525, 131_072], [70_000, 131_072], [131_060, 131_072], [131_061, 196_608]] as const) expect([n, length({ n: 'x'.repeat(n) })]).toEqual([n, size + 29]);
  });

  it('refuse what JSON would change on the way, and take what it would not', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    for (const value of [{ at: undefined, n: 1 }, bare, [1, 'a', null, true], -0.5]) expect(codeOf(() => sealFields(key, labelled({ value }), context))).toBe('passed');
    for (const value of [[1, new Date()], { n: 1, at: new Date() }, [1, [undefined]], new (class Person { readonly name = NAME; })(), undefined, Number.NaN, Infinity, 7n, new Date(), new Map(), () => NAME, Symbol(NAME), [new Date()], { at: new Date() }, label('direct', NAME)]) expect(codeOf(() => sealFields(key, labelled({ value }), context))).toBe('FIELD_NOT_JSON');
  });

  it('refuse what is not labelled, and what is too large', () => {
    expect(codeOf(() => sealFields(key, { givenName: NAME as unknown as Sealed<string> }, context))).toBe('NOT_LABELLED');
    const most = 1024 * 1024 - 4 - '{"n":""}'.length;
    expect(sealFields(key, labelled({ n: 'x'.repeat(most) }), context)).toHaveLength(1024 * 1024 + 29);
    expect(codeOf(() => sealFields(key, labelled({ n: 'x'.repeat(most + 1) }), context))).toBe('FIELDS_TOO_LARGE');
  });
});

describe('sealed fields open with their own key, in their own row, undamaged, and else not at all', () => {
  const bytes = sealFields(key, labelled({ givenName: NAME }), context);
  const opening = (over: Partial<FieldContext>, with_ = key, what = bytes): string => codeOf(() => openFields(with_, what, classes, { ...context, ...over }));

  it('here they do', () => expect(opening({})).toBe('passed'));

  it('another key', () => {
    expect(opening({}, newSubjectKey())).toBe('UNSEAL_FAILED');
  });

  it('another organisation, table or row', () => {
    for (const over of [{ organisation: 'org_b' }, { table: 'stay' }, { row: '7b2c9a53' }]) expect(opening(over)).toBe('UNSEAL_FAILED');
  });

  it('any bit that is wrong, any byte that is missing or too many', () => {
    for (let at = 0; at < bytes.length; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      expect([at, opening({}, key, damaged)]).toEqual([at, 'UNSEAL_FAILED']);
    }
    for (const damaged of [Buffer.alloc(0), bytes.subarray(0, 12), bytes.subarray(0, -1), bytes.subarray(1), Buffer.concat([bytes, Buffer.from([0])]), randomBytes(bytes.length)]) expect(opening({}, key, damaged)).toBe('UNSEAL_FAILED');
  });

  it('parts of a context that run into each other', () => {
    for (const over of [{ organisation: '' }, { table: 'person|7' }, { row: undefined as unknown as string }]) {
      expect(opening(over)).toBe('CONTEXT_INVALID');
      expect(codeOf(() => sealFields(key, {}, { ...context, ...over }))).toBe('CONTEXT_INVALID');
    }
  });

  it('what is no object, and what is no JSON', () => {
    expect(opening({}, key, forged('{"a":1}'))).toBe('passed');
    for (const text of ['7', 'null', '"Qëzvxwöj"', '{"a":1', '']) expect([text, opening({}, key, forged(text))]).toEqual([text, 'UNSEAL_FAILED']);
    expect(opening({}, key, forged('{"a":1}', 1_000_000))).toBe('UNSEAL_FAILED');
  });

  it('a key of another length', () => {
    expect(opening({}, randomBytes(16))).toBe('KEY_INVALID');
    expect(codeOf(() => sealFields(randomBytes(31), {}, context))).toBe('KEY_INVALID');
    expect(newSubjectKey()).toHaveLength(32);
  });
});
