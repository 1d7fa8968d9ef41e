import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Country, OrganisationType } from '@footbridge/contracts';
import { accountRoles } from '@footbridge/service';
import { testDatabase } from '@footbridge/testing';
import pg from 'pg';
import { demonstration } from './demonstration.js';
import { Accounts } from './identity/accounts.js';
import { identitySchema } from './identity/schema.js';
import { readAccounts, seedAccounts } from './seed.js';

describe('the demonstration', () => {
  it('has a desk for each role, and each name once', () => {
    const desks = demonstration.flatMap(({ accounts }) => accounts);
    expect([...new Set(desks.flatMap(({ roles }) => roles))].sort()).toEqual([...accountRoles].sort());
    expect(new Set(desks.map(({ name }) => name)).size).toBe(desks.length);
    for (const { key, accounts, type, country } of demonstration) {
      expect(accounts.filter(({ roles }) => roles.includes('PARTNER_ADMIN'))).toHaveLength(1);
      for (const { name } of accounts) expect(name.startsWith(`${key}.`)).toBe(true);
      expect(OrganisationType.values).toContain(type);
      expect(Country.values).toContain(country);
    }
  });

  it('has what the stories need: two data protection desks, a house of 28 beds, an origin office in another country', () => {
    expect(demonstration.flatMap(({ key, accounts }) => (key === 'network' ? accounts.filter(({ roles }) => roles.includes('DPO')) : []))).toHaveLength(2);
    expect(demonstration.flatMap(({ shelters = [] }) => shelters.map(({ totalBeds }) => totalBeds))).toContain(28);
    expect(demonstration.find(({ accounts }) => accounts.some(({ roles }) => roles.includes('ORIGIN_OFFICE')))?.country).not.toBe('AL');
  });
});

describe('the first accounts', () => {
  let folder: string;
  let pool: pg.Pool;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'footbridge-seed-'));
    pool = new pg.Pool({ connectionString: await testDatabase('seed'), max: 3 });
    await pool.query(identitySchema);
  });
  afterEach(async () => { await pool.end(); await rm(folder, { recursive: true, force: true }); });

  it('are made once, and what they sign in with lies in a file for its owner only', async () => {
    const file = join(folder, 'accounts.json');
    expect(await seedAccounts(pool, file, 'demonstration')).toBe('seeded');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const kept = await readFile(file, 'utf8');
    expect(await seedAccounts(pool, file, 'demonstration')).toBe('there');
    expect(await readFile(file, 'utf8')).toBe(kept);
    const { accounts = [] } = await readAccounts(file) ?? {};
    expect(accounts).toHaveLength(demonstration.flatMap(({ accounts: desks }) => desks).length);
    const intake = accounts.find(({ name }) => name === 'lantern.intake');
    expect(await new Accounts(pool).signIn('lantern.intake', intake?.secret ?? '')).toMatchObject({ id: intake?.id, organisation: intake?.organisation, roles: intake?.roles });
  });

  it('all of them or none, when the start is cut off in the middle', async () => {
    const file = join(folder, 'accounts.json');
    await pool.query('create function cut() returns trigger language plpgsql as $$ begin if new.name = \'nest.admin\' then raise exception \'cut\'; end if; return new; end $$; create trigger cut before insert on account for each row execute function cut()');
    await expect(seedAccounts(pool, file, 'demonstration')).rejects.toThrow('cut');
    expect(await new Accounts(pool).isEmpty()).toBe(true);
    await pool.query('drop trigger cut on account');
    expect(await seedAccounts(pool, file, 'demonstration')).toBe('seeded');
    const { accounts = [] } = await readAccounts(file) ?? {};
    expect(await new Accounts(pool).signIn('nest.admin', accounts.find(({ name }) => name === 'nest.admin')?.secret ?? '')).toMatchObject({ name: 'nest.admin' });
  });

  it('without demonstration data are the operator\'s alone', async () => {
    const file = join(folder, 'accounts.json');
    await seedAccounts(pool, file, 'operator');
    expect(await readAccounts(file)).toMatchObject({ demonstration: false, accounts: [{ name: 'operator', roles: ['OPERATOR'] }, { name: 'operator.admin' }] });
  });
});
