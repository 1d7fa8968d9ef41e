import { audited } from './audit-receipt.js';
import { defineDisclosure, disclosure, type DisclosedMember, type DisclosureDef, type DisclosureInput } from './disclosure.js';
import { createGate, type Metadata } from './gate.js';
import { knownIdentity } from './known-identity.js';
import { PrivacyRefusal } from './refusal.js';
import { newRef } from './ref.js';
import type { Scanner } from './scan.js';
import { label } from './sealed.js';
import { structured } from './structured.js';

const needs = defineDisclosure({
  name: 'needs',
  members: {
    referral: { class: 'operational', categories: [] },
    person: { categories: [], members: { wish: { class: 'special', categories: ['IDENTITY'], words: true }, access: { class: 'special', categories: ['CONTACT'], words: true }, gender: { class: 'quasi', categories: ['AGE_GENDER_LANGUAGE'] } } },
    needs: { class: 'special', categories: ['NEEDS'] },
    contact: { class: 'open', categories: ['CONTACT', 'IDENTITY'] },
  },
});
const recipient = newRef('org');
const input: DisclosureInput = { recipient, purpose: 'REFERRAL_DISCLOSURE', categories: ['NEEDS', 'IDENTITY'], audit: await audited('evt_1', () => Promise.resolve()) };
const values = { referral: 'rfr_1', person: label('direct', { wish: 'Qëzvxwöj' }), needs: { quiet: true, count: 2, words: ['a', null, { b: 'c' }], nothing: undefined } };
const gate = createGate({ scanners: [structured({ countries: ['AL'] })] });
const codeOf = (make: () => unknown): string => { try { make(); return 'none'; } catch (error) { const { code, pointer } = error as PrivacyRefusal; return pointer === undefined ? code : `${code} ${pointer}`; } };
const told = (given: Readonly<Record<string, unknown>> = values, change: Partial<DisclosureInput> = {}, metadata: Metadata = { recipient }, def: DisclosureDef = needs, known?: Parameters<typeof gate.disclose>[4]): string => {
  try { return gate.disclose(def, disclosure({ ...input, ...change }), given, metadata, known).bytes().toString('utf8'); } catch (error) {
    expect(error).toBeInstanceOf(PrivacyRefusal);
    expect(String(error)).not.toContain('Qëz');
    const { code, pointer } = error as PrivacyRefusal;
    return pointer === undefined ? code : `${code} ${pointer}`;
  }
};

