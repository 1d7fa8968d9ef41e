// How a mutant is tried: the suites of its file, in one process that stays. Our own modules are made anew for each, so that nothing a
// mutant has done reaches the next; what comes from node_modules is kept. So a mutant costs as much as its tests, and not a start of jest.
import { PluginKind, commonTokens, declareClassPlugin, tokens } from '@stryker-mutator/api/plugin';
import { DryRunStatus, TestStatus, determineHitLimitReached, toMutantRunResult } from '@stryker-mutator/api/test-runner';
import { jestExpect } from '@jest/expect';
import { transformSync } from '@swc/core';
import fc from 'fast-check';
import { addEventHandler, afterAll, afterEach, beforeAll, beforeEach, describe, getState, it, resetState, run, test } from 'jest-circus';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm'; // whose modules only a process with their flag has

const ACTIVE = '__STRYKER_ACTIVE_MUTANT__'; // for processes that a suite starts
const LONGEST_TEST_MS = 20_000;
/** In the sandbox: which tests took no longer than that without a mutant. */
const QUICK = 'quick-tests.json';
const QUICK_MS = 25;
const { $schema: _, ...swc } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../.swcrc'), 'utf8'));

const kept = new Map();
const fromElsewhere = (specifier) => {
  if (!kept.has(specifier)) kept.set(specifier, import(specifier).then((module) => {
    const names = Object.keys(module);
    return new vm.SyntheticModule(names, function () { for (const name of names) this.setExport(name, module[name]); }, { identifier: specifier });
  }));
  return kept.get(specifier);
};

const compiled = new Map();
const codeOf = (path) => {
  if (!compiled.has(path)) compiled.set(path, transformSync(readFileSync(path, 'utf8'), { ...swc, filename: path, sourceMaps: false, swcrc: false, configFile: false }).code);
  return compiled.get(path);
};

/** One set of our modules, and nothing in it that another set has touched. */
class Modules {
  #made = new Map();
  async load(path) {
    const module = this.#at(path);
    await this.#ready(module);
  }
  #at(path) {
    const made = this.#made.get(path) ?? new vm.SourceTextModule(codeOf(path), {
      identifier: path, initializeImportMeta: (meta) => { meta.url = pathToFileURL(path).href; },
      importModuleDynamically: async (specifier) => this.#ready(await this.#find(specifier, path)),
    });
    this.#made.set(path, made);
    return made;
  }
  async #find(specifier, from) {
    if (specifier.startsWith('.')) return this.#at(join(dirname(from), specifier.replace(/\.js$/, '.ts')));
    const [, ours] = /^@footbridge\/([a-z]+)$/.exec(specifier) ?? [];
    return ours ? helpers.#at(join(process.cwd(), 'libs', ours, 'src/index.ts')) : fromElsewhere(specifier);
  }
  async #ready(module) {
    if (module.status === 'unlinked') await module.link((specifier, { identifier }) => this.#find(specifier, identifier));
    await module.evaluate();
    return module;
  }
}
/** What tests lean on (`@footbridge/testing`) is not what is tried. */
const helpers = new Modules();

