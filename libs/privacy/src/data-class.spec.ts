import { dataClasses, isPersonalClass } from './data-class.js';

it('there are five classes, from open to direct, and the last three are of persons', () => {
  expect(dataClasses).toEqual(['open', 'operational', 'quasi', 'special', 'direct']);
  expect(dataClasses.filter(isPersonalClass)).toEqual(['quasi', 'special', 'direct']);
  for (const none of ['', 'Direct', undefined, null, 3]) expect(isPersonalClass(none)).toBe(false);
});
