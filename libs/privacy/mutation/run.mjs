// npm run -s mutation [-- file …]: changes the library one small thing at a time and asks whether its own suites notice.
// A file is judged by the suites beside it (`gate.spec.ts`, `gate.*.spec.ts` for `gate.ts`), or by those that `suites.json` names:
// a rule is pinned where it is written, and a run of one file takes a minute. What survives and is explained is in `survivors.json`.
import { Stryker } from '@stryker-mutator/core';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

const root = join(import.meta.dirname, '../../..');
process.chdir(root);
mkdirSync('reports', { recursive: true });
const library = 'libs/privacy/src';
const read = (name) => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'));
const elsewhere = read('suites.json');
const explained = read('survivors.json');
/** Where nothing may survive unexplained (the gate, consent, envelopes, statistics). */
const WHOLE = /^(?:gate|consent|envelope|statistics)\b/;
const LEAST = 90;

const isSource = (name) => name.endsWith('.ts') && !/\.(?:spec|child|fixture|typetest)\.ts$/.test(name) && !name.endsWith('index.ts');
const sources = readdirSync(library, { recursive: true }).filter(isSource).map((name) => name.replaceAll('\\', '/')).sort();
const asked = process.argv.slice(2).map((name) => relative(library, name.startsWith(library) ? name : join(library, name)));
const unknown = asked.filter((name) => !sources.includes(name));
if (unknown.length > 0) { process.stderr.write(`Not a source file of ${library}: ${unknown.join(', ')}\n`); process.exit(2); }

const suitesOf = (name) => {
  const folder = join(library, dirname(name));
  const stem = basename(name, '.ts');
  const own = readdirSync(folder).filter((file) => file === `${stem}.spec.ts` || (file.startsWith(`${stem}.`) && file.endsWith('.spec.ts'))).map((file) => join(folder, file));
  return [...own, ...(elsewhere[name] ?? []).map((file) => join(library, file))];
};
const survives = { Survived: true, NoCoverage: true };
const isExplained = (name, mutant, text) => explained.some((known) => known.file === name && known.from === text && known.to === mutant.replacement);

const results = [];
for (const name of asked.length > 0 ? asked : sources) {
  const suites = suitesOf(name);
  if (suites.length === 0) { results.push({ file: name, mutants: 0, killed: 0, survivors: [], without: 'suite' }); continue; }
  process.env.SUITES = suites.map((file) => `<rootDir>/${file}`).join(',');
  const mutants = await new Stryker({
    testRunner: 'jest', testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
    jest: { projectType: 'custom', configFile: 'libs/privacy/mutation/jest.config.js', enableFindRelatedTests: false },
    coverageAnalysis: 'perTest', mutate: [join(library, name)], ignorePatterns: ['apps', 'deploy', 'docs', 'bench', '.footbridge*', 'reports'],
    reporters: [], tempDirName: 'reports/stryker', concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 2), timeoutMS: 20_000, logLevel: 'error', fileLogLevel: 'off', allowEmpty: true, checkers: [], disableTypeChecks: false,
  }).runMutationTest();
  const lines = readFileSync(join(library, name), 'utf8').split('\n');
  const textOf = ({ start, end }) => (start.line === end.line ? lines[start.line - 1].slice(start.column - 1, end.column - 1) : [lines[start.line - 1].slice(start.column - 1), ...lines.slice(start.line, end.line - 1), lines[end.line - 1].slice(0, end.column - 1)].join('\n'));
  const counted = mutants.filter(({ status }) => status !== 'Ignored' && status !== 'CompileError');
  const survivors = counted.filter(({ status }) => survives[status]).map((mutant) => { const text = textOf(mutant.location); return { line: mutant.location.start.line, from: text, to: mutant.replacement, ...(isExplained(name, mutant, text) ? { explained: true } : {}) }; });
  results.push({ file: name, mutants: counted.length, killed: counted.length - survivors.length, survivors });
  process.stderr.write(`${name}: ${counted.length - survivors.length} of ${counted.length} noticed\n`);
}

const sum = (of) => results.reduce((total, result) => total + of(result), 0);
const mutants = sum((r) => r.mutants);
const killed = sum((r) => r.killed);
const open = results.flatMap((r) => r.survivors.filter((s) => !s.explained).map((s) => ({ file: r.file, ...s })));
const failing = open.filter(({ file }) => WHOLE.test(file));
const percent = mutants === 0 ? 100 : Math.round((1000 * killed) / mutants) / 10;
const report = { percent, mutants, killed, explained: sum((r) => r.survivors.filter((s) => s.explained).length), files: results };
writeFileSync(join(root, 'reports/mutation.json'), `${JSON.stringify(report, null, 2)}\n`);
process.stdout.write(`${results.map((r) => `${r.without ? `${r.file}: no ${r.without}` : `${r.file}: ${r.killed} of ${r.mutants}`}`).join('\n')}\n`);
for (const { file, line, from, to } of open) process.stdout.write(`survived  ${file}:${line}  ${from.slice(0, 120).replaceAll('\n', ' ')}  ->  ${to.slice(0, 120).replaceAll('\n', ' ')}\n`);
process.stdout.write(`${killed} of ${mutants} noticed: ${percent} %\n`);
process.exitCode = percent < LEAST || failing.length > 0 ? 1 : 0;
