import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const runner = join(process.cwd(), 'bin/run.cjs');
const folder = mkdtempSync(join(tmpdir(), 'footbridge-run-'));
afterAll(() => { rmSync(folder, { recursive: true }); });

const run = (args: readonly string[], flags: readonly string[] = []): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [...flags, runner, ...args], { encoding: 'utf8', cwd: folder, env: { ...process.env, NODE_OPTIONS: '' } });

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('the start of every command', () => {
  it('says in one line that Node is too old, and changes nothing', () => {
    const old = file('old.cjs', `Object.defineProperty(process.versions, 'node', { value: '20.18.3' }); Object.defineProperty(process, 'version', { value: 'v20.18.3' });`);
    const { status, stdout, stderr } = run([file('never.ts', `console.log('ran')`)], ['--require', old]);
    expect([status, stdout, stderr]).toEqual([2, '', 'Footbridge needs Node 20.19 or newer and this is v20.18.3: see https://nodejs.org/en/download\n']);
  });

  it('runs TypeScript from source, with decorators and its own arguments, from any folder', () => {
    const entry = file('entry.ts', `
      const seen: string[] = [];
      const mark = (name: string) => (_target: object, key: string): void => { seen.push(name + key); };
      class A { @mark('on ') method(): void { return; } }
      new A().method();
      console.log(JSON.stringify({ seen, args: process.argv.slice(2) }));`);
    const { status, stdout } = run([entry, '--flag', 'value']);
    expect([status, JSON.parse(stdout)]).toEqual([0, { seen: ['on method'], args: ['--flag', 'value'] }]);
  });

  it('passes on how the command ended', () => {
    expect(run([file('fails.ts', 'process.exitCode = 7')]).status).toBe(7);
    expect(run([file('throws.ts', `throw new Error('no')`)]).status).toBe(1);
  });
});
