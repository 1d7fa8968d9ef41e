import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { PrivacyRefusal, label } from '@footbridge/privacy';
import { codeReason, placeOf, reasonOf } from './log-reason.js';
import { log, logTo } from './log.js';
import { countRefusal, registry } from './metrics.js';

const person = canaryPerson(42);
function said(act: () => void): Readonly<Record<string, unknown>>[] {
  const lines: string[] = [];
  const undo = logTo({ write: (line) => { lines.push(line); } });
  try { act(); } finally { undo(); }
  return lines.map((line) => { const { level: _, time: __, ...rest } = JSON.parse(line) as Record<string, unknown>; return rest; });
}

describe('T11 the log', () => {
  it('has a code and fields of a closed list', () => {
    expect(said(() => { log('request-failed', { service: 'referrals', requestId: crypto.randomUUID(), reason: 'TypeError 23505 libs/service/src/store.ts:12', count: 3, port: 0, milliseconds: 1.5 }, 'error'); }))
      .toEqual([{ code: 'request-failed', service: 'referrals', requestId: expect.any(String), reason: 'TypeError 23505 libs/service/src/store.ts:12', count: 3, port: 0, milliseconds: 1.5 }]);
    expect(said(() => { log('done'); })).toEqual([{ code: 'done' }]);
  });

  it('takes nothing else to the compiler', () => {
    const name: string = person.familyName;
    said(() => {
      // @ts-expect-error a person is no code
      log(person);
      // @ts-expect-error a text that is only known at run time is no code
      log(name);
      // @ts-expect-error nor is one that is put together
      log(`failed-${name}` as const);
      // @ts-expect-error nor what could be anything
      log(JSON.parse('"x"'));
      // @ts-expect-error nor a labelled value
      log(label('direct', name));
      // @ts-expect-error no field of another name
      log('failed', { name });
      // @ts-expect-error no labelled value in a field
      log('failed', { reason: label('direct', name) });
      // @ts-expect-error no object in a field
      log('failed', { reason: person });
      // @ts-expect-error no reason that is only known at run time
      log('failed', { reason: name });
      // @ts-expect-error nor one that is put together
      log('failed', { reason: `failed ${name}` as const });
      // @ts-expect-error nor what an error says
      log('failed', { reason: new Error(name).message });
    });
  });

  it.each<[string, () => void]>([
    ['a person', () => { log(person as never); }], ['a text', () => { log(`for ${person.givenName}` as never); }], ['a field of another name', () => { log('x', { [person.familyName]: person.phone } as never); }], ['a reason in words', () => { log('x', { reason: `Key (name)=(${person.familyName}) already exists.` as never }); }], ['a name as a reason', () => { log('x', { reason: person.arabicName as never }); }], ['an object', () => { log('x', { reason: { ...person } } as never); }],
    ['an array', () => { log('x', { count: [person.familyName] } as never); }], ['a labelled value', () => { log('x', { reason: label('direct', person.familyName) } as never); }], ['a number as text', () => { log('x', { port: person.phone } as never); }], ['a service', () => { log('x', { service: person.familyName }); }], ['an error', () => { log('x', new Error(person.familyName) as never); }],
  ])('withholds at run time: %s', (_what, act) => {
    const lines = said(act);
    expect(lines).toHaveLength(1);
    expect(huntLeaks([{ name: 'log', content: JSON.stringify(lines) }], [person])).toEqual([]);
  });
  it.each(['Adaeze Okafor', 'Okafor', 'OKAFOR', 'okafor', 'a.example@mail.org', 'Rruga e Kavajes 12', '+355691234567', 'AB123456', '1998-02-01', 'AL47212110090000000235698741', '41.3275/19.8187'])('withholds what looks like a reason and is a value: %s', (value) => {
    expect(said(() => { log('x', { reason: value as never, service: value, requestId: value }); })).toEqual([{ code: 'x', reason: 'withheld', service: 'withheld', requestId: 'withheld' }]);
    const dressed = Object.assign(new Error(value), { name: value, code: value });
    expect([reasonOf(dressed), codeReason(value), placeOf(dressed).split(' ')[0]]).toEqual(['Error', 'unknown', 'Error']);
  });
  it('says of an error its name, its code and our own place', () => {
    expect([reasonOf(new TypeError('x')), reasonOf(Object.assign(new Error('x'), { code: '23505' })), reasonOf(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })), reasonOf(new PrivacyRefusal('KEY_UNKNOWN')), reasonOf('x'), reasonOf(undefined)])
      .toEqual(['TypeError', 'Error 23505', 'Error ECONNREFUSED', 'KEY_UNKNOWN', 'unknown', 'unknown']);
    expect(placeOf(new TypeError('at apps/Okafor.ts:1'))).toMatch(/^TypeError libs\/service\/src\/log\.spec\.ts:\d+$/);
    expect([codeReason('PARKED_BODY_REFUSED'), codeReason('KafkaJSTimeout'), codeReason(7)]).toEqual(['PARKED_BODY_REFUSED', 'KafkaJSTimeout', 'unknown']);
    expect(said(() => { log('x', { reason: placeOf(new TypeError('y')) }); log('x', { reason: 'STILL_IN_USE' }); })).toEqual([{ code: 'x', reason: expect.stringMatching(/^TypeError libs/) }, { code: 'x', reason: 'STILL_IN_USE' }]);
  });
  it('and says that it did', () => expect(said(() => { log('x', { reason: 'a b c d e' as never, count: Number.NaN }); log('Not A Code' as never); })).toEqual([{ code: 'x', reason: 'withheld', count: 'withheld' }, { code: 'withheld' }]));
});

it('T10 a label of a metric is a code or nothing', async () => {
  countRefusal(person.familyName, person.phone);
  const text = await registry.metrics();
  expect(text).toContain('{service="other",code="REFUSED"} 1');
  expect(huntLeaks([{ name: 'metrics', content: text }], [person])).toEqual([]);
});
