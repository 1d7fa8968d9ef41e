import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInstance } from '../instance.js';
import { Refusal } from '../refusal.js';
import { readAccounts } from '../seed.js';
import { services } from '../services.js';
import { httpWorld } from './http-world.js';
import { prepareDemonstration } from './prepare.js';
import { stories } from './stories.js';
import { NotSeen } from './world.js';

/** `npm run demo`: a story against a fresh instance, told step by step. Exits 0 only if each step was seen to hold. */
const [name = 'journey', ...rest] = process.argv.slice(2);
const say = (line: string): void => { process.stdout.write(`${line}\n`); };
if (name === 'list') { for (const [n, { about }] of Object.entries(stories)) say(`${n.padEnd(24)} ${about}`); process.exit(0); }
const story = stories[name];
if (!story || rest.length > 0) {
  process.stderr.write(`There is no story ${JSON.stringify(name.slice(0, 40))}. List them: npm run demo -- list\n`);
  process.exit(2);
}
const folder = await mkdtemp(join(tmpdir(), 'footbridge-demo-'));
let failed = true;
try {
  say('A fresh instance is made, with invented organisations and people …');
  const instance = await startInstance(services, { dataPath: join(folder, 'data'), port: 0, host: 'localhost', clock: 'manual', webhooks: 'loopback', seed: 'demonstration' });
  try {
    while (!(await fetch(`${instance.url}/readyz`)).ok) await new Promise((resolve) => { setTimeout(resolve, 100); });
    await prepareDemonstration(instance.url, instance.folder);
    const accounts = await readAccounts(instance.folder.accountsFile);
    if (!accounts) throw new Error('no accounts');
    let step = 0;
    await story.play(httpWorld(instance.url, accounts, (line) => { step += 1; say(`${String(step).padStart(2)}. ${line}`); }));
    say('Every step was seen to hold.');
    failed = false;
  } finally { await instance.close(); }
} catch (error) {
  process.stderr.write(error instanceof NotSeen || error instanceof Refusal ? `Not seen: ${error.message}\n` : `The story stopped: ${error instanceof Error ? error.name : 'unknown'}\n`);
} finally { await rm(folder, { recursive: true, force: true }); }
process.exit(failed ? 1 : 0);
