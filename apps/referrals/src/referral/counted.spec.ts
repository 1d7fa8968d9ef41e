import { label } from '@footbridge/privacy';
import type { Person } from '../case/person.dto.js';
import { isNamed } from './counted.js';

const named = (person: Person, ...categories: Parameters<typeof isNamed>[1]): boolean => isNamed({ person: label('direct', person) }, categories);

describe('G7 whether a recipient is told who she is', () => {
  it.each<[Person, Parameters<typeof isNamed>[1][number]]>([
    [{ givenName: 'Zyxqua' }, 'IDENTITY'], [{ familyName: 'Vrmtt' }, 'IDENTITY'], [{ chosenName: 'Ж' }, 'IDENTITY'], [{ aliases: ['', '张'] }, 'IDENTITY'],
    [{ phone: '+355600000001' }, 'CONTACT'], [{ safeContact: { phone: '+355600000001' } }, 'CONTACT'], [{ identityNumber: 'X1' }, 'DOCUMENTS'], [{ travelDocumentNumber: '7' }, 'DOCUMENTS'],
  ])('%j names her under %s, and under nothing else', (person, category) => {
    expect(named(person, category)).toBe(true);
    expect(named(person, 'NEEDS', category)).toBe(true);
    expect((['IDENTITY', 'CONTACT', 'DOCUMENTS', 'AGE_GENDER_LANGUAGE', 'NEEDS', 'HEALTH'] as const).filter((other) => named(person, other))).toEqual([category]);
  });
  it.each<[Person]>([
    [{ aliases: [] }], [{ aliases: ['', ' '] }], [{ givenName: '' }], [{ familyName: ' ' }], [{ chosenName: '—' }], [{ safeContact: {} }], [{ safeContact: { leaveMessage: false } }], [{ safeContact: { when: 'mornings', how: 'call', codeWord: 'umbrella' } }],
    [{ phone: '' }], [{ identityNumber: ' ' }], [{ birthDate: '1998-02-01', ageBand: '27-29', gender: 'Feminine', citizenships: ['BJ'], languages: ['fon'] }], [{}],
  ])('%j names nobody', (person) => { expect(named(person, 'IDENTITY', 'CONTACT', 'DOCUMENTS', 'AGE_GENDER_LANGUAGE', 'NEEDS')).toBe(false); });
  it('nobody at all names nobody', () => { expect(isNamed({}, ['IDENTITY'])).toBe(false); });
});
