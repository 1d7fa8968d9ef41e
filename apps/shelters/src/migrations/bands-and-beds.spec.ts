import { migrate, provision } from '@footbridge/service';
import { testDatabase } from '@footbridge/testing';
import { Client } from 'pg';
import { sheltersService } from '../index.js';
import { First1764000000000 } from './1764000000000-first.js';

const passwords = new Proxy({}, { get: (_, role) => `test-${String(role)}` }) as Readonly<Record<string, string>>;

describe('the second migration, on the first one\'s rows', () => {
  it('knows which beds are held for a request without a name, and counts none of them anew', async () => {
    const admin = await testDatabase('shelters-migration');
    const { services: { shelters: { migrationUrl } } } = await provision((name) => { const url = new URL(admin); url.pathname = `/${name}`; return url.href; }, passwords, new URL(admin).pathname.slice(1));
    await migrate({ ...sheltersService, migrations: [First1764000000000] }, migrationUrl);
    const client = new Client({ connectionString: admin, options: '-c search_path=shelters' });
    await client.connect();
    try {
      await client.query(`insert into shelter (id, owner, organisations, state, version, created_at, updated_at, units) values (md5('s')::uuid, 'org_house', '{org_house}', 'open', 2, now(), now(), '[{"code":"A","profile":"women","total":3}]')`);
      for (const [name, request, referral] of [['asked', 'r', null], ['named', 'q', 'f'], ['alone', null, null]]) {
        await client.query(`insert into bed_reservation (id, owner, organisations, state, version, created_at, updated_at, shelter, unit, bed_request, referral) values (md5($1)::uuid, 'org_house', '{org_house}', 'held', 1, now(), now(), md5('s')::uuid, 'A', md5($2)::uuid, md5($3)::uuid)`, [name, request, referral]);
      }
      await migrate(sheltersService, migrationUrl);
      expect((await client.query(`select id = md5('asked')::uuid as asked, anonymous from bed_reservation order by anonymous desc, asked`)).rows).toEqual([{ asked: true, anonymous: true }, { asked: false, anonymous: false }, { asked: false, anonymous: false }]);
      expect((await client.query('select held, occupied from unit')).rows).toEqual([{ held: 3, occupied: 0 }]);
      expect((await client.query(`select relforcerowsecurity as forced from pg_class where relname = 'bed_reservation' and relnamespace = 'shelters'::regnamespace`)).rows).toEqual([{ forced: true }]);
    } finally { await client.end(); }
  });
});
