// npm test: lint, types and every suite. `npm test -- libs/privacy` runs only the suites whose path matches.
// The last line counts all of it: lint and types are one test each.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';

const limitMs = 27 * 60_000;
const chosen = process.argv.slice(2);
let passed = 0;
let failed = 0;

/** Runs one tool to its end, with nothing to read from. */
function run(name, program, args, env = {}) {
  const began = Date.now();
  console.log(`\n— ${name}`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
    const timer = setTimeout(() => { console.log(`${name} did not end within ${limitMs / 60_000} minutes.`); child.kill('SIGKILL'); }, limitMs);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
    child.once('exit', (code) => {
      clearTimeout(timer);
      console.log(`— ${name}: ${code === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - began) / 1000).toFixed(1)} s`);
      resolve(code === 0);
    });
  });
}

const count = (ok) => { if (ok) passed += 1; else failed += 1; };

mkdirSync('reports', { recursive: true });
const report = `reports/jest-${process.pid}.json`; // several runs may go on at once
const options = `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`;
const lint = () => run('lint', 'node_modules/eslint/bin/eslint.js', ['.', '--max-warnings=0']);
const types = () => run('types', 'node_modules/typescript/bin/tsc', ['--noEmit']);
const tests = () => run('tests', 'node_modules/jest/bin/jest.js', ['--json', `--outputFile=${report}`, ...chosen], { NODE_OPTIONS: options, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' });
// Two at a time, as suites do: lint takes longer than types.
let ok;
if (chosen.length > 0) ok = await tests();
else {
  const linted = lint();
  count(await types());
  ok = await tests();
  count(await linted);
}
let suites;
try { suites = JSON.parse(readFileSync(report, 'utf8')); } catch { suites = undefined; }
rmSync(report, { force: true });
if (suites) {
  passed += suites.numPassedTests;
  // a suite that could not be loaded, and a test that did not run, have failed
  failed += suites.numFailedTests + suites.numRuntimeErrorTestSuites + suites.numPendingTests + suites.numTodoTests;
}
if (!ok && !(suites && suites.numFailedTests + suites.numRuntimeErrorTestSuites > 0)) failed += 1;

console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
