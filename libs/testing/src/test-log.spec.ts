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