describe('what another organisation is told', () => {
  it('is what the categories allow; labelled values are opened in the gate only', () => expect(told()).toBe('{"referral":"rfr_1","person":{"wish":"Qëzvxwöj"},"needs":{"quiet":true,"count":2,"words":["a",null,{"b":"c"}]}}'));
  it('one of several categories is enough', () => expect(told({ contact: 'x' })).toBe('{"contact":"x"}'));
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['a member of a category that was not consented to', { person: { gender: 'x' } }, 'CATEGORY_NOT_AUTHORISED /person/gender'], ['one inside a labelled value', { person: label('direct', { access: '+355691234567' }) }, 'CATEGORY_NOT_AUTHORISED /person/access'], ['a single value that is direct', { needs: label('direct', 'Qëzvxwöj') }, 'CLASS_NOT_ALLOWED /needs'], ['one inside an object', { person: { wish: label('direct', 'Qëzvxwöj') } }, 'CLASS_NOT_ALLOWED /person/wish'], ['an undeclared member', { health: 'x' }, 'UNEXPECTED_FIELD'], ['one inside', { person: { address: 'x' } }, 'UNEXPECTED_FIELD'],
    ['a labelled value deep inside', { needs: { a: [label('direct', 'x')] } }, 'SEALED_VALUE /needs'], ['a Date', { needs: { at: new Date() } }, 'PAYLOAD_NOT_PLAIN /needs'], ['a Map', { needs: new Map() }, 'PAYLOAD_NOT_PLAIN /needs'], ['a function', { needs: () => 1 }, 'FIELD_INVALID /needs'], ['no number', { needs: Number.NaN }, 'FIELD_INVALID /needs'], ['a bigint', { needs: 3n }, 'FIELD_INVALID /needs'],
    ['a value as the name of a member', { needs: { 'Qëzvxwöj': true } }, 'UNEXPECTED_FIELD /needs'], ['what is no object where one is declared', { person: 'Qëzvxwöj' }, 'PAYLOAD_NOT_PLAIN'],
    ['thirteen members inside one another', { needs: Array.from({ length: 13 }).reduce<unknown>((inner) => ({ a: inner }), 1) }, 'FIELD_INVALID /needs'], ['thirteen levels', { needs: Array.from({ length: 13 }).reduce<unknown>((inner) => [inner], 1) }, 'FIELD_INVALID /needs'],
  ])('is never %s', (_what, given, code) => expect(told(given)).toBe(code));
  it('has twelve levels', () => expect(told({ needs: Array.from({ length: 12 }).reduce<unknown>((inner) => [inner], 1) })).toBe(`{"needs":${'['.repeat(12)}1${']'.repeat(12)}}`));

  it.each<[string, Partial<DisclosureInput>, Metadata, string]>([
    ['another recipient', {}, { recipient: newRef('org') }, 'RECIPIENT_INVALID'], ['no recipient', {}, {}, 'RECIPIENT_INVALID'], ['a recipient that is none', { recipient: newRef('rfr') }, { recipient }, 'RECIPIENT_INVALID'], ['no purpose', { purpose: '' }, { recipient }, 'PURPOSE_MISSING'], ...['to help', 'aHELP', 'HELPa', '1HELP', 'A'.repeat(65)].map((purpose): [string, Partial<DisclosureInput>, Metadata, string] => [`the purpose ${purpose}`, { purpose }, { recipient }, 'PURPOSE_MISSING']),
    ['no category', { categories: [] }, { recipient }, 'CATEGORY_MISSING'], ['a category in words', { categories: ['NEEDS', 'all of it'] }, { recipient }, 'CATEGORY_MISSING'], ['no audit entry', { audit: undefined as never }, { recipient }, 'AUDIT_ENTRY_MISSING'], ['an audit entry by its name', { audit: 'evt_1' as never }, { recipient }, 'AUDIT_ENTRY_MISSING'],
    ['a file name with a name', {}, { recipient, 'file-name': 'Qëzvxwöj.json' }, 'METADATA_INVALID /file-name'], ['a header that is not on the list', {}, { recipient, subject: 'x' }, 'UNEXPECTED_METADATA'],
  ])('T12 nothing for %s', (_what, change, metadata, code) => expect(told(values, change, metadata)).toBe(code));
  it('no leave for what is no organisation, and for a purpose of up to 64 characters', () => {
    expect(() => disclosure({ ...input, recipient: newRef('rfr') })).toThrow(expect.objectContaining({ code: 'RECIPIENT_INVALID' }));
    expect(disclosure({ ...input, purpose: `A${'_'.repeat(63)}` })).toMatchObject({ purpose: `A${'_'.repeat(63)}` });
  });
  it('is not declared under a name that is none, or with a member whose name is a value', () => {
    const open = { class: 'open', categories: [] } as const;
    for (const [name, members] of [['Needs', {}], ['', {}], ['x', { 'a b': open }], ['x', { a: { categories: [], members: { 'a b': open } } }]] as const) expect(codeOf(() => defineDisclosure({ name, members }))).toBe('DOCUMENT_INVALID');
  });
  it('G2, G3 is declared with nothing that says who somebody is: such a declaration is refused when it is made, wherever in it', () => {
    const bad = (dataClass: unknown): DisclosedMember => ({ class: dataClass, categories: ['IDENTITY'] }) as DisclosedMember;
    for (const dataClass of ['direct', undefined, null, 'Direct', 'quasi ', 'constructor', 0, ['quasi']]) {
      expect(codeOf(() => defineDisclosure({ name: 'needs', members: { givenName: bad(dataClass) } }))).toBe('CLASS_NOT_ALLOWED /givenName');
      expect(codeOf(() => defineDisclosure({ name: 'needs', members: { person: { categories: [], members: { name: { categories: [], members: { first: bad(dataClass) } } } } } }))).toBe('CLASS_NOT_ALLOWED /person/name/first');
    }
    for (const dataClass of ['open', 'operational', 'quasi', 'special']) expect(codeOf(() => defineDisclosure({ name: 'needs', members: { a: bad(dataClass) } }))).toBe('none');
  });
  it('G2 counts only if it was declared so: written down, copied, inherited or changed afterwards it is none', () => {
    const leave = disclosure(input);
    for (const forged of [{ name: 'needs', members: { givenName: { class: 'direct', categories: [] } } }, { ...needs }, Object.create(needs) as unknown, null, 'needs']) {
      expect(told({ givenName: 'Qëzvxwöj' }, {}, { recipient }, forged as DisclosureDef)).toMatch(/^(?:DOCUMENT_INVALID|GATE_FAILED)$/);
      expect(told({}, {}, { recipient }, forged as DisclosureDef)).toMatch(/^(?:DOCUMENT_INVALID|GATE_FAILED)$/);
    }
    const members: Record<string, DisclosedMember> = { needs: { class: 'special', categories: ['NEEDS'] }, part: { categories: ['NEEDS'], members: { a: { class: 'special', categories: ['NEEDS'] } } } };
    const def = defineDisclosure({ name: 'needs', members });
    members['givenName'] = { class: 'quasi', categories: [] };
    expect(() => gate.disclose(def, leave, { givenName: 'x' }, { recipient })).toThrow(expect.objectContaining({ code: 'UNEXPECTED_FIELD' }));
    const part = def.members['part'] as { readonly members: object };
    for (const frozen of [def, def.members, def.members['needs'], def.members['needs']?.categories, part, part.members, def.members['part']?.categories]) expect(Object.isFrozen(frozen)).toBe(true);
  });

  it('T15 is told once: the leave is used up, also by what was refused, and lasts a minute', () => {
    const leave = disclosure(input);
    gate.disclose(needs, leave, { needs: 1 }, { recipient });
    const again = (): string => { try { gate.disclose(needs, leave, { needs: 1 }, { recipient }); return 'passed'; } catch (error) { return (error as PrivacyRefusal).code; } };
    expect(again()).toBe('DISCLOSURE_NOT_ALLOWED');
    const before = performance.now;
    let now = 1_000;
    performance.now = () => now;
    try {
      const [late, just] = [disclosure(input), disclosure(input)];
      now = 60_999;
      expect(gate.disclose(needs, just, { needs: 1 }, { recipient }).bytes().toString()).toBe('{"needs":1}');
      now = 61_000;
      expect(() => gate.disclose(needs, late, { needs: 1 }, { recipient })).toThrow(expect.objectContaining({ code: 'DISCLOSURE_NOT_ALLOWED' }));
    } finally { performance.now = before; }
  });
  it('can be asked for before the look is on record: the same is refused, and nothing comes out', () => {
    const asked = (given: Readonly<Record<string, unknown>>, change: Partial<DisclosureInput> = {}, metadata: Metadata = { recipient }, known?: Parameters<typeof gate.disclosable>[4]): string => codeOf(() => { expect(gate.disclosable(needs, { ...input, ...change }, given, metadata, known)).toBeUndefined(); });
    expect(asked(values)).toBe('none');
    expect([asked({ health: 'x' }), asked({ person: { gender: 'x' } }), asked(values, { categories: [] }), asked(values, { purpose: '' }), asked(values, { recipient: newRef('org') }), asked(values, { recipient: 'x' }), asked(values, {}, { recipient, subject: 'x' }), asked(values, {}, { recipient }, [knownIdentity(['Qëzvxwöj'], Buffer.alloc(32))]), asked({ needs: { words: 'call 069 123 4567' } })])
      .toEqual(['UNEXPECTED_FIELD', 'CATEGORY_NOT_AUTHORISED /person/gender', 'CATEGORY_MISSING', 'PURPOSE_MISSING', 'RECIPIENT_INVALID', 'RECIPIENT_INVALID', 'UNEXPECTED_METADATA', 'SCANNER_FOUND', 'SCANNER_FOUND']);
    const counted: string[] = [];
    expect(() => createGate({ onRefusal: (code, act) => counted.push(`${act} ${code}`) }).disclosable(needs, input, { health: 'x' }, { recipient })).toThrow('UNEXPECTED_FIELD');
    expect(counted).toEqual(['disclosable UNEXPECTED_FIELD']);
  });
  it('by leave that was asked for, and not written down', () => {
    const leave = disclosure(input);
    for (const forged of [{ ...leave }, Object.create(leave) as typeof leave, null, 'x']) expect(() => gate.disclose(needs, forged as typeof leave, {}, { recipient })).toThrow(expect.objectContaining({ code: 'DISCLOSURE_NOT_ALLOWED' }));
    expect(() => new (leave.constructor as new (...a: unknown[]) => unknown)(recipient, 'X', new Set(), 'a', Symbol('granted'))).toThrow(expect.objectContaining({ code: 'DISCLOSURE_NOT_ALLOWED' }));
    expect(Object.isFrozen(leave)).toBe(true);
  });
  it('does not change with the list that it was asked for with', () => {
    const categories = ['NEEDS'];
    const leave = disclosure({ ...input, categories });
    categories.push('IDENTITY');
    expect(() => gate.disclose(needs, leave, { person: { wish: 'x' } }, { recipient })).toThrow(expect.objectContaining({ code: 'CATEGORY_NOT_AUTHORISED' }));
  });

  it('holds nobody by name, in words neither, and nothing that looks like a number but in words', () => {
    const known = [knownIdentity(['Qëzvxwöj'], Buffer.alloc(32))];
    expect(told({ needs: { words: 'for qezvxwoj' } }, {}, { recipient }, needs, known)).toBe('SCANNER_FOUND');
    expect(told({ needs: { words: 'call 069 123 4567' } })).toBe('SCANNER_FOUND');
    expect(told(values, {}, { recipient })).toContain('Qëzvxwöj');
    expect(told(values, {}, { recipient }, needs, known)).toBe('SCANNER_FOUND');
    expect(told({ person: { access: '+355691234567' } }, { categories: ['CONTACT'] })).toContain('+355691234567');
  });
  it('takes a labelled value for what its label allows', () => {
    expect(told({ needs: label('special', { words: 'x' }) })).toBe('{"needs":{"words":"x"}}');
    expect(told({ needs: label('direct', { words: 'x' }) })).toBe('CLASS_NOT_ALLOWED /needs');
  });
  it('reads what is said, not how JSON writes it', () => {
    const known = [knownIdentity(['Qëzvxwöj Vrmtt'], Buffer.alloc(32))];
    for (const words of ['Vrmtt\nQezvxwoj', 'so\tVrmtt\r\nand Qezvxwoj', '"Vrmtt"\\"Qezvxwoj"', 'Vrmtt\u0001Qezvxwoj', 'Vrmtt\fQezvxwoj\b']) expect([words, told({ needs: { words } }, {}, { recipient }, needs, known)]).toEqual([words, 'SCANNER_FOUND']);
    for (const words of ['call\n0691234567', 'call "0691234567"', 'call 069\n123 4567']) expect([words, told({ needs: { words } })]).toEqual([words, 'SCANNER_FOUND']);
    expect(told({ needs: { words: 'Vrmtt\n\\and nobody' } }, {}, { recipient }, needs, known)).toBe(JSON.stringify({ needs: { words: 'Vrmtt\n\\and nobody' } }));
  });
  it('is searched where it identifies nobody, as it is said, and for the known in all of it', () => {
    const [searched, said]: [string[], string[]] = [[], []];
    const record = (into: string[]): Scanner => ({ name: 'record', find: (text) => { into.push(text); return []; } });
    createGate({ scanners: [record(searched)] }).disclose(needs, disclosure(input), { ...values, needs: 'a"b\\c\nd\u0001e' }, { recipient }, [record(said)]);
    expect(searched).toEqual([`"rfr_1"\n"a"b\\c d e"\n${recipient}\n${recipient}`]);
    expect(said).toEqual(['{"referral":"rfr_1","person":{"wish":"Qëzvxwöj"},"needs":"a"b\\c d e"}']);
  });
  it('may be labelled as a whole', () => expect(gate.disclose(needs, disclosure(input), label('direct', { needs: 1 }), { recipient }).bytes().toString()).toBe('{"needs":1}'));
});
