import { worldRegions } from '@footbridge/privacy';
import { Country, worldOf } from './index.js';

describe('the countries of the world', () => {
  it('have each one alpha-3 code and one region of those that statistics know', () => {
    const known = Country.values.filter((country) => country !== 'AQ').map((country) => worldOf(country));
    expect(Country.values.filter((country) => worldOf(country) === undefined)).toEqual(['AQ']);
    expect(new Set(known.map((k) => k?.alpha3)).size).toBe(Country.values.length - 1);
    expect(known.every((k) => /^[A-Z]{3}$/.test(k?.alpha3 ?? ''))).toBe(true);
    expect([...new Set(known.map((k) => k?.region))].sort()).toEqual([...worldRegions].sort());
    expect([worldOf('GT'), worldOf('NG'), worldOf('DE'), worldOf('CN'), worldOf('FJ')]).toEqual([{ alpha3: 'GTM', region: 'Americas' }, { alpha3: 'NGA', region: 'Africa' }, { alpha3: 'DEU', region: 'Europe' }, { alpha3: 'CHN', region: 'Asia' }, { alpha3: 'FJI', region: 'Oceania' }]);
  });
});
