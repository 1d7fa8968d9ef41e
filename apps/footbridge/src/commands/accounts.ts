import { Country, OrganisationType } from '@footbridge/contracts';
import { newRef } from '@footbridge/privacy';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { accessToken, accountsFile, demonstrationAccount, expectOk, urlOf, type Connection } from '../connection.js';
import type { DataFolder } from '../data-folder.js';
import { holderOf } from '../instance-lock.js';
import { Refusal } from '../refusal.js';

export interface Surroundings {
  readonly folder: DataFolder;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
  readonly connect: (as?: string) => Promise<Connection>;
}

const as = (): Option => new Option('--as <account>', 'in the name of this demonstration account (default: the operator, or FOOTBRIDGE_ACCOUNT)');

export function accountCommands(program: Command, { folder, environment, say, connect }: Surroundings): void {
  program.command('accounts').description('The accounts of this instance: organisation, roles, what to sign in with').option('--json', 'as JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const elsewhere = (environment['FOOTBRIDGE_URL'] ?? '') !== '';
      const { demonstration, accounts } = elsewhere ? { demonstration: false, accounts: [] } : await accountsFile(folder);
      const secrets = new Map(demonstration ? accounts.map(({ id, secret }) => [id, secret]) : []);
      const running = elsewhere || await holderOf(folder.lock) !== undefined;
      const listed = running ? await registered(await connect()) : accounts.map((account) => ({ ...account, disabled: false }));
      const shown = listed.map(({ id, name, title, roles, organisation, organisationName, disabled }) => ({ account: id, name, title, roles, organisation, organisationName, disabled, ...(secrets.has(id) ? { secret: secrets.get(id) } : {}) }));
      if (json === true) { say(JSON.stringify(shown, null, 2)); return; }
      for (const organisation of new Set(shown.map((account) => account.organisation))) {
        const own = shown.filter((account) => account.organisation === organisation);
        say(`${own[0]?.organisationName ?? ''}  ${organisation}`);
        for (const { name, title, roles, disabled, secret } of own) say(`  ${name.padEnd(24)} ${title}${disabled ? ' (disabled)' : ''}: ${roles.join(', ')}${secret === undefined ? '' : `  secret ${secret}`}`);
      }
    });

  program.command('token').description('Prints an access token of a demonstration account and nothing else').argument('<account>', 'its sign-in name or id')
    .action(async (nameOrId: string) => {
      const { id, secret } = await demonstrationAccount(folder, nameOrId);
      say((await accessToken(await urlOf(folder, environment), { account: id, secret }, environment)).token);
    });

  program.command('reference').description('A new reference, for the first accounts of an instance whose sign-in server is another').addArgument(new Argument('<kind>').choices(['acc', 'org']))
    .action((kind: string) => { say(newRef(kind)); });

  const organisation = program.command('organisation').description('Organisations of this instance');
  organisation.command('add').description('A new organisation with its first administrator, whose secret is shown once')
    .requiredOption('--name <name>', 'public name').addOption(new Option('--type <type>', 'kind of organisation').choices(OrganisationType.values).makeOptionMandatory())
    .requiredOption('--country <code>', 'two letters, like AL', country).option('--admin <name>', 'what its administrator will sign in with; not where another server signs people in').option('--network-body', 'judges partners and subscriptions').option('--id <id>', 'org_…, to finish one that was begun').addOption(as())
    .action(async ({ as: who, admin, id = newRef('org'), ...organisation }: { readonly as?: string; readonly name: string; readonly type: string; readonly country: string; readonly networkBody?: true; readonly admin?: string; readonly id?: string }) => {
      const connection = await connect(who);
      const provider = await ownProvider(connection);
      if (provider && admin === undefined) throw new Refusal('Say what its administrator will sign in with: --admin.');
      if (provider?.some(({ name }) => name === admin)) throw new Refusal('This sign-in name is in use. Choose another with --admin.');
      expectOk(await connection.send('POST', '/v1/organisations', { id, ...organisation }));
      const { networkBody: _, ...known } = organisation;
      const added = provider ? objectOf(expectOk(await connection.send('POST', '/oidc/organisations', { id, ...known, admin }))['admin']) : { id: newRef('acc') };
      say(`organisation ${id}`);
      sayAdded(added);
      expectOk(await connection.send('POST', '/v1/accounts', { id: added['id'], organisation: id, name: 'Administrator', roles: ['PARTNER_ADMIN'] }));
    });
  for (const change of ['disable', 'enable'] as const) {
    organisation.command(change).description(change === 'disable' ? 'All its accounts stop at once' : 'Its accounts count again').argument('<organisation>', 'org_…').addOption(as())
      .action(async (id: string, { as: who }: { readonly as?: string }) => {
        const connection = await connect(who);
        await stand(connection, 'organisations', id, change, await ownProvider(connection) !== undefined);
        say(`${id} ${change}d`);
      });
  }

  const account = program.command('account').description('Accounts of an organisation');
  account.command('add').description('A new account, whose secret is shown once')
    .option('--name <name>', 'what it signs in with; not where another server signs people in').requiredOption('--title <title>', 'what it is for, like "Night desk"').requiredOption('--role <role...>', 'one or more', roleIn).option('--organisation <id>', 'org_… (default: the caller\'s own)').addOption(as())
    .action(async ({ as: who, role, name, title, organisation }: { readonly as?: string; readonly name?: string; readonly title: string; readonly role: readonly string[]; readonly organisation?: string }) => {
      const connection = await connect(who);
      const provider = await ownProvider(connection);
      if (provider && name === undefined) throw new Refusal('Say what it signs in with: --name.');
      const whose = organisation === undefined ? {} : { organisation };
      if (!provider) { sayAdded(expectOk(await connection.send('POST', '/v1/accounts', { ...whose, name: title, roles: role }))); return; }
      const added = expectOk(await connection.send('POST', '/oidc/accounts', { ...whose, name, title, roles: role }));
      // before what may fail: the secret is not shown again
      sayAdded(added);
      expectOk(await connection.send('POST', '/v1/accounts', { id: added['id'], organisation: added['organisation'], name: title, roles: role }));
    });
  for (const change of ['disable', 'enable'] as const) {
    account.command(change).description(change === 'disable' ? 'Its tokens stop within a minute, and it gets no new ones' : 'It counts again').argument('<account>', 'its sign-in name or id').option('--organisation <id>', 'org_…, of an account that was never added here').addOption(as())
      .action(async (nameOrId: string, { as: who, organisation }: { readonly as?: string; readonly organisation?: string }) => {
        const connection = await connect(who);
        const provider = await ownProvider(connection);
        const found = provider?.find(({ id, name }) => id === nameOrId || name === nameOrId.toLowerCase());
        await stand(connection, 'accounts', found?.id ?? nameOrId, change, provider !== undefined, found?.organisation ?? organisation);
        say(`${found?.name ?? nameOrId} ${change}d`);
      });
  }

  /** What our own provider made; or the references that another sign-in server's account gets (deploy/README.md). */
  function sayAdded({ id, name, secret }: Readonly<Record<string, unknown>>): void {
    say(typeof secret === 'string' ? `account      ${String(id)}  (${String(name)})` : `account      ${String(id)}  for the account at your sign-in server`);
    if (typeof secret === 'string') say(`secret       ${secret}  shown only now`);
  }
}

