import { existsSync } from 'node:fs';

/** One configuration for every workspace: ESM, decorators through swc, packages resolved to their source. */
export default {
  testEnvironment: 'node',
  roots: ['apps', 'libs', 'bench', 'bin', 'deploy', 'scripts'].filter((folder) => existsSync(new URL(folder, import.meta.url))).map((folder) => `<rootDir>/${folder}`),
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': '@swc/jest' },
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] }, // never 'import': jest's own require breaks
  globalSetup: '<rootDir>/libs/testing/jest/global-setup.js',
  globalTeardown: '<rootDir>/libs/testing/jest/global-teardown.js',
  testSequencer: '<rootDir>/libs/testing/jest/sequencer.js',
  maxWorkers: 2,
  testTimeout: 60_000,
  modulePathIgnorePatterns: ['<rootDir>/\\.footbridge', '<rootDir>/\\.nx'],
  watchman: false,
};
