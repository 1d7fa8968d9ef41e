import { serviceSchema, grants, service } from '@footbridge/service';
import type { QueryRunner } from 'typeorm';
const names = ['referrals', 'shelters', 'returns', 'reintegration', 'notifications'];
export const stubs = names.map((name) => {
  class First1700000000000 { name = 'First1700000000000'; async up(q: QueryRunner): Promise<void> { await q.query(serviceSchema(name, `${name}_owner`)); await q.query(grants(name, `${name}_app`)); } async down(): Promise<void> {} }
  return service({ name, lifecycles: [], migrations: [First1700000000000] });
});
const { settingsOf } = await import('./settings.js');
const { startInstance } = await import('./instance.js');
const { Refusal } = await import('./refusal.js');
const t = Date.now();
try {
  const i = await startInstance(stubs, settingsOf(process.env));
  console.log('started', Date.now() - t, i.url, i.seeded);
  for (;;) { const r = await fetch(`${i.url}/readyz`); if (r.ok) break; console.log(await r.text()); await new Promise((r) => setTimeout(r, 300)); }
  console.log('ready', Date.now() - t);
  process.on('SIGINT', () => { const t = Date.now(); void i.close().then(() => { console.log('closed', Date.now() - t); process.exit(0); }); });
} catch (e) { console.error(e instanceof Refusal ? e.message : e); process.exit(2); }
