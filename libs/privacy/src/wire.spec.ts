import fc from 'fast-check';
import { bandOf, codeList, codeOf } from './code-list.js';
import { newRef } from './ref.js';
import { WireSchema, figure, versionOf, wire, type Audience } from './wire.js';

const State = codeList('State', ['sent', 'accepted']);

describe('a code list', () => {
  it('is closed', () => {
    expect(codeOf(State, 'sent')).toBe('sent');
    expect(bandOf(codeList('Places', ['full', 'few', 'available']), 'few')).toBe('few');
    for (const wrong of ['Sent', 'sent ', '', 'constructor', null, undefined, 0, ['sent']]) expect(() => codeOf(State, wrong)).toThrow('CODE_UNKNOWN');
    expect(() => bandOf(State, 'few')).toThrow('CODE_UNKNOWN');
  });

  it('has short printable words, a name, and a class', () => {
    expect(codeList('A name', ['a', 'a b', 'x'.repeat(64), '!', '~'])).toEqual({ name: 'A name', values: ['a', 'a b', 'x'.repeat(64), '!', '~'], dataClass: 'operational' });
    expect([codeList('L', ['a'], 'special').dataClass, Object.isFrozen(codeList('L', ['a']))]).toEqual(['special', true]);
    for (const name of ['', ' L', 'L ', 'Ł', 'L\n']) expect(() => codeList(name, ['a'])).toThrow('CODE_LIST_INVALID');
    expect(() => codeList('L', ['a'], 'secret' as 'open')).toThrow('CODE_LIST_INVALID');
  });

  it.each([[['a ']], [['a', ' b']], [[]], [['a', 'a']], [['']], [[' a']], [['Qëzvxwöj']], [['a\nb']], [['x'.repeat(65)]]])('%p is none', (values) => {
    expect(() => codeList('List', values)).toThrow('CODE_LIST_INVALID');
  });

  it('does not change after it was made', () => {
    const values = ['a', 'b'];
    const list = codeList('List', values);
    const schema = wire.code(list);
    values.push('c');
    expect(() => (list.values as string[]).push('c')).toThrow(TypeError);
    expect(schema.accepts('c', 'instance')).toBe(false);
  });
});

