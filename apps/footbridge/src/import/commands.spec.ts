import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dateFormats } from './date.js';
import { fieldNames } from './field.js';
import { parseMapping } from './mapping.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'footbridge-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function command(...rest: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['bin/run.cjs', fileURLToPath(new URL('fixtures/command.ts', import.meta.url)), 'http://127.0.0.1:9', ...rest], { cwd: root, env: { ...process.env, NODE_OPTIONS: '', INIT_CWD: folder } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => { out += String(chunk); });
  child.stderr.on('data', (chunk) => { err += String(chunk); });
  const code = await new Promise<number | null>((resolve) => { child.once('exit', resolve); });
  return { code, out, err: err.replace(/^heap .*\n/m, '') };
}

describe('the commands', () => {
  it('explain themselves', async () => {
    const [forImport, forExport] = await Promise.all([command('import', '--help'), command('export', '--help')]);
    for (const word of ['--map', '--dry-run', '--resume', '--report', 'HTCDS 2.0', 'CTDC', 'Exit code']) expect(forImport.out).toContain(word);
    for (const word of ['.csv', '.ndjson', 'ASSISTANCE']) expect(forExport.out).toContain(word);
  });
  it('say in one line what is wrong, and end with 2', async () => {
    const { code, out, err } = await command('import', 'nothing.csv');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toBe(`The file ${join(folder, 'nothing.csv')} does not exist.\n`);
  });
  it('take a file from where the person stands, and end with 1 where a row is refused', async () => {
    writeFileSync(join(folder, 'people.csv'), 'prs_FirstName,prs_Gender\nArta,Feminine\nBesa,?\n');
    const { code, out } = await command('import', 'people.csv', '--dry-run');
    expect(code).toBe(1);
    expect(out).toMatch(/^Row 3: prs_Gender: .*\n1 of 2 rows can be sent/);
  });
  it('refuse options that mean nothing', async () => {
    expect((await command('import', 'people.csv', '--in-flight', '0')).err).toContain('whole number from 1 to 64');
    expect((await command('import', 'people.csv', '--force')).err).toContain('unknown option');
  });
});

describe('docs/import.md', () => {
  const page = readFileSync(join(root, 'docs/import.md'), 'utf8');
  it('lists every field and every date format', () => {
    for (const name of [...fieldNames, ...dateFormats]) expect(page).toContain(`\`${name}\``);
  });
  it('shows mapping files that are valid as they stand', () => {
    const examples = [...page.matchAll(/```json\n(\{\n {2}"(?:dateFormat|columns)[\s\S]*?)```/g)].map(([, json]) => json ?? '');
    expect(examples.length).toBeGreaterThan(0);
    for (const json of examples) expect(() => parseMapping(Buffer.from(json), 'docs/import.md')).not.toThrow();
  });
});
