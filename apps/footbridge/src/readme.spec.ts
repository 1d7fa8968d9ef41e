import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Started } from './start.fixture.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('the README', () => {
  let place: string;
  beforeAll(async () => { place = await mkdtemp(join(tmpdir(), 'footbridge-readme-')); });
  afterAll(async () => { await Started.endAll(); await rm(place, { recursive: true, force: true }); });

  it('has a first request that works as printed', async () => {
    const text = await readFile(join(root, 'README.md'), 'utf8');
    const printed = /<!-- first-request -->\n```sh\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    expect(printed).toContain('curl');
    const folder = join(place, 'data');
    const instance = await Started.ready(folder, { FOOTBRIDGE_DEMONSTRATION: 'yes' });
    // Only the port is another: this machine may have something on 3000.
    const script = printed.replaceAll('localhost:3000', new URL(instance.url).host);
    const { PATH = '', HOME = '' } = process.env;
    const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], { cwd: root, env: { PATH, HOME, FOOTBRIDGE_DATA: folder }, stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    shell.stdout.on('data', (chunk: Buffer) => { out += chunk.toString(); });
    const code = await new Promise((resolve) => { shell.once('close', resolve); });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ id: expect.stringMatching(/^int_/), state: 'pending', case: expect.stringMatching(/^cas_/), stay: expect.stringMatching(/^sty_/) });
  }, 180_000);
  it('names files that are there', async () => {
    const text = await readFile(join(root, 'README.md'), 'utf8');
    for (const [, path] of text.matchAll(/\]\(([^):]+)\)/g)) await expect(readFile(join(root, path ?? '')).catch((error: NodeJS.ErrnoException) => (error.code === 'EISDIR' ? 'folder' : Promise.reject(error)))).resolves.toBeDefined();
  });
});