describe('a wire schema', () => {
  it('takes what it is for, and nothing else', () => {
    const good: readonly [WireSchema<unknown>, unknown][] = [
      [wire.ref('rfr'), newRef('rfr')], [wire.code(State), 'sent'], [wire.band(State), 'accepted'], [wire.period, '2026-W48'], [wire.region, 'AL-11'], [wire.day, '2026-11-24'],
      [wire.version, 3], [wire.instant, '2026-11-24T03:06:00Z'], [wire.boolean, false], [wire.digest, 'b0'.repeat(32)],
    ];
    for (const [schema, value] of good) {
      expect([schema.kind, schema.accepts(value, 'directed')]).toEqual([schema.kind, true]);
      for (const [other, foreign] of good) if (other.kind !== schema.kind) expect([schema.kind, foreign, schema.accepts(foreign, 'directed')]).toEqual([schema.kind, foreign, foreign === 'sent' || foreign === 'accepted' ? schema.list === State : false]);
      for (const wrong of [null, undefined, {}, [], [value], Object(value), 'Qëzvxwöj', '', Number.NaN]) expect([schema.kind, schema.accepts(wrong, 'directed')]).toEqual([schema.kind, false]);
    }
  });

  it('takes no text, whatever it is', () => {
    const all = [wire.ref('rfr'), wire.code(State), wire.band(State), wire.period, wire.region, wire.day, wire.version, wire.instant, wire.boolean, wire.digest, wire.signature];
    fc.assert(fc.property(fc.oneof(fc.string(), fc.anything()), (any) => {
      fc.pre(typeof any !== 'string' || !/^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(any)); // a region, which chance writes now and then
      for (const schema of all) expect(schema.accepts(any, 'instance') && typeof any !== 'boolean' && !Number.isInteger(any)).toBe(false);
    }));
  });

  it('takes a hash or a signature, and none that reads as text, in whatever alphabet', () => {
    const hash = 'b0'.repeat(32);
    expect([wire.digest.accepts(hash, 'network'), wire.signature.accepts(hash + hash, 'network')]).toEqual([true, true]);
    expect([wire.digest.kind, wire.digest.dataClass, wire.digest.jsonSchema, wire.signature.jsonSchema]).toEqual(['digest', 'open', { type: 'string', pattern: '^[0-9a-f]{64}$' }, { type: 'string', pattern: '^[0-9a-f]{128}$' }]);
    for (const text of ['Qëzvxwöj Ƶǎbłorqx', 'عبدالله المستعار', 'Вымышленная Ю.', '虚构的人名字在这里']) for (const encoding of ['utf8', 'utf16le'] as const) {
      const written = Buffer.from(text.padEnd(64), encoding);
      for (const [schema, size] of [[wire.digest, 32], [wire.signature, 64]] as const) {
        let bytes = Buffer.alloc(size, ' ');
        for (let end = size; end > 0; end -= 1) if (written.subarray(0, end).toString('utf8').includes('\ufffd') === false || encoding === 'utf16le') { written.copy(bytes, 0, 0, end); break; }
        if (bytes.toString('utf8').includes('\ufffd')) bytes = Buffer.alloc(size, 'name');
        expect([text, schema.accepts(bytes.toString('hex'), 'network')]).toEqual([text, false]);
      }
    }
    for (const wrong of [hash.slice(2), `${hash}00`, hash.toUpperCase(), `${hash.slice(1)}g`, ` ${hash}`, `${hash}\n`]) expect(wire.digest.accepts(wrong, 'network')).toBe(false);
    expect((['instance', 'directed', 'network'] as const).filter((audience) => wire.digest.allowedFor(audience, 'digest'))).toEqual(['instance', 'network']);
  });

  it('tells times by who reads them: to the minute when directed, not at all to the network (G11)', () => {
    expect(wire.instant.accepts('2026-11-24T03:06:17Z', 'directed')).toBe(false);
    expect(wire.instant.accepts('2026-11-24T03:06:17Z', 'instance')).toBe(true);
    const allowed = (schema: WireSchema<unknown>, field: string): string[] => (['instance', 'directed', 'network'] as const).filter((audience) => schema.allowedFor(audience, field));
    expect(allowed(wire.instant, 'dueAt')).toEqual(['instance', 'directed']);
    expect(allowed(wire.instant, 'arrivesAt')).toEqual(['instance']);
    expect(allowed(wire.day, 'dueAt')).toEqual(['instance']);
    expect(allowed(wire.period, 'arrival')).toEqual(['instance', 'directed', 'network']);
  });

  it('says where a service is, to the network alone: of a person a region would tell too much', () => {
    expect(['service', 'instance', 'directed', 'network'].map((audience) => wire.region.allowedFor(audience as 'instance', 'region'))).toEqual([false, false, false, true]);
    for (const wrong of ['AL', 'al-11', 'AL-1111', 'AL-', 'ALB-11', ' AL-11', 'AL-11\n']) expect(wire.region.accepts(wrong, 'network')).toBe(false);
  });

  it('keeps the shared case reference inside the instance (decisions 8)', () => {
    expect(['service', 'instance', 'directed', 'network'].map((audience) => wire.ref('csr').allowedFor(audience as 'instance', 'case'))).toEqual([true, true, false, false]);
  });

  it('counts versions, and nothing as long as a phone number or a date', () => {
    for (const good of [0, 1, 999_999]) expect(versionOf(good)).toBe(good);
    for (const wrong of [-1, -0, 1.5, 20100201, 355600000000, Number.NaN, Infinity, '3', 3n, null]) expect(() => versionOf(wrong)).toThrow('VERSION_INVALID');
  });

  it('is known by a private mark: a look-alike that accepts everything is none', () => {
    expect(WireSchema.is(wire.optional(wire.day))).toBe(true);
    expect(WireSchema.is({ kind: 'ref', dataClass: 'open', accepts: () => true, allowedFor: () => true })).toBe(false);
    expect(WireSchema.is(Object.create(WireSchema.prototype))).toBe(false);
    const Forged = WireSchema as unknown as new (declaration: object, optional: boolean, mark?: symbol) => never;
    expect(() => new Forged({ check: () => true }, true)).toThrow('EVENT_INVALID');
  });

  it('says what it is, for documents', () => {
    expect(wire.ref('rfr')).toMatchObject({ kind: 'ref', prefix: 'rfr', optional: false, jsonSchema: { type: 'string', pattern: '^rfr_[a-z2-7]{34}$' } });
    expect(wire.optional(wire.code(State))).toMatchObject({ kind: 'code', list: State, optional: true, jsonSchema: { type: 'string', enum: ['sent', 'accepted'] } });
    expect(wire.code(codeList('Gender', ['Feminine'], 'quasi')).dataClass).toBe('quasi');
    expect(() => wire.ref('R')).toThrow('REF_PREFIX_INVALID');
  });
});

