// In this repository the package is its source. What is packed is JavaScript with types, for any project: `npm pack` builds it
// and puts the manifest of the published package in the place of ours for as long as the packing takes.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const folder = import.meta.dirname;
const [manifest, ours, dist] = ['package.json', 'package.ours.json', 'dist'].map((name) => join(folder, name));
const restore = () => { if (existsSync(ours)) renameSync(ours, manifest); };

restore(); // also after a packing that was cut short
if (process.argv[2] === 'before') {
  const { scripts: _, ...published } = JSON.parse(readFileSync(manifest, 'utf8'));
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  rmSync(dist, { recursive: true, force: true });
  execFileSync(process.execPath, [
    tsc, '--ignoreConfig', '--rootDir', 'src', '--outDir', 'dist', '--declaration', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023', '--types', 'node', '--strict', '--noUncheckedIndexedAccess', '--skipLibCheck', 'src/index.ts', 'src/testing.ts',
  ], { cwd: folder, stdio: ['ignore', 2, 2] });
  const built = (name) => ({ types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` });
  copyFileSync(manifest, ours);
  writeFileSync(manifest, `${JSON.stringify({ ...published, exports: { '.': built('index'), './testing': built('testing') } }, null, 2)}\n`);
}
