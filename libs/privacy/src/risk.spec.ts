import fc from 'fast-check';
import { FEWEST, Population, trait, type Known, type Offer, type PopulationSpec } from './index.js';

const spec: PopulationSpec = {
  persons: 1_000, rarest: 0.01, caution: 0.5,
  attributes: {
    age: { worth: 1, shares: { '0-8': 0.1, '9-17': 0.2, '18+': 0.7, '0-17': 0.3 }, wider: { '0-8': '0-17', '9-17': '0-17' } },
    gender: { worth: 5, shares: { f: 0.6, m: 0.4 } },
    language: { worth: 9, shares: { sq: 0.5, 'of the region': 0.8 }, wider: { sq: 'of the region', mk: 'of the region' } },
  },
};
const population = new Population(spec);
const offer = (field: string, attribute: string, ...values: string[]): Offer => ({ field, attribute, values });
const refusal = (make: () => unknown): string => { try { make(); return 'none'; } catch (error) { return (error as { code: string }).code; } };

describe('what may be told to whom somebody else may have told something', () => {
  const offers = [offer('ageBand', 'age', '9-17'), offer('gender', 'gender', 'f')];
  it('is nothing new, however many it fits; and what is known already, as it was said', () => {
    expect(population.assess([], offers)).toMatchObject({ decision: 'allow' });
    expect(population.assess([], offers, true)).toMatchObject({ decision: 'refuse', suggestion: {}, generalised: ['ageBand', 'gender'], known: [] });
    expect(population.assess(['gender=f'], offers, true)).toMatchObject({ decision: 'generalise', suggestion: { gender: ['f'] }, generalised: ['ageBand'], known: ['gender=f'] });
    // told as less before: the same again
    expect(population.assess(['age=0-17', 'gender=f'], offers, true)).toMatchObject({ suggestion: { ageBand: ['0-17'], gender: ['f'] }, known: ['age=0-17', 'gender=f'] });
    expect(population.assess(['age=9-17', 'gender=f'], offers, true)).toMatchObject({ decision: 'allow', generalised: [] });
  });
});

describe('how many persons a combination fits', () => {
  it('is all of them while nothing is known', () => { expect(population.persons([])).toBe(1_000); });
  it('is their shares, and less for each further attribute', () => {
    expect(population.persons(['gender=f'])).toBe(600);
    expect(population.persons(['gender=f', 'language=sq'])).toBe(150); // 1000 x 0.6 x 0.5 x 0.5
    expect(population.persons(['age=0-8', 'gender=f', 'language=sq'])).toBe(7); // 7.5, and half a person is none
  });
  it('counts what nobody has declared as the rarest there is: a value, an attribute, and every word that is no own member', () => {
    for (const fact of ['gender=x', 'hair=red', 'constructor=x', 'age=constructor', 'toString=toString']) expect(population.persons([fact])).toBe(10);
    expect(new Population({ ...spec, attributes: { ...spec.attributes, gender: { worth: 1, shares: { f: 0.001, m: 0.9 } } } }).persons(['hair=red'])).toBe(1);
  });
  it('does not count a wider value beside the narrower one that says it already', () => {
    expect(population.persons(['age=0-17', 'age=9-17'])).toBe(200);
    expect(population.learn(['age=0-17', 'gender=f'], ['age=9-17', 'gender=f'])).toEqual(['age=9-17', 'gender=f']);
  });
  it('counts two values of one attribute as two', () => { expect(population.persons(['language=mk', 'language=sq'])).toBe(2); });
  it('is exact where floating point is not', () => {
    const tenths = new Population({ persons: 10_000_000, rarest: 0.1, caution: 1, attributes: { a: { worth: 1, shares: { x: 0.1 } }, b: { worth: 1, shares: { x: 0.1 } }, c: { worth: 1, shares: { x: 0.1 } } } });
    expect(tenths.persons(['a=x', 'b=x', 'c=x'])).toBe(10_000);
  });
  it('keeps a value that has an equals sign', () => { expect(population.learn([], [trait('x', 'a=b')])).toEqual(['x=a=b']); });
});

