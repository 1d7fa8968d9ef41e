import { testDatabase, waitUntil } from '@footbridge/testing';
import pg from 'pg';
import { problemOf } from './http.js';
import { body, Sessions } from './sessions.js';

const whoAmI = body('who', 'jsonb', 'returns table (organisation text, pid integer)', `return query select current_setting('app.org'), pg_backend_pid();`);
const slowly = body('slow', 'jsonb', 'returns table (n integer)', `perform pg_sleep(($2->>0)::numeric); return query select 1;`);
const fails = body('fails', 'jsonb', 'returns table (n integer)', `raise exception 'no' using errcode = '23505', constraint = 'some_rule';`);

describe('sessions', () => {
  let url: string;
  let sessions: Sessions;
  let losses = 0;
  beforeAll(async () => { url = await testDatabase('sessions'); });
  beforeEach(() => { losses = 0; sessions = new Sessions({ connectionString: url }, 2, () => { losses += 1; }); });
  afterEach(() => sessions.close());

  test('each piece of work runs as its own organisation, and nothing of it is left on the connection', async () => {
    const seen = await Promise.all(Array.from({ length: 50 }, async (_, n) => (await sessions.run<{ organisation: string }>(whoAmI, `org_${n}`, '[]'))[0]?.organisation));
    expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => `org_${n}`));
    const left = body('left', 'jsonb', 'returns table (organisation text)', `return query select current_setting('app.org', true);`);
    const [{ organisation } = { organisation: '' }] = await sessions.run<{ organisation: string }>({ ...left, text: left.text }, 'org_x', '[]');
    expect(organisation).toBe('org_x');
  });

  test('a body that fails takes nothing of its neighbours with it', async () => {
    const answers = await Promise.allSettled([sessions.run(whoAmI, 'a', '[]'), sessions.run(fails, 'a', '[]'), sessions.run(whoAmI, 'b', '[]'), sessions.run(fails, 'b', '[]'), sessions.run(whoAmI, 'c', '[]')]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled']);
    expect((answers[1] as PromiseRejectedResult).reason).toMatchObject({ code: '23505', constraint: 'some_rule' });
  });

  test('work goes to the connection with the least to do', async () => {
    const order: string[] = [];
    const slow = sessions.run(slowly, 'a', '[2]').then(() => order.push('slow'));
    for (let n = 0; n < 3; n += 1) await sessions.run(whoAmI, 'a', '[]').then(() => order.push('quick'));
    await slow;
    expect(order).toEqual(['quick', 'quick', 'quick', 'slow']);
  });

  test('a connection that is lost fails what was on it and is replaced for the next', async () => {
    const [before] = await sessions.run<{ pid: number }>(whoAmI, 'a', '[]');
    const under = Promise.allSettled([60, 61, 62].map((seconds) => sessions.run(slowly, 'a', `[${seconds}]`)));
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    await waitUntil('both connections are at it', async () => (await admin.query("select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'")).rowCount === 2);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
    await admin.end();
    expect((await under).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await waitUntil('both connections are known to be lost', () => losses === 2);
    const [after] = await sessions.run<{ pid: number }>(whoAmI, 'a', '[]');
    expect(after?.pid).not.toBe(before?.pid);
  });

  test('on a full disk (simulated: the database raises 53100 wherever a body is made) the reason is the disk, for everybody who waits for that body, and all is well when there is room', async () => {
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    await admin.query("create function disk_is_full() returns event_trigger language plpgsql as $$ begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$; create event trigger disk_is_full on ddl_command_start when tag in ('CREATE FUNCTION') execute function disk_is_full()");
    try {
      const answers = await Promise.allSettled(Array.from({ length: 6 }, () => sessions.run(whoAmI, 'a', '[]')));
      expect(answers.map((answer) => (answer as PromiseRejectedResult).reason as unknown)).toEqual(Array(6).fill(expect.objectContaining({ code: '53100' })));
      expect(sessions.diskIsFull).toBe(true);
      expect(problemOf((answers[0] as PromiseRejectedResult).reason)).toMatchObject({ code: 'service-unavailable' });
    } finally { await admin.query('drop event trigger disk_is_full; drop function disk_is_full()'); await admin.end(); }
    expect(await sessions.run(whoAmI, 'a', '[]')).toHaveLength(1);
    const other = new Sessions({ connectionString: url }, 1, () => undefined);
    expect(other.diskIsFull).toBe(false);
    await expect(other.run(fails, 'a', '[]')).rejects.toMatchObject({ code: '23505' });
    expect(other.diskIsFull).toBe(false);
    await other.close();
  });

  test('a server that cannot be reached is said so, and tried again the next time', async () => {
    const away = new Sessions({ connectionString: url.replace(/:(\d+)\//, ':9/') }, 2, () => undefined);
    await expect(away.run(whoAmI, 'a', '[]')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(away.run(whoAmI, 'a', '[]')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await away.close();
  });
});
