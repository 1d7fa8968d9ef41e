import { isRef, newRef } from '@footbridge/privacy';
import { testInstance, type TestAccount, type TestInstance } from '@footbridge/testing';
import { Command } from 'commander';
import { DataFolder } from '../data-folder.js';
import { services } from '../services.js';
import { accountCommands } from './accounts.js';

describe('accounts of an instance whose sign-in server is another', () => {
  const body = newRef('org');
  let instance: TestInstance;
  let operator: TestAccount;
  beforeAll(async () => {
    instance = await testInstance(services.filter(({ name }) => name === 'notifications'), { name: 'foreign', config: { denyList: { standing: () => 'good' } } });
    operator = instance.account(body, 'OPERATOR');
  });
  afterAll(() => instance?.close());

  const footbridge = async (who: TestAccount, ...args: string[]): Promise<string> => {
    let said = '';
    const program = new Command().exitOverride();
    const send = async (method: 'GET' | 'POST', path: string, sent?: unknown) => { const { status, body: answered } = await (method === 'GET' ? who.get(path) : who.post(path, sent)); return { status, body: answered, retryAfter: undefined }; };
    accountCommands(program, {
      folder: new DataFolder('/nowhere'), environment: { FOOTBRIDGE_URL: instance.url }, say: (line) => { said += `${line}\n`; },
      connect: () => Promise.resolve({ url: instance.url, target: '', send, get: (path) => send('GET', path), post: (path, sent) => send('POST', path, sent) }),
    });
    await program.parseAsync(['node', 'footbridge', ...args]);
    return said;
  };

  it('begin with references that the services take, and grow by commands alone', async () => {
    for (const kind of ['acc', 'org'] as const) expect(isRef((await footbridge(operator, 'reference', kind)).trim(), kind)).toBe(true);
    const own = await footbridge(operator, 'organisation', 'add', '--id', body, '--name', 'Network office', '--type', 'InternationalOrganisation', '--country', 'AL', '--network-body');
    expect(own).toMatch(new RegExp(`^organisation ${body}\naccount +acc_[a-z2-7]{34} {2}for the account at your sign-in server\n$`));
    const [, organisation = '', first = ''] = /organisation (\S+)\naccount +(\S+)/.exec(await footbridge(operator, 'organisation', 'add', '--name', 'Nest', '--type', 'NGO', '--country', 'AL')) ?? [];
    expect([isRef(organisation, 'org'), isRef(first, 'acc')]).toEqual([true, true]);
    expect((await operator.get('/v1/organisations')).body['items']).toMatchObject([{ id: body, networkBody: true }, { id: organisation, networkBody: false }]);
    const admin = instance.account(organisation, 'PARTNER_ADMIN');
    const [, desk = ''] = /^account +(\S+) {2}for the account/.exec(await footbridge(admin, 'account', 'add', '--title', 'Night desk', '--role', 'receiver')) ?? [];
    const listed = async (): Promise<Record<string, object>> => Object.fromEntries((JSON.parse(await footbridge(admin, 'accounts', '--json')) as { account: string }[]).map((one) => [one.account, one]));
    expect(await listed()).toMatchObject({ [first]: { roles: ['PARTNER_ADMIN'] }, [desk]: { title: 'Night desk', roles: ['RECEIVER'], disabled: false } });
    expect(await footbridge(admin, 'account', 'disable', desk)).toBe(`${desk} disabled\n`);
    const never = newRef('acc');
    expect(await footbridge(operator, 'account', 'disable', never, '--organisation', organisation)).toBe(`${never} disabled\n`);
    expect(await listed()).toMatchObject({ [first]: { disabled: false }, [desk]: { disabled: true }, [never]: { disabled: true } });
    expect(await footbridge(operator, 'organisation', 'disable', organisation)).toBe(`${organisation} disabled\n`);
  });
});
