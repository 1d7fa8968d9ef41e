import { migrate, provision } from '@footbridge/service';
import { testDatabase } from '@footbridge/testing';
import { Client } from 'pg';
import { referralsService } from '../index.js';
import { First1764000000000 } from './1764000000000-first.js';

const passwords = new Proxy({}, { get: (_, role) => `test-${String(role)}` }) as Readonly<Record<string, string>>;

describe('the second migration, on the first one\'s rows', () => {
  it('knows who drafted a referral, and asks again whose guardian speaks', async () => {
    const admin = await testDatabase('second-migration');
    const { services: { referrals: { migrationUrl } } } = await provision((name) => { const url = new URL(admin); url.pathname = `/${name}`; return url.href; }, passwords, new URL(admin).pathname.slice(1));
    await migrate({ ...referralsService, migrations: [First1764000000000] }, migrationUrl);
    const client = new Client({ connectionString: admin, options: '-c search_path=referrals' });
    await client.connect();
    try {
      await client.query(`insert into referral (id, owner, organisations, state, version, created_at, updated_at, referrer) values (md5('a')::uuid, 'org_house', '{org_house}', 'sent', 2, now(), now(), 'org_police')`);
      await client.query(`insert into audit (at, organisations, kind, aggregate, command, organisation) values (now(), '{org_house}', 'rfr', md5('a')::uuid, 'draftReferral', 'org_police'), (now(), '{org_house}', 'rfr', md5('a')::uuid, 'send', 'org_house')`);
      await client.query(`insert into guardian_appointment (id, owner, organisations, state, version, created_at, updated_at, case_id) values (md5('g')::uuid, 'org_house', '{org_house}', 'interim', 3, now(), now(), md5('c')::uuid); delete from clearance_due`);
      await migrate(referralsService, migrationUrl);
      expect((await client.query('select drafted_by from referral')).rows).toEqual([{ drafted_by: 'org_police' }]);
      expect((await client.query(`select owner from clearance_due where case_id = md5('c')::uuid`)).rows).toEqual([{ owner: 'org_house' }]);
      expect((await client.query(`select relname from pg_class where relname in ('referral', 'audit') and relnamespace = 'referrals'::regnamespace and relforcerowsecurity order by 1`)).rows).toEqual([{ relname: 'audit' }, { relname: 'referral' }]);
    } finally { await client.end(); }
  });
});
