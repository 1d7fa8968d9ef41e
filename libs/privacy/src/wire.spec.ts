import fc from 'fast-check';
import { bandOf, codeList, codeOf } from './code-list.js';
import { newRef } from './ref.js';
import { WireSchema, versionOf, wire } from './wire.js';

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