class SuiteRunner {
  static inject = tokens(commonTokens.options);
  #suitesOf;
  #space = (globalThis.__stryker__ ??= {});
  #stray;
  #quick;
  constructor({ suitesOf }) { this.#suitesOf = suitesOf; }

  capabilities() { return { reloadEnvironment: true }; }
  init() {
    Object.assign(globalThis, { describe, it, test, beforeAll, beforeEach, afterAll, afterEach, expect: jestExpect });
    process.env.NODE_ENV = 'test';
    fc.configureGlobal({ endOnFailure: true }); // nobody reads the smallest example
    for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, (error) => { this.#stray = error ?? new Error(event); });
    return Promise.resolve();
  }

  async dryRun() {
    const results = await this.#run([...new Set(Object.values(this.#suitesOf).flat())], () => true, false);
    if (!(results instanceof Error)) writeFileSync(QUICK, JSON.stringify(results.filter(({ timeSpentMs }) => timeSpentMs <= QUICK_MS).map(({ id }) => id)));
    return results instanceof Error ? { status: DryRunStatus.Error, errorMessage: String(results.stack) } : { status: DryRunStatus.Complete, tests: results, mutantCoverage: this.#space.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, sandboxFileName }) {
    const suites = this.#suitesOf[relative(process.cwd(), sandboxFileName)];
    // A loop without end is known by what it does ten times as often as without the mutant: Stryker's hundred take a draw of noise minutes.
    Object.assign(this.#space, { activeMutant: activeMutant.id, ...(hitLimit === undefined ? {} : { hitLimit: hitLimit / 10, hitCount: 0 }) });
    process.env[ACTIVE] = activeMutant.id;
    try {
      // First the quick tests that came by, then all that did, then all there are: what one made (a plan that is kept) is used by others.
      this.#quick ??= new Set(JSON.parse(readFileSync(QUICK, 'utf8')));
      const near = new Set(testFilter);
      let results = [];
      for (const isAsked of [(id) => near.has(id) && this.#quick.has(id), (id) => near.has(id), () => true]) {
        results = await this.#run(suites, isAsked, true);
        if (results instanceof Error || results.some(({ status }) => status === TestStatus.Failed)) break;
      }
      const late = determineHitLimitReached(this.#space.hitCount, this.#space.hitLimit);
      if (late) return toMutantRunResult(late);
      // What can no longer be loaded has been noticed.
      const tests = results instanceof Error ? [{ id: suites[0], name: suites[0], timeSpentMs: 0, status: TestStatus.Failed, failureMessage: String(results.message) }] : results;
      return toMutantRunResult({ status: DryRunStatus.Complete, tests });
    } finally {
      delete process.env[ACTIVE];
      Object.assign(this.#space, { activeMutant: undefined, hitLimit: undefined, hitCount: undefined });
    }
  }

  /** The results of these suites, as far as the first failure if that is enough; or why one could not be loaded. */
  async #run(suites, isAsked, isEnough) {
    const results = [];
    for (const suite of suites) {
      resetState();
      this.#stray = undefined;
      const idOf = ({ name, parent }) => { const names = [name]; for (let block = parent; block.parent; block = block.parent) names.unshift(block.name); return `${suite} ${names.join(' ')}`; };
      handle = (event) => {
        if (event.name === 'test_start') {
          const id = idOf(event.test);
          if (isAsked(id) && !(isEnough && results.some(({ status }) => status === TestStatus.Failed))) this.#space.currentTestId = id; else event.test.mode = 'skip';
        } else if (event.name === 'test_done') {
          this.#space.currentTestId = undefined;
          const errors = [...event.test.errors, ...(this.#stray ? [this.#stray] : [])].flat().filter(Boolean);
          const id = idOf(event.test);
          results.push({ id, name: id, timeSpentMs: event.test.duration ?? 0, fileName: suite, ...(errors.length > 0 ? { status: TestStatus.Failed, failureMessage: errors.map((error) => String(error.stack ?? error)).join('\n') } : { status: TestStatus.Success }) });
        }
      };
      try { await new Modules().load(join(process.cwd(), suite)); } catch (error) { return error instanceof Error ? error : new Error(String(error)); }
      Object.assign(getState(), { testTimeout: LONGEST_TEST_MS });
      const { unhandledErrors } = await run();
      if (unhandledErrors.length > 0) return new Error(String(unhandledErrors[0]));
      if (isEnough && results.some(({ status }) => status === TestStatus.Failed)) break;
    }
    return results;
  }
}
let handle = () => undefined;
addEventHandler((event) => handle(event));

/** Says at once what survives, and how each file stands when the last of its mutants has been tried. */
class Progress {
  #left = new Map();
  #noticed = new Map();
  onMutationTestingPlanReady({ mutantPlans }) { for (const { mutant } of mutantPlans) this.#left.set(mutant.fileName, (this.#left.get(mutant.fileName) ?? 0) + 1); }
  onMutantTested({ fileName, status, location, replacement }) {
    const file = relative(process.cwd(), fileName);
    const survives = status === 'Survived' || status === 'NoCoverage';
    const [noticed, all] = this.#noticed.get(fileName) ?? [0, 0];
    this.#noticed.set(fileName, [noticed + (survives ? 0 : 1), all + 1]);
    if (survives) process.stderr.write(`${file}:${location.start.line}:${location.start.column}  ${replacement.slice(0, 120).replaceAll('\n', ' ')}\n`);
    if (this.#left.get(fileName) === all + 1) process.stderr.write(`${file}: ${noticed + (survives ? 0 : 1)} of ${all + 1}\n`);
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'suites', SuiteRunner), declareClassPlugin(PluginKind.Reporter, 'files', Progress)];
