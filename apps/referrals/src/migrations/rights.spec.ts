import { migrate, provision } from '@footbridge/service';
import { testDatabase } from '@footbridge/testing';
import { Client } from 'pg';
import { referralsService } from '../index.js';
import { Rights1764240000000 } from './1764240000000-rights.js';

const passwords = new Proxy({}, { get: (_, role) => `test-${String(role)}` }) as Readonly<Record<string, string>>;

describe('the migration of rights, on rows of before', () => {
  it('DP-3: gives each case the basis that its owner goes by, moves nothing else, and lets none be without from then on', async () => {
    const admin = await testDatabase('rights-migration');
    const { services: { referrals: { migrationUrl } } } = await provision((name) => { const url = new URL(admin); url.pathname = `/${name}`; return url.href; }, passwords, new URL(admin).pathname.slice(1));
    await migrate({ ...referralsService, migrations: referralsService.migrations.filter((m) => m !== Rights1764240000000) }, migrationUrl);
    const client = new Client({ connectionString: admin, options: '-c search_path=referrals' });
    await client.connect();
    try {
      await client.query(`insert into known_organisation (organisation, type, country, active, version) values ('org_state', 'LocalGovernmentOrganisation', 'AL', true, 1), ('org_house', 'NGO', 'AL', true, 1)`);
      await client.query(`insert into "case" (id, owner, organisations, state, version, created_at, updated_at, sealed, purpose) values
        (md5('a')::uuid, 'org_state', '{org_state}', 'active', 2, now(), now(), '\\x00', 'ASSISTANCE'), (md5('b')::uuid, 'org_house', '{org_house}', 'closed', 3, now(), now(), '\\x00', null), (md5('c')::uuid, 'org_gone', '{org_gone}', 'active', 1, now(), now(), null, null); delete from clearance_due`);
      await migrate(referralsService, migrationUrl);
      expect((await client.query('select owner, purpose, legal_basis, special_category_basis, version from "case" order by owner desc')).rows).toEqual([
        { owner: 'org_state', purpose: 'ASSISTANCE', legal_basis: 'PUBLIC_TASK', special_category_basis: 'SOCIAL_PROTECTION', version: 2 },
        { owner: 'org_house', purpose: 'ASSISTANCE', legal_basis: 'LEGITIMATE_INTERESTS', special_category_basis: 'SUBSTANTIAL_PUBLIC_INTEREST', version: 3 },
        { owner: 'org_gone', purpose: null, legal_basis: 'LEGITIMATE_INTERESTS', special_category_basis: 'SUBSTANTIAL_PUBLIC_INTEREST', version: 1 },
      ]);
      expect((await client.query('select from clearance_due')).rowCount).toBe(0);
      expect((await client.query(`select from pg_class where relname = 'case' and relnamespace = 'referrals'::regnamespace and relforcerowsecurity`)).rowCount).toBe(1);
      await expect(client.query(`update "case" set legal_basis = null where owner = 'org_house'`)).rejects.toMatchObject({ constraint: 'dp3__no_legal_basis' });
      expect((await client.query(`update "case" set state = 'closed' where owner = 'org_state'`)).rowCount).toBe(1);
      expect((await client.query('select from clearance_due')).rowCount).toBe(1);
    } finally { await client.end(); }
  });
});
