import { spawnSync } from 'node:child_process';

const environment = { ...process.env, NODE_OPTIONS: '', FOOTBRIDGE_KEEPER: undefined, JEST_WORKER_ID: undefined };
const test = (...chosen: readonly string[]): { status: number | null; last: string | undefined } => {
  const { status, stdout } = spawnSync(process.execPath, ['scripts/test.mjs', ...chosen], { encoding: 'utf8', env: environment });
  return { status, last: stdout.trim().split('\n').at(-1) };
};

describe('npm test', () => {
  it('ends with the count, and well', () => {
    expect(test('libs/testing/src/wait-until.spec.ts')).toEqual({ status: 0, last: '3 passed, 0 failed' });
  });

  it('fails where a test fails, is left out, or does not load', () => {
    const fixtures = ['scripts/fixtures', '--testMatch=**/*.fixture.ts'];
    expect(test(...fixtures)).toEqual({ status: 1, last: '1 passed, 3 failed' });
  });

  it('fails where there is nothing to test', () => {
    expect(test('no/such/suite')).toEqual({ status: 1, last: '0 passed, 1 failed' });
  });
});
