import { migrate, provision } from '@footbridge/service';
import { testDatabase } from '@footbridge/testing';
import { Client } from 'pg';
import { returnsService } from '../index.js';
import { First1764000000000 } from './1764000000000-first.js';

const passwords = new Proxy({}, { get: (_, role) => `test-${String(role)}` }) as Readonly<Record<string, string>>;

describe('the second migration, on the first one\'s rows', () => {
  it('knows which consent carries a return, and whether an office stands asked', async () => {
    const admin = await testDatabase('returns-migration');
    const { services: { returns: { migrationUrl } } } = await provision((name) => { const url = new URL(admin); url.pathname = `/${name}`; return url.href; }, passwords, new URL(admin).pathname.slice(1));
    await migrate({ ...returnsService, migrations: [First1764000000000] }, migrationUrl);
    const client = new Client({ connectionString: admin, options: '-c search_path=returns' });
    await client.connect();
    try {
      const returnCase = (name: string, state: string, office: string | null): Promise<unknown> =>
        client.query(`insert into return_case (id, owner, organisations, case_ref, state, version, created_at, updated_at, origin_office) values (md5($1)::uuid, 'org_ro', '{org_ro}', 'csr_x', $2, 2, now(), now(), $3)`, [name, state, office]);
      await client.query(`insert into known_consent (consent, case_ref, purpose, recipient, state, valid_until, version) values ('con_old', 'csr_x', 'RETURN_ARRANGEMENT', 'org_ro', 'expired', '2026-01-01', 2), ('con_new', 'csr_x', 'RETURN_ARRANGEMENT', 'org_ro', 'given', '2027-01-01', 1), ('con_other', 'csr_x', 'RETURN_ARRANGEMENT', 'org_else', 'given', null, 1)`);
      await returnCase('a', 'requested', null);
      await returnCase('b', 'planning', 'org_oo');
      await returnCase('c', 'return_suspended', 'org_oo');
      await migrate(returnsService, migrationUrl);
      expect((await client.query('select state, origin_office as office, office_asked as asked, arrangement_consent as consent from return_case order by state')).rows).toEqual([
        { state: 'planning', office: 'org_oo', asked: true, consent: 'con_new' }, { state: 'requested', office: null, asked: false, consent: 'con_new' }, { state: 'return_suspended', office: null, asked: false, consent: 'con_new' }]);
      expect((await client.query(`select relname from pg_class where relname in ('return_case', 'failed_reception') and relnamespace = 'returns'::regnamespace and relforcerowsecurity order by 1`)).rows).toEqual([{ relname: 'failed_reception' }, { relname: 'return_case' }]);
    } finally { await client.end(); }
  });
});
