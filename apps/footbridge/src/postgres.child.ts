// Started by postgres.spec.ts: an instance's database in a process that can be killed. Says "ready" with its port, then each number it has committed.
const [folder = '', uid] = process.argv.slice(2);
if (uid !== undefined && process.setuid && process.setgid && process.setgroups) {
  process.setgroups([]);
  process.setgid(Number(uid));
  process.setuid(Number(uid));
}
const { default: pg } = await import('pg');
const { DataFolder } = await import('./data-folder.js');
const { startPostgres } = await import('./postgres.js');
const { Refusal } = await import('./refusal.js');

let stopping = false;
try {
  const data = new DataFolder(folder);
  const lock = await data.open('http://localhost:0');
  const postgres = await startPostgres(data);
  const client = new pg.Client({ connectionString: postgres.adminUrl('postgres') });
  client.on('error', () => { process.exit(1); });
  await client.connect();
  process.on('SIGINT', () => { process.exit(3); });
  process.on('SIGTERM', () => { stopping = true; void client.end().then(() => postgres.stop()).then(() => lock.release()).then(() => { process.exit(0); }); });
  await client.query('create table if not exists answered (n serial)');
  process.stdout.write(`ready ${postgres.port}\n`);
  while (!stopping) {
    const { rows } = await client.query<{ n: number }>('insert into answered default values returning n');
    process.stdout.write(`${rows[0]?.n ?? 0}\n`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
} catch (error) {
  if (stopping) await new Promise(() => undefined);
  process.stderr.write(`${error instanceof Refusal ? error.message : String(error)}\n`);
  process.exit(error instanceof Refusal ? 2 : 1);
}
