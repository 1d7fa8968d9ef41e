// npm run -s mutation [-- file … | file:10-20 …]: changes the library one small thing at a time and asks whether its own suites notice.
// A file is judged by the suites beside it (`gate.spec.ts`, `gate.*.spec.ts` for `gate.ts`), or by those that `suites.json` names:
// a rule is pinned where it is written. `survivors.json` says of each change that makes no difference why it makes none.
import { Stryker } from '@stryker-mutator/core';
import { transformSync } from '@swc/core';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../../..');
process.chdir(root);
mkdirSync('reports', { recursive: true });
const library = 'libs/privacy/src';
const read = (name) => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'));
const elsewhere = read('suites.json');
const explanations = read('survivors.json');
const LEAST = 90;

const isSource = (name) => name.endsWith('.ts') && !/\.(?:spec|child|fixture|typetest)\.ts$/.test(name) && !name.endsWith('index.ts');
/** What is nothing but types cannot be changed at run time. */
const isRun = (name) => !/^export ?\{ ?\};?$/.test(transformSync(readFileSync(join(library, name), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''), { swcrc: false, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }).code.trim());
const sources = readdirSync(library, { recursive: true }).filter((name) => isSource(name) && isRun(name)).map((name) => name.replaceAll('\\', '/')).sort();
const places = process.argv.slice(2).map((text) => { const [name, lines] = text.split(':'); return [relative(library, name.startsWith(library) ? name : join(library, name)), lines]; });
const asked = [...new Set(places.map(([name]) => name))];
const unknown = asked.filter((name) => !sources.includes(name));
if (unknown.length > 0) { process.stderr.write(`Not a source file of ${library}: ${unknown.join(', ')}\n`); process.exit(2); }

const suitesOf = (name) => {
  const folder = join(library, dirname(name));
  const stem = basename(name, '.ts');
  const own = readdirSync(folder).filter((file) => file === `${stem}.spec.ts` || (file.startsWith(`${stem}.`) && file.endsWith('.spec.ts'))).map((file) => join(folder, file));
  return [...own, ...(elsewhere[name] ?? []).map((file) => join(library, file))];
};
const tested = asked.length > 0 ? asked : sources;

const tried = await new Stryker({
  testRunner: 'suites', plugins: [join(import.meta.dirname, 'runner.mjs')], testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  suitesOf: Object.fromEntries(tested.map((name) => [join(library, name), suitesOf(name)])), warnings: false,
  coverageAnalysis: 'perTest', mutate: places.length > 0 ? places.map(([name, lines]) => join(library, lines ? `${name}:${lines}` : name)) : tested.map((name) => join(library, name)), ignorePatterns: ['apps', 'deploy', 'docs', 'bench', '.footbridge*', 'reports'],
  reporters: ['files'], tempDirName: 'reports/stryker', concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 2), maxTestRunnerReuse: 400, timeoutMS: 60_000, dryRunTimeoutMinutes: 15,
  logLevel: 'error', fileLogLevel: 'off', allowEmpty: true, disableTypeChecks: false,
}).runMutationTest();

const results = tested.map((file) => {
  const lines = readFileSync(join(library, file), 'utf8').split('\n');
  const textOf = ({ start, end }) => (start.line === end.line ? lines[start.line - 1].slice(start.column - 1, end.column - 1) : [lines[start.line - 1].slice(start.column - 1), ...lines.slice(start.line, end.line - 1), lines[end.line - 1].slice(0, end.column - 1)].join('\n'));
  const counted = tried.filter(({ fileName, status }) => relative(root, fileName) === join(library, file) && status !== 'Ignored' && status !== 'CompileError');
  const left = explanations.filter((known) => known.file === file).map((known) => ({ ...known }));
  const survivors = counted.filter(({ status }) => status === 'Survived' || status === 'NoCoverage').map((mutant) => {
    const [from, to] = [textOf(mutant.location), mutant.replacement];
    // An explanation is of one change; of the same words in two places there are two.
    const known = left.findIndex((one) => one.from === from && one.to === to && one.why);
    return { line: mutant.location.start.line, from, to, ...(known < 0 ? {} : { why: left.splice(known, 1)[0].why }) };
  });
  const late = counted.filter(({ status }) => status === 'Timeout').length;
  return { file, mutants: counted.length, late, killed: counted.length - survivors.length, explained: survivors.filter(({ why }) => why).length, survivors, stale: places.some(([, lines]) => lines) ? [] : left };
});

const sum = (of) => results.reduce((total, result) => total + of(result), 0);
const percentOf = (part, all) => (all === 0 ? 100 : Math.round((1000 * part) / all) / 10);
const [mutants, killed, explained] = [sum((r) => r.mutants), sum((r) => r.killed), sum((r) => r.explained)];
const open = results.flatMap(({ file, survivors }) => survivors.filter(({ why }) => !why).map((survivor) => ({ file, ...survivor })));
const stale = results.flatMap((r) => r.stale);
const percent = percentOf(killed, mutants);
writeFileSync(join(root, 'reports/mutation.json'), `${JSON.stringify({ percent, mutants, killed, explained, files: results }, null, 2)}\n`);

const short = (text) => text.slice(0, 120).replaceAll('\n', ' ');
for (const r of results) process.stdout.write(`${r.file}: ${r.killed} of ${r.mutants}${r.explained > 0 ? `, ${r.explained} explained` : ''}${r.late > 0 ? `, ${r.late} by never ending` : ''}\n`);
for (const { file, line, from, to } of open) process.stdout.write(`survived  ${file}:${line}  ${short(from)}  ->  ${short(to)}\n`);
for (const { file, from, to } of stale) process.stdout.write(`explained, but noticed  ${file}  ${short(from)}  ->  ${short(to)}\n`);
process.stdout.write(`${killed} of ${mutants} noticed: ${percent} %; ${explained} make no difference\n`);
process.exitCode = percent < LEAST || stale.length > 0 || open.length > 0 ? 1 : 0;
