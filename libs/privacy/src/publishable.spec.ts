import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..');
const root = join(folder, '..', '..');
interface Manifest { readonly dependencies: Readonly<Record<string, string>>; readonly exports: unknown; readonly private?: boolean }
const manifestIn = (at: string): Manifest => JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as Manifest;
const npm = (cwd: string, ...args: readonly string[]): string => execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

describe('the library alone', () => {
  let copy: string, project: string;
  beforeAll(() => {
    // a copy, below the packages that it is built with: others read the source meanwhile
    mkdirSync(join(root, 'reports'), { recursive: true });
    copy = mkdtempSync(join(root, 'reports', 'pack-'));
    project = mkdtempSync(join(tmpdir(), 'footbridge-alone-'));
    cpSync(folder, copy, { recursive: true, filter: (path) => !/\/(?:dist|node_modules)$|\.tgz$/.test(path) });
    npm(copy, 'pack', '--pack-destination', project);
    const { dependencies } = manifestIn(folder);
    // what it depends on comes from this disk: a test goes to nobody else's machine
    const fromHere = Object.fromEntries(Object.keys(dependencies).map((name) => [name, `file:${join(root, 'node_modules', name)}`]));
    const [tarball = ''] = readdirSync(project).filter((name) => name.endsWith('.tgz'));
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'somebody-elses', private: true, dependencies: { '@footbridge/privacy': `file:${tarball}` }, overrides: fromHere }));
    npm(project, 'install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--omit=dev');
  }, 120_000);
  afterAll(() => { for (const made of [copy, project]) if (made) rmSync(made, { recursive: true, force: true }); });

  it('is packed as JavaScript with types, licence and README, without its tests', () => {
    const installed = join(project, 'node_modules', '@footbridge', 'privacy');
    expect(readdirSync(installed).filter((name) => name !== 'node_modules').sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json']);
    const built = readdirSync(join(installed, 'dist'));
    expect(built).toEqual(expect.arrayContaining(['index.js', 'index.d.ts', 'testing.js', 'gate.js']));
    expect(built.filter((name) => /spec|typetest/.test(name))).toEqual([]);
    expect([manifestIn(installed).private, JSON.stringify(manifestIn(installed).exports)]).toEqual([undefined, expect.not.stringContaining('src')]);
    expect(manifestIn(copy).exports).toEqual(manifestIn(folder).exports);
  });

  it('runs the first example of its README with plain Node, in a project that has nothing else', () => {
    const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? [];
    writeFileSync(join(project, 'example.mjs'), example);
    expect(execFileSync(process.execPath, ['example.mjs'], { cwd: project, encoding: 'utf8', env: { PATH: process.env['PATH'] } })).toMatch(/^\{"referral":"rfr_[a-z2-7]{34}","state":"sent"\}\n\[sealed\]\n$/);
  });

  it('and gives its tests away too', () => {
    writeFileSync(join(project, 'hunt.mjs'), "import { canaryPerson, huntLeaks } from '@footbridge/privacy/testing';\nimport { structured } from '@footbridge/privacy';\nconst p = canaryPerson(1);\nconsole.log(huntLeaks([{ name: 'log', content: p.familyName }], [p]).length, structured({ countries: ['AL'] }).find('069 123 4567').length);");
    expect(execFileSync(process.execPath, ['hunt.mjs'], { cwd: project, encoding: 'utf8', env: { PATH: process.env['PATH'] } })).toBe('1 1\n');
  });
});