/** The accounts at our own identity provider; nothing where another server signs people in, which has no such path. */
async function ownProvider(connection: Connection): Promise<readonly Listed[] | undefined> {
  const answer = await connection.send('GET', '/oidc/accounts');
  return answer.status === 404 ? undefined : itemsOf(expectOk(answer));
}

/** Who may sign in, as the provider says; else as the services were told. */
async function registered(connection: Connection): Promise<readonly Listed[]> {
  const provider = await ownProvider(connection);
  if (provider) return provider;
  const all: Listed[] = [];
  for (let cursor: unknown = ''; typeof cursor === 'string';) {
    const page = expectOk(await connection.send('GET', `/v1/accounts?limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`));
    // one that was only ever disabled here has no name
    const named = { items: Array.isArray(page['items']) ? page['items'].map((item: object) => ({ name: '', ...item })) : [] };
    all.push(...itemsOf(named).map((account) => ({ ...account, title: account.name, name: account.id, organisationName: '' })));
    cursor = page['next'];
  }
  return all;
}

/** First the services, which stop the tokens that are about; then the provider, which gives no new ones. */
async function stand(connection: Connection, what: 'accounts' | 'organisations', id: string, change: 'disable' | 'enable', provided: boolean, organisation?: string): Promise<void> {
  expectOk(await connection.send('POST', `/v1/${what}/${encodeURIComponent(id)}/${change}`, organisation === undefined ? {} : { organisation }));
  if (provided) expectOk(await connection.send('POST', `/oidc/${what}/${encodeURIComponent(id)}/${change}`));
}

interface Listed { readonly id: string; readonly name: string; readonly title: string; readonly roles: readonly string[]; readonly organisation: string; readonly organisationName: string; readonly disabled: boolean }
const isListed = (item: unknown): item is Listed => typeof item === 'object' && item !== null && 'id' in item && 'name' in item && 'roles' in item && Array.isArray(item.roles) && 'organisation' in item;
const itemsOf = ({ items }: Readonly<Record<string, unknown>>): readonly Listed[] => (Array.isArray(items) ? items.filter(isListed) : []);
const objectOf = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? { ...value } : {});

function country(text: string): string {
  const code = text.toUpperCase();
  if (!Country.values.some((known) => known === code)) throw new InvalidArgumentError('It must be a country of ISO 3166 in two letters, like AL.');
  return code;
}
/** Which roles there are is the instance's to say. */
const roleIn = (text: string, before: readonly string[] = []): readonly string[] => [...before, text.toUpperCase().replaceAll('-', '_')];
