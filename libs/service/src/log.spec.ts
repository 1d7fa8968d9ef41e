import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';
import { label } from '@footbridge/privacy';
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
    expect(said(() => { log('request-failed', { service: 'referrals', requestId: crypto.randomUUID(), reason: 'TypeError 23505 libs/service/src/store.ts:12', count: 3, port: 0, milliseconds: 1.5, type: 'footbridge.referrals.referral-sent.v1', handler: 'Known' }, 'error'); }))
      .toEqual([{ code: 'request-failed', service: 'referrals', requestId: expect.any(String), reason: 'TypeError 23505 libs/service/src/store.ts:12', count: 3, port: 0, milliseconds: 1.5, type: 'footbridge.referrals.referral-sent.v1', handler: 'Known' }]);
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
    });
  });

  it.each<[string, () => void]>([
    ['a person', () => { log(person as never); }], ['a text', () => { log(`for ${person.givenName}` as never); }], ['a field of another name', () => { log('x', { [person.familyName]: person.phone } as never); }], ['a reason in words', () => { log('x', { reason: `Key (name)=(${person.familyName}) already exists.` }); }], ['a name as a reason', () => { log('x', { reason: person.arabicName }); }], ['an object', () => { log('x', { reason: { ...person } } as never); }],
    ['an array', () => { log('x', { count: [person.familyName] } as never); }], ['a labelled value', () => { log('x', { reason: label('direct', person.familyName) } as never); }], ['a number as text', () => { log('x', { port: person.phone } as never); }], ['a service', () => { log('x', { service: person.familyName }); }], ['an error', () => { log('x', new Error(person.familyName) as never); }],
  ])('withholds at run time: %s', (_what, act) => {
    const lines = said(act);
    expect(lines).toHaveLength(1);
    expect(huntLeaks([{ name: 'log', content: JSON.stringify(lines) }], [person])).toEqual([]);
  });
  it('and says that it did', () => expect(said(() => { log('x', { reason: 'a b c d e', count: Number.NaN }); log('Not A Code' as never); })).toEqual([{ code: 'x', reason: 'withheld', count: 'withheld' }, { code: 'withheld' }]));
});

it('T10 a label of a metric is a code or nothing', async () => {
  countRefusal(person.familyName, person.phone);
  const text = await registry.metrics();
  expect(text).toContain('{service="other",code="REFUSED"} 1');
  expect(huntLeaks([{ name: 'metrics', content: text }], [person])).toEqual([]);
});
