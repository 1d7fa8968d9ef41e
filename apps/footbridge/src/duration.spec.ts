import { milliseconds } from './duration.js';

it.each([['3d', 259_200_000], ['1d12h', 129_600_000], ['90m', 5_400_000], ['45s', 45_000], ['2w', 1_209_600_000], ['P3D', 259_200_000], ['PT12H', 43_200_000], ['P1DT1H30M', 91_800_000], ['pt5s', 5_000]])('%s is %d milliseconds', (text, ms) => { expect(milliseconds(text)).toBe(ms); });
it.each(['', '3', 'd', '0d', 'P', 'PT', 'P0D', '-3d', '3 d', '3d!', '1.5d', 'P1Y', '99999999999999999d', 'three days'])('"%s" is no length of time', (text) => { expect(milliseconds(text)).toBeUndefined(); });
