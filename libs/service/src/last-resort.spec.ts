import { spawnSync } from 'node:child_process';

describe('what nobody has caught', () => {
  it.each(['exception', 'rejection'])('ends the process with a code and a place, and says nothing of the row: %s', (what) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/run.cjs', 'libs/service/src/last-resort.child.ts', what], { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '' } });
    expect([status, stdout]).toEqual([1, '']);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'crashed', service: 'referrals', reason: expect.stringMatching(/^Error libs\/service\/src\/last-resort\.child\.ts:\d+$/) });
    expect(stderr).not.toMatch(/Zyxwana|duplicate/);
  }, 60_000);
});
