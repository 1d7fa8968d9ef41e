import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = dirname(fileURLToPath(import.meta.url));
const sources = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !/\.(?:spec|typetest|fixture)\.ts$/.test(name));
const readme = readFileSync(join(source, '..', 'README.md'), 'utf8');

it('the README lists the codes of all refusals, and no other', () => {
  const thrown = sources.flatMap((name) => [...readFileSync(join(source, name), 'utf8').matchAll(/new PrivacyRefusal\('([A-Z_]+)'/g)].map(([, code]) => code));
  const rows = readme.slice(readme.indexOf('| Code | Means |')).split('\n').slice(2).filter((line) => line.startsWith('|'));
  const listed = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code));
  expect([...listed].sort()).toEqual([...new Set(['REFUSED', ...thrown])].sort());
});

it('the library imports no framework, broker or database, and nothing of ours', () => {
  const imported = sources.flatMap((name) => [...readFileSync(join(source, name), 'utf8').matchAll(/from '([^.'][^']*)'/g)].map(([, module]) => module ?? ''));
  expect([...new Set(imported.filter((module) => !module.startsWith('node:')))].sort()).toEqual(['@hpke/core', '@hpke/dhkem-x25519', 'ipaddr.js', 'libphonenumber-js/core', 'libphonenumber-js/min/metadata', 'undici']);
});