describe('a population', () => {
  const wrong = (more: Partial<PopulationSpec>): string => refusal(() => new Population({ ...spec, ...more }));
  it('is refused where its figures are none', () => {
    for (const persons of [0, -1, 1.5, NaN, Infinity, 10_000_001]) expect(wrong({ persons })).toBe('POPULATION_INVALID');
    for (const share of [0, -0.1, 1.1, NaN]) expect([wrong({ rarest: share }), wrong({ caution: share }), wrong({ attributes: { a: { worth: 1, shares: { x: share } } } })]).toEqual(Array(3).fill('POPULATION_INVALID'));
    expect([wrong({ attributes: { a: { worth: 1, shares: { x: '0.5' as unknown as number } } } }), wrong({ rarest: '0.5' as unknown as number }), wrong({ caution: true as unknown as number })]).toEqual(Array(3).fill('POPULATION_INVALID'));
    for (const worth of [-1, NaN]) expect(wrong({ attributes: { a: { worth, shares: {} } } })).toBe('POPULATION_INVALID');
    expect(wrong({ attributes: { 'a=b': { worth: 1, shares: {} } } })).toBe('POPULATION_INVALID');
    expect([wrong({ persons: 1 }), wrong({ persons: 10_000_000 }), wrong({ rarest: 1, caution: 1 }), wrong({ attributes: { a: { worth: 0, shares: {} } } })]).toEqual(Array(4).fill('none'));
  });
  it('is refused where saying less would say more, or leads back', () => {
    expect(wrong({ attributes: { a: { worth: 1, shares: { x: 0.5, y: 0.4 }, wider: { x: 'y' } } } })).toBe('POPULATION_INVALID');
    expect(wrong({ attributes: { a: { worth: 1, shares: { x: 0.5, y: 0.5 }, wider: { x: 'y', y: 'x' } } } })).toBe('POPULATION_INVALID');
    expect(wrong({ attributes: { a: { worth: 1, shares: { x: 0.5, y: 0.5 }, wider: { x: 'y' } } } })).toBe('none');
  });
});

describe('what may be told', () => {
  it('is all of it where enough persons fit', () => {
    expect(population.assess([], [offer('gender', 'gender', 'f'), offer('languages', 'language', 'sq')])).toEqual({ k: 150, decision: 'allow', suggestion: { gender: ['f'], languages: ['sq'] }, generalised: [], known: ['gender=f', 'language=sq'] });
  });
  it('is just enough at 11, and too much at 10', () => {
    const of = (persons: number): Population => new Population({ ...spec, persons });
    expect(FEWEST).toBe(11);
    expect(of(110).assess([], [offer('age', 'age', '0-8')]).decision).toBe('allow');
    expect(of(109).assess([], [offer('age', 'age', '0-8')])).toMatchObject({ k: 10, decision: 'generalise', suggestion: { age: ['0-17'] } });
  });
  it('is said less exactly before it is left out, and what help depends on is left out last', () => {
    expect(population.assess([], [offer('age', 'age', '0-8'), offer('gender', 'gender', 'f'), offer('languages', 'language', 'sq')])).toEqual({
      k: 7, decision: 'generalise', suggestion: { languages: ['sq'], gender: ['f'], age: ['0-17'] }, generalised: ['age'], known: ['age=0-17', 'gender=f', 'language=sq'],
    });
    expect(population.assess(['age=0-17', 'gender=f'], [offer('languages', 'language', 'mk')])).toMatchObject({ decision: 'generalise', suggestion: { languages: ['of the region'] } });
  });
  it('is nothing where nothing of it can be said', () => {
    expect(population.assess([], [offer('hair', 'hair', 'red')])).toEqual({ k: 10, decision: 'refuse', suggestion: {}, generalised: ['hair'], known: [] });
    expect(population.assess(['hair=red'], [offer('gender', 'gender', 'f')])).toMatchObject({ decision: 'refuse', known: ['hair=red'] });
  });
  it('is what is known already, however few it fits', () => {
    expect(population.assess(['hair=red'], [offer('hair', 'hair', 'red'), offer('gender', 'gender', 'f')])).toMatchObject({ decision: 'generalise', suggestion: { hair: ['red'] }, generalised: ['gender'], known: ['hair=red'] });
    expect(population.assess(['age=0-8', 'hair=red'], [offer('child', 'age', '0-17')])).toMatchObject({ decision: 'allow', suggestion: { child: ['0-17'] } });
  });
  it('asks nothing of a field without a value', () => { expect(population.assess([], [offer('gender', 'gender')])).toEqual({ k: 1_000, decision: 'allow', suggestion: {}, generalised: [], known: [] }); });
  it('is the same whatever order it is offered in: what help depends on most before more of the rest, then by name', () => {
    const even = new Population({ persons: 1_100, rarest: 0.01, caution: 0.5, attributes: {} });
    const offers = [offer('b', 'hair', 'red'), offer('a', 'eyes', 'green')];
    for (const offered of [offers, [...offers].reverse()]) expect(even.assess([], offered)).toMatchObject({ suggestion: { a: ['green'] }, generalised: ['b'] });
    const uneven = new Population({ persons: 1_000, rarest: 0.01, caution: 0.5, attributes: { x: { worth: 1, shares: { v: 0.02 } }, y: { worth: 0, shares: { v: 0.1 } }, z: { worth: 0, shares: { v: 0.3 } } } });
    const three = [offer('c', 'x', 'v'), offer('a', 'y', 'v'), offer('b', 'z', 'v')];
    for (const offered of [three, [...three].reverse()]) expect(uneven.assess([], offered)).toMatchObject({ suggestion: { c: ['v'] }, generalised: ['a', 'b'] });
    expect(uneven.assess(['hair=red'], [offer('b', 'x', 'v'), offer('a', 'y', 'v')]).generalised).toEqual(['a', 'b']);
  });
  it('is rather one value said less exactly than another not said at all, where that is worth more', () => {
    const both = new Population({ persons: 1_000, rarest: 0.01, caution: 1, attributes: { age: { worth: 1, shares: { '20': 0.02, adult: 0.5 }, wider: { 20: 'adult' } }, help: { worth: 2, shares: { v: 0.5 } } } });
    expect(both.assess([], [offer('age', 'age', '20'), offer('help', 'help', 'v')]).suggestion).toEqual({ help: ['v'], age: ['adult'] });
  });
  it('says values together, each once, and one that can say no less falls away first', () => {
    expect(population.assess(['age=0-17', 'gender=f'], [offer('languages', 'language', 'mk', 'sq')])).toMatchObject({ suggestion: { languages: ['of the region'] }, known: ['age=0-17', 'gender=f', 'language=of the region'] });
    expect(population.assess(['gender=f'], [offer('languages', 'language', 'sq', 'xx')])).toMatchObject({ suggestion: { languages: ['of the region'] } });
  });
  it('T29 is judged with everything that was told before: two releases that would each pass do not together', () => {
    const [gender, age, language] = [offer('gender', 'gender', 'f'), offer('age', 'age', '0-8'), offer('languages', 'language', 'sq')];
    for (const one of [gender, age, language]) expect(population.assess([], [one]).decision).toBe('allow');
    const { known } = population.assess(population.assess([], [gender]).known, [language]);
    expect(population.assess(known, [age])).toMatchObject({ k: 7, decision: 'generalise', suggestion: { age: ['0-17'] } });
  });
});

