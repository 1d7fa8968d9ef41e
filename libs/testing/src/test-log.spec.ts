import { log } from '@footbridge/service';
import { testLog } from './test-log.js';

it('a test log hears whatever is said, however it is said, and no longer than it listens', () => {
  const heard = testLog();
  try {
    log('of-our-own', { reason: 'SAID_LOW' }, 'info');
    log('of-our-own', { reason: 'SAID_LOUD' }, 'error');
    globalThis.console.warn('of a library', { with: 'values' });
    process.stdout.write('past');
    process.stderr.write(Buffer.from('both'));
  } finally { heard.close(); }
  log('afterwards');
  expect(heard.text.split('\n').map((line) => line.replace(/"time":"[^"]+",/, ''))).toEqual([
    '{"level":30,"reason":"SAID_LOW","code":"of-our-own"}', '{"level":50,"reason":"SAID_LOUD","code":"of-our-own"}', 'of a library {"with":"values"}', 'pastboth',
  ]);
});
it('several listen at once, each to the end of its own time, in whatever order they end', () => {
  const first = testLog();
  log('to-the-first');
  const second = testLog({ aloud: true });
  log('to-both');
  first.close();
  log('to-the-second');
  second.close();
  log('to-nobody');
  const codes = (text: string): string[] => [...text.matchAll(/"code":"([^"]+)"/g)].map(([, code = '']) => code);
  expect([codes(first.text), codes(second.text)]).toEqual([['to-the-first', 'to-both'], ['to-both', 'to-the-second']]);
});