describe('a figure of a document', () => {
  const audiences: readonly Audience[] = ['service', 'instance', 'directed', 'network'];
  const taken = (schema: WireSchema<unknown>, values: readonly unknown[]): readonly unknown[] => values.filter((value) => schema.accepts(value, 'network'));
  const none = ['5', [5], 5n, true, null, undefined, Number.NaN, Infinity, -0];

  it('is whole and between its bounds, in no event', () => {
    const schema = figure.integer(-5, 10);
    expect(taken(schema, [-6, -5, -1, 0, 5, 10, 11, 1.5, ...none])).toEqual([-5, -1, 0, 5, 10]);
    expect([schema.kind, schema.dataClass, schema.optional, schema.jsonSchema, schema.prefix, schema.list]).toEqual(['integer', 'operational', false, { type: 'integer', minimum: -5, maximum: 10 }, undefined, undefined]);
    expect(audiences.map((audience) => schema.allowedFor(audience, 'count'))).toEqual(audiences.map(() => false));
  });
  it('or has so many places behind the point, and no more', () => {
    const schema = figure.decimal(-1, 1, 2);
    expect(taken(schema, [-1.01, -1, -0.25, 0, 0.25, 0.255, 1, 1.01, ...none])).toEqual([-1, -0.25, 0, 0.25, 1]);
    expect([schema.kind, schema.dataClass, schema.jsonSchema]).toEqual(['decimal', 'operational', { type: 'number', minimum: -1, maximum: 1 }]);
    expect(audiences.map((audience) => schema.allowedFor(audience, 'share'))).toEqual(audiences.map(() => false));
    expect([taken(figure.decimal(0, 1, 1), [0.5, 0.25]), taken(figure.decimal(0, 1, 6), [0.123456, 0.1234567])]).toEqual([[0.5], [0.123456]]);
  });
  it('has bounds of seven digits at most, and one to six places', () => {
    for (const [min, max] of [[-9_999_999, 9_999_999], [3, 3], [0, 0]] as const) for (const make of [() => figure.integer(min, max), () => figure.decimal(min, max, 1)]) expect(make).not.toThrow();
    for (const [min, max] of [[-10_000_000, 0], [0, 10_000_000], [1, 0], [0.5, 1], [0, 1.5], [Number.NaN, 1], [0, Infinity]] as const) for (const make of [() => figure.integer(min, max), () => figure.decimal(min, max, 1)]) expect(make).toThrow('FIGURE_INVALID');
    for (const places of [0, -1, 7, 1.5, Number.NaN]) expect(() => figure.decimal(0, 1, places)).toThrow('FIGURE_INVALID');
  });
  it('or is a category of a list, be it quasi or special, never direct', () => {
    const list = codeList('Gender', ['Feminine', 'Masculine'], 'quasi');
    const schema = figure.category(list);
    expect(taken(schema, ['Feminine', 'Masculine', 'feminine', ['Feminine'], 'constructor', null])).toEqual(['Feminine', 'Masculine']);
    expect([schema.kind, schema.dataClass, schema.list, schema.jsonSchema]).toEqual(['category', 'quasi', list, { type: 'string', enum: ['Feminine', 'Masculine'] }]);
    expect(audiences.map((audience) => schema.allowedFor(audience, 'gender'))).toEqual(audiences.map(() => false));
    expect(figure.category(codeList('Help', ['a'], 'special')).dataClass).toBe('special');
    expect(() => figure.category(codeList('Names', ['a'], 'direct'))).toThrow('CLASS_NOT_ALLOWED');
    expect([figure.category({ name: 'L', values: ['a'] }).dataClass, wire.code({ name: 'L', values: ['a'] }).dataClass]).toEqual(['operational', 'operational']);
  });
});

