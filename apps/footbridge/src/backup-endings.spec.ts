import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresTransport } from '@footbridge/messaging';
import { newRef } from '@footbridge/privacy';
import { migrate } from '@footbridge/service';
import pg from 'pg';
import { backup, restore } from './backup.js';
import { inside } from './backup.fixture.js';
import { DataFolder } from './data-folder.js';
import { identitySchema } from './identity/schema.js';
import { identityKeys } from './identity/signing-keys.js';
import { services } from './services.js';

/** On the schema of the five services, with all that their triggers keep. */
describe('older data with newer keys, in the five services', () => {
  let place: string, folder: DataFolder;
  const [house, ngo] = [newRef('org'), newRef('org')];
  /** A row of a lifecycle, as its service writes it, triggers and all. */
  const put = async (client: pg.Client, service: string, table: string, state: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const row: Record<string, unknown> = { id: randomUUID(), owner: house, organisations: [house], state, version: 1, created_at: '2026-11-01T00:00:00Z', updated_at: '2026-11-01T00:00:00Z', ...more };
    await client.query(`set search_path = ${service}`);
    await client.query(`insert into "${table}" (${Object.keys(row).join(', ')}) values (${Object.keys(row).map((_, n) => `$${n + 1}`).join(', ')})`, Object.values(row));
    return String(row['id']);
  };
  const change = async (client: pg.Client, service: string, sql: string, values: readonly unknown[] = []): Promise<void> => { await client.query(`set search_path = ${service}`); await client.query(sql, [...values]); };

  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'footbridge-ended-'));
    folder = new DataFolder(join(place, 'instance'));
    await inside(folder, async (client, urls) => {
      for (const definition of services) await migrate(definition, urls.services[definition.name as keyof typeof urls.services].migrationUrl);
      const transport = new PostgresTransport({ url: urls.busUrl });
      try { await transport.clean(); } finally { await transport.close(); }
      const identity = new pg.Pool({ connectionString: urls.identityUrl, max: 1 });
      await identity.query(identitySchema);
      await identity.end();
    });
    await identityKeys(folder.identityFile);
  }, 240_000);
  afterAll(async () => { await rm(place, { recursive: true, force: true }); });

  it('T13 T25 whatever ended or restricts since then stands, with what triggers keep of it: names resolve no more, who was put out is no member, nobody is written to, holds and locks hold', async () => {
    const [data, keys, laterKeys] = ['early.data', 'early.keys', 'later.keys'].map((name) => join(place, name)) as [string, string, string];
    const name = newRef('cas'), kept = newRef('cas'), holdName = newRef('hld');
    const ids = await inside(folder, async (client) => {
      const caseId = await put(client, 'referrals', 'case', 'active', { case_ref: null });
      await change(client, 'referrals', "insert into reference (ref, organisation, kind, aggregate, purpose) values ($1, $2, 'cas', $3, 'REFERRAL_DISCLOSURE'), ($4, $2, 'cas', $3, 'LEGAL_REPRESENTATION')", [name, ngo, caseId, kept]);
      const about = { case_id: caseId, case_ref: 'csr_a' };
      const made = {
        caseId,
        consent: await put(client, 'referrals', 'consent_record', 'given', { ...about, purpose: 'REFERRAL_DISCLOSURE', recipient: ngo }),
        guardian: await put(client, 'referrals', 'guardian_appointment', 'interim', about), release: await put(client, 'referrals', 'exact_release', 'released', about),
        code: await put(client, 'referrals', 'continuity_code', 'issued', about), glass: await put(client, 'referrals', 'break_glass', 'open', about), file: await put(client, 'referrals', 'export', 'allowed'),
        partner: await put(client, 'notifications', 'partner', 'partner_active', { owner: ngo, organisations: [ngo], country: 'AL' }),
        endpoint: await put(client, 'notifications', 'subscription', 'sub_active', { owner: ngo, organisations: [ngo], event_types: ['x'] }), paused: await put(client, 'notifications', 'subscription', 'sub_active', { owner: ngo, organisations: [ngo], event_types: ['x'] }),
      };
      await change(client, 'referrals', "insert into clearance (id, case_id, owner, step, cleared, version, changed_at) values (gen_random_uuid(), $1, $2, 'PLACEMENT', true, 1, now()), (gen_random_uuid(), $1, $2, 'GUARDIAN', true, 1, now())", [caseId, house]);
      await change(client, 'shelters', "insert into known_clearance (case_ref, step, cleared, version) values ('csr_a', 'PLACEMENT', true, 1), ('csr_a', 'GUARDIAN', true, 1)");
      await client.query('delete from referrals.clearance_due');
      return made;
    });
    await backup(folder, data, keys);
    const [hold, alert, standing, lock] = await inside(folder, async (client) => {
      const now = async (service: string, table: string, id: string, state: string): Promise<void> => change(client, service, `update "${table}" set state = $2, version = 2 where id = $1`, [id, state]);
      await now('referrals', 'consent_record', ids.consent, 'withdrawn');
      await now('referrals', 'guardian_appointment', ids.guardian, 'suspended');
      await now('referrals', 'exact_release', ids.release, 'ended');
      await now('referrals', 'continuity_code', ids.code, 'used');
      await now('referrals', 'break_glass', ids.glass, 'ended');
      await now('referrals', 'export', ids.file, 'revoked');
      await now('notifications', 'partner', ids.partner, 'partner_terminated');
      await now('notifications', 'subscription', ids.endpoint, 'sub_revoked');
      await now('notifications', 'subscription', ids.paused, 'sub_paused');
      await change(client, 'referrals', "update clearance set cleared = false, version = 2 where step = 'PLACEMENT'");
      await change(client, 'shelters', "update known_clearance set cleared = false, version = 2 where step = 'PLACEMENT'");
      const about = { case_id: ids.caseId, case_ref: 'csr_a', sealed: '\\x00ff' };
      const made = [await put(client, 'referrals', 'hold', 'placed', about), await put(client, 'referrals', 'safety_alert', 'raised', about), await put(client, 'referrals', 'legal_hold', 'standing', about), await put(client, 'notifications', 'panic_lock', 'locked')];
      await put(client, 'referrals', 'hold', 'lifted', about);
      await change(client, 'referrals', "insert into reference (ref, organisation, kind, aggregate) values ($1, $2, 'hld', $3)", [holdName, house, made[0]]);
      await change(client, 'shelters', 'insert into key_lock (panic_lock, organisation, locked, version, applied) values ($1, $2, true, 1, true)', [made[3], house]);
      return made as [string, string, string, string];
    });
    await backup(folder, join(place, 'later.data'), laterKeys);
    const states = async (client: pg.Client): Promise<Record<string, string>> => {
      const found: Record<string, string> = {};
      for (const [service, table, id] of [['referrals', 'consent_record', ids.consent], ['referrals', 'guardian_appointment', ids.guardian], ['referrals', 'exact_release', ids.release], ['referrals', 'continuity_code', ids.code], ['referrals', 'break_glass', ids.glass], ['referrals', 'export', ids.file], ['notifications', 'partner', ids.partner], ['notifications', 'subscription', ids.endpoint]] as const) {
        found[table] = (await client.query<{ state: string }>(`select state from ${service}."${table}" where id = $1`, [id])).rows[0]?.state ?? 'gone';
      }
      return found;
    };
    for (const newest of [undefined, laterKeys]) {
      const other = new DataFolder(join(await mkdtemp(join(place, 'new-')), 'data'));
      await restore(other, data, keys, services, newest);
      await inside(other, async (client) => {
        const all = async (sql: string, values: readonly unknown[] = []): Promise<unknown[]> => (await client.query(sql, [...values])).rows;
        const ended = newest !== undefined;
        expect(await states(client)).toEqual(ended
          ? { consent_record: 'withdrawn', guardian_appointment: 'suspended', exact_release: 'ended', continuity_code: 'used', break_glass: 'ended', export: 'revoked', partner: 'partner_terminated', subscription: 'sub_revoked' }
          : { consent_record: 'given', guardian_appointment: 'interim', exact_release: 'released', continuity_code: 'issued', break_glass: 'open', export: 'allowed', partner: 'partner_active', subscription: 'sub_active' });
        // What triggers keep.
        expect(await all('select ref, reason from referrals.reference_end')).toEqual(ended ? [{ ref: name, reason: 'CONSENT_OVER' }] : []);
        expect(await all('select active from notifications.member where organisation = $1', [ngo])).toEqual([{ active: !ended }]);
        expect(await all('select state from notifications.endpoint order by state')).toEqual(ended ? [{ state: 'sub_paused' }, { state: 'sub_revoked' }] : [{ state: 'sub_active' }, { state: 'sub_active' }]);
        expect((await all('select from referrals.clearance_due where case_id = $1', [ids.caseId])).length > 0).toBe(ended);
        for (const table of ['referrals.clearance', 'shelters.known_clearance']) expect(await all(`select step, cleared from ${table} order by step`)).toEqual([{ step: 'GUARDIAN', cleared: true }, { step: 'PLACEMENT', cleared: !ended }]);
        // What older data has never heard of comes back, without what was sealed in it, and under its name.
        expect(await all('select id, state, sealed from referrals.hold')).toEqual(ended ? [{ id: hold, state: 'placed', sealed: null }] : []);
        expect([await all('select id from referrals.safety_alert'), await all('select id from referrals.legal_hold'), await all('select id from notifications.panic_lock')]).toEqual(ended ? [[{ id: alert }], [{ id: standing }], [{ id: lock }]] : [[], [], []]);
        expect(await all("select ref, organisation, aggregate from referrals.reference where kind = 'hld'")).toEqual(ended ? [{ ref: holdName, organisation: house, aggregate: hold }] : []);
        for (const service of ['shelters', 'notifications']) expect(await all(`select organisation, locked, applied from ${service}.key_lock`)).toEqual(ended ? [{ organisation: house, locked: true, applied: false }] : []);
        // Nobody is written to, and no audit is touched, by any of it.
        for (const quiet of ['notifications.mail_due', 'referrals.outbox', 'notifications.outbox', 'referrals.audit', 'notifications.audit']) expect([quiet, await all(`select 1 from ${quiet}`)]).toEqual([quiet, []]);
      });
    }
  }, 300_000);
});
