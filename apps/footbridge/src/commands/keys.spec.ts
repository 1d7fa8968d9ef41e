import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFileSigningKeys, newRef, signReceipt } from '@footbridge/privacy';
import { Command } from 'commander';
import type { Connection } from '../connection.js';
import { keyCommands } from './keys.js';

type Answers = Readonly<Record<string, { readonly status?: number; readonly body: object }>>;
/** What a command says, and what it asks for. */
async function run(line: string, answers: Answers): Promise<{ readonly said: readonly string[]; readonly asked: readonly string[] }> {
  const said: string[] = [], asked: string[] = [];
  const connection = { send: (method: string, path: string, body?: unknown) => {
    asked.push(`${method} ${path}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`);
    const { status = 200, body: answer } = answers[`${method} ${path}`] ?? { status: 404, body: { title: 'Nothing here' } };
    return Promise.resolve({ status, body: answer });
  } } as unknown as Connection;
  const program = new Command().exitOverride();
  keyCommands(program, { say: (text: string) => { said.push(text); }, connect: () => Promise.resolve(connection) } as never);
  await program.parseAsync(line.split(' '), { from: 'user' });
  return { said, asked };
}
const waiting = { status: 202, body: { approval: 'apn_x', state: 'waiting', expiresAt: '2026-11-28T00:00:00Z' } };
const waits = ['A second person gives the word until 2026-11-28T00:00:00Z: npm run footbridge -- approve apn_x'];

it('keys show says of each service which version is in use and what hangs on which', async () => {
  const stand = (more: object): Answers[string] => ({ body: { current: 2, kept: [1, 2], locked: false, wrapped: [{ version: 1, cases: 3 }, { version: 2, cases: 4 }], rewrapped: false, ...more } });
  const { said } = await run('keys show', { 'GET /v1/referrals-keys': stand({}), 'GET /v1/shelters-keys': stand({ current: null, kept: [], wrapped: [], rewrapped: true }), 'GET /v1/returns-keys': stand({ locked: true, rewrapped: true }), 'GET /v1/reintegration-keys': stand({}), 'GET /v1/notifications-keys': stand({}) });
  expect([said.length, said.find((line) => line.startsWith('referrals')), said.find((line) => line.startsWith('shelters')), said.find((line) => line.startsWith('returns'))])
    .toEqual([5, 'referrals      version 2 of 1,2; cases: 3 under 1, 4 under 2; still wrapping anew', 'shelters       no key yet; cases: none', 'returns        version 2 of 1,2; cases: 3 under 1, 4 under 2; LOCKED']);
});
it('keys rotate and destroy ask, and say that a second person has to approve; force is sent only where it was said', async () => {
  expect(await run('keys rotate', { 'POST /v1/key-rotations': waiting })).toEqual({ said: waits, asked: ['POST /v1/key-rotations {}'] });
  const rotations: Answers = { 'GET /v1/key-rotations?limit=100': { body: { items: [{ id: 'kyr_2', keyVersion: 3 }, { id: 'kyr_1', keyVersion: 2 }] } }, 'POST /v1/key-rotations/kyr_1/destroy-old': waiting };
  expect((await run('keys destroy 1', rotations)).asked[1]).toBe('POST /v1/key-rotations/kyr_1/destroy-old {}');
  expect((await run('keys destroy 1 --force', rotations)).asked[1]).toBe('POST /v1/key-rotations/kyr_1/destroy-old {"force":true}');
  await expect(run('keys destroy 3', rotations)).rejects.toThrow(/No change of key has put an end to version 3/);
  expect(await run('approve apn_x', { 'POST /v1/approvals/apn_x/approve': { body: { state: 'rotated', approval: 'apn_x' } } })).toEqual({ said: ['rotated'], asked: ['POST /v1/approvals/apn_x/approve'] });
});
it('keys sign-anew makes another key for one service, where its keys are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sign-anew-'));
  try {
    const program = new Command().exitOverride(), said: string[] = [];
    keyCommands(program, { folder: { keys: '/nowhere' }, environment: { KEYS_DIR: folder }, say: (line: string) => { said.push(line); } } as never);
    await program.parseAsync(['keys', 'sign-anew', 'returns'], { from: 'user' });
    expect([said[0], (await new LocalFileSigningKeys(folder).verifyingKeys('service-returns')).length]).toEqual([expect.stringMatching(/^returns signs with version 1 from now on/), 1]);
    await expect(run('keys sign-anew nobody', {})).rejects.toThrow(/Allowed choices/);
  } finally { await rm(folder, { recursive: true, force: true }); }
});
it('panic locks with one word, and unlocks with two', async () => {
  expect((await run('panic lock', { 'POST /v1/panic-locks': { status: 201, body: { state: 'locked' } } })).said[0]).toMatch(/^Locked\. Two persons/);
  expect(await run('panic unlock', { 'GET /v1/panic-locks?state=locked': { body: { items: [{ id: 'pnc_1' }] } }, 'POST /v1/panic-locks/pnc_1/unlock-keys': waiting })).toMatchObject({ said: waits });
  await expect(run('panic unlock', { 'GET /v1/panic-locks?state=locked': { body: { items: [] } } })).rejects.toThrow('Nothing is locked.');
  await expect(run('panic lock', { 'POST /v1/panic-locks': { status: 403, body: { title: 'Your role may not do this', detail: 'Ask a colleague.' } } })).rejects.toThrow('Your role may not do this. Ask a colleague.');
});
it('T25 receipts are verified, and one that was changed is said to be', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'receipts-'));
  try {
    const signing = new LocalFileSigningKeys(folder);
    const [owner, of] = [newRef('org'), newRef('cas')];
    const receipt = await signReceipt(signing, { service: 'referrals', owner, case: of, erasedAt: '2026-11-25T12:00:00.000Z' });
    const keys = await signing.verifyingKeys('service-referrals');
    const path = (service: string): string => `GET /v1/${service}-erasure-receipts?case=${of}`;
    const { said } = await run(`receipts ${of}`, { [path('referrals')]: { body: { items: [receipt], keys } }, [path('shelters')]: { body: { items: [{ ...receipt, service: 'shelters' }], keys } }, [path('returns')]: { body: { items: [], keys: [] } }, [path('reintegration')]: { body: { items: [], keys: [] } }, [path('notifications')]: { body: { items: [], keys: [] } } });
    expect(said.map((line) => line.split('{')[0]?.trim())).toEqual(expect.arrayContaining(['referrals      2026-11-25T12:00:00.000Z  verified', 'shelters       2026-11-25T12:00:00.000Z  NOT VERIFIED', 'returns        no receipt']));
  } finally { await rm(folder, { recursive: true, force: true }); }
});