describe('T28 rare combinations, of any kind', () => {
  const values: Readonly<Record<string, readonly string[]>> = { age: ['0-8', '9-17', '18+', '0-17', 'old'], gender: ['f', 'm', 'x'], language: ['sq', 'mk', 'of the region', 'vi'], hair: ['red', 'black'] };
  const fact = fc.constantFrom(...Object.keys(values)).chain((attribute) => fc.constantFrom(...(values[attribute] as readonly string[])).map((value) => trait(attribute, value)));
  const known = fc.array(fact, { maxLength: 5 });
  const offers = fc.array(fc.constantFrom(...Object.keys(values)).chain((attribute) => fc.tuple(fc.constant(attribute), fc.subarray([...(values[attribute] as readonly string[])], { maxLength: 2 }))), { maxLength: 4 })
    .map((list) => list.map(([attribute, chosen], n) => offer(`f${n}`, attribute, ...chosen)));

  it('more knowledge never fits more persons', () => {
    fc.assert(fc.property(known, known, (some, more) => population.persons(population.learn(some, more)) <= population.persons(some)));
  });
  it('the order in which it was learnt does not matter', () => {
    fc.assert(fc.property(known, known, (a, b) => { expect(population.learn(population.learn([], a), b)).toEqual(population.learn(b, a)); }));
  });
  it('what is told leaves at least 11, or adds nothing', () => {
    fc.assert(fc.property(known, offers, (before, offered) => {
      const { known: after, suggestion, decision, generalised } = population.assess(before, offered);
      expect(population.persons(after) >= FEWEST || after.join() === population.learn(before, []).join()).toBe(true);
      const told: Known = offered.flatMap(({ field, attribute }) => (suggestion[field] ?? []).map((value) => trait(attribute, value)));
      expect(population.learn(before, told)).toEqual(after);
      expect(decision).toBe(generalised.length === 0 ? 'allow' : Object.keys(suggestion).length === 0 ? 'refuse' : 'generalise');
    }));
  });
  it('no more could have been told: every field by itself a step more exact would leave fewer than 11', () => {
    const less: Readonly<Record<string, string>> = { '0-8': '0-17', '9-17': '0-17', sq: 'of the region', mk: 'of the region' };
    fc.assert(fc.property(known, offers.map((list) => list.filter(({ values: v }) => v.length === 1)), (before, offered) => {
      const { suggestion, known: after } = population.assess(before, offered);
      for (const { field, attribute, values: [exact = ''] } of offered) {
        const said = suggestion[field]?.[0];
        if (said === exact) continue;
        const finer = said === undefined ? less[exact] ?? exact : exact;
        const then = population.learn(after, [trait(attribute, finer)]);
        expect(population.persons(then) < FEWEST && then.join() !== after.join()).toBe(true);
      }
    }));
  });
  it('the order of the fields does not matter', () => {
    fc.assert(fc.property(known, offers, (before, offered) => { expect(population.assess(before, [...offered].reverse())).toEqual(population.assess(before, offered)); }));
  });
});
