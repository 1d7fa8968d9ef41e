import shared from '../../../jest.config.js';

/** For mutation testing: the suites of one source file, without a database or a broker. */
const { globalSetup: _, globalTeardown: __, maxWorkers: ___, roots: ____, ...rest } = shared;
export default { ...rest, rootDir: '../../..', roots: ['<rootDir>/libs/privacy/src'], testMatch: (process.env.SUITES ?? '**/*.spec.ts').split(',') };