describe('each wire schema', () => {
  const audiences: readonly Audience[] = ['service', 'instance', 'directed', 'network'];
  it.each<[string, WireSchema<unknown>, string, object, readonly Audience[]]>([
    ['ref', wire.ref('rfr'), 'operational', { type: 'string', pattern: '^rfr_[a-z2-7]{34}$' }, audiences],
    ['code', wire.code(State), 'operational', { type: 'string', enum: ['sent', 'accepted'] }, audiences],
    ['band', wire.band(State), 'operational', { type: 'string', enum: ['sent', 'accepted'] }, audiences],
    ['period', wire.period, 'operational', { type: 'string', pattern: '^20[2-9]\\d-(W\\d\\d|\\d\\d|Q[1-4])$' }, audiences],
    ['region', wire.region, 'operational', { type: 'string', pattern: '^[A-Z]{2}-[A-Z0-9]{1,3}$' }, ['network']],
    ['day', wire.day, 'operational', { type: 'string', format: 'date' }, ['service', 'instance']],
    ['version', wire.version, 'operational', { type: 'integer', minimum: 0, maximum: 999_999 }, audiences],
    ['instant', wire.instant, 'operational', { type: 'string', format: 'date-time' }, ['service', 'instance']],
    ['boolean', wire.boolean, 'operational', { type: 'boolean' }, audiences],
    ['digest', wire.digest, 'open', { type: 'string', pattern: '^[0-9a-f]{64}$' }, ['service', 'instance', 'network']],
    ['digest', wire.signature, 'open', { type: 'string', pattern: '^[0-9a-f]{128}$' }, ['service', 'instance', 'network']],
  ])('%s says what it is and who may be told', (kind, schema, dataClass, jsonSchema, told) => {
    expect([schema.kind, schema.dataClass, schema.jsonSchema, schema.optional]).toEqual([kind, dataClass, jsonSchema, false]);
    expect(audiences.filter((audience) => schema.allowedFor(audience, 'x'))).toEqual(told);
    expect(Object.isFrozen(schema)).toBe(true);
  });
  it('has a prefix of two to eight small letters', () => {
    for (const prefix of ['ab', 'abcdefgh']) expect(wire.ref(prefix).prefix).toBe(prefix);
    for (const prefix of ['', 'a', 'abcdefghi', 'aB', 'Bab', 'ab2', 'ab_', '_ab', 'ab\n']) expect(() => wire.ref(prefix)).toThrow('REF_PREFIX_INVALID');
  });
  it('of a region takes the form of ISO 3166-2', () => {
    for (const region of ['AL-11', 'IT-8', 'GB-ENG']) expect(wire.region.accepts(region, 'network')).toBe(true);
    for (const none of ['XAL-11', 'AL-11X2', 'AL-é', ['AL-11'], 7]) expect(wire.region.accepts(none, 'network')).toBe(false);
  });
  it('is no other object, and no primitive', () => { for (const none of [null, undefined, 1, 'ref', {}, () => true]) expect(WireSchema.is(none)).toBe(false); });
});
