import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import tseslint from 'typescript-eslint';
import { noWireCast } from './scripts/no-wire-cast.js';

/** Who may import whom (docs/architecture.md). Everything of ours that a folder's list does not name is refused. */
const LIBS = ['privacy', 'contracts', 'lifecycle', 'messaging', 'service', 'testing'];
const SERVICES = ['referrals', 'shelters', 'returns', 'reintegration', 'notifications'];
const MAY_IMPORT = {
  'libs/privacy': [],
  'libs/contracts': ['privacy'],
  'libs/lifecycle': ['privacy', 'contracts'],
  'libs/messaging': ['privacy', 'contracts'],
  'libs/service': ['privacy', 'contracts', 'lifecycle', 'messaging'],
  'libs/testing': ['privacy', 'contracts', 'lifecycle', 'messaging', 'service'],
  ...Object.fromEntries(SERVICES.map((name) => [`apps/${name}`, ['privacy', 'contracts', 'lifecycle', 'messaging', 'service']])),
  'apps/footbridge': ['privacy', 'contracts', 'lifecycle', 'messaging', 'service', ...SERVICES],
};
const OURS = [...LIBS, ...SERVICES, 'footbridge'];

/** Privacy stays free of frameworks, brokers and databases: it must be readable and testable alone. */
const FRAMEWORKS = ['@nestjs/*', 'typeorm', 'pg', 'fastify', '@fastify/*', 'class-validator', 'class-transformer', 'pino', 'rxjs'];

/** The one file that may import kafkajs; the test that the test broker itself works, and what writes to it past our own code. */
const KAFKA_FILES = ['libs/messaging/src/kafka.ts', 'libs/messaging/src/kafka-transport.ts', 'libs/testing/src/kafka.spec.ts', 'libs/testing/src/broker-writer.fixture.ts'];

const importRule = (folder, { kafka = false, specs = false } = {}) => {
  const allowed = new Set([...MAY_IMPORT[folder], ...(specs ? ['testing', folder.split('/')[1]] : [])]);
  const patterns = [
    { group: OURS.filter((name) => !allowed.has(name)).flatMap((name) => [`@footbridge/${name}`, `@footbridge/${name}/*`]), message: `${folder} may not import this: see docs/architecture.md.` },
  ];
  if (folder === 'libs/privacy') patterns.push({ group: [...FRAMEWORKS], message: 'libs/privacy imports no framework, broker or database.' });
  const paths = kafka ? [] : [{ name: 'kafkajs', message: 'Only one file of libs/messaging imports kafkajs.' }];
  return { 'no-restricted-imports': ['error', { patterns: patterns.filter(({ group }) => group.length > 0), paths }] };
};

/** What a folder imports stands in its own package.json: each service can be installed alone. */
const declaredDependency = {
  create(context) {
    const workspace = manifest(dirname(context.filename));
    const root = manifest(context.cwd);
    const isSpec = /\.(spec|fixture)\.ts$/.test(context.filename);
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== 'string' || source.startsWith('node:')) return;
      if (source.startsWith('.')) {
        if (!resolve(dirname(context.filename), source).startsWith(workspace.folder)) context.report({ node, message: 'Import another package by its name.' });
        return;
      }
      const name = source.split('/').slice(0, source.startsWith('@') ? 2 : 1).join('/');
      const declared = { ...workspace.dependencies, ...(isSpec ? { ...workspace.devDependencies, ...root.dependencies, ...root.devDependencies, '@footbridge/testing': '' } : {}) };
      if (!(name in declared) && name !== workspace.name) context.report({ node, message: `${name} is not in the dependencies of ${workspace.name}.` });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check };
  },
};
const manifests = new Map();
function manifest(folder) {
  if (!manifests.has(folder)) {
    const file = join(folder, 'package.json');
    manifests.set(folder, existsSync(file) ? { ...JSON.parse(readFileSync(file, 'utf8')), folder: folder + sep } : manifest(dirname(folder)));
  }
  return manifests.get(folder);
}

export default tseslint.config(
  { ignores: ['**/node_modules/**', '**/dist/**', '.footbridge/**', '.nx/**', 'reports/**', 'coverage/**'] },
  { files: ['**/*.ts'], extends: [tseslint.configs.base], linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    plugins: { footbridge: { rules: { 'declared-dependency': declaredDependency, 'no-wire-cast': noWireCast } } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_', caughtErrors: 'none' }],
      '@typescript-eslint/no-non-null-asserted-optional-chain': 'error',
      '@typescript-eslint/no-unsafe-function-type': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description', minimumDescriptionLength: 5 }],
      'no-debugger': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-unsafe-finally': 'error',
      'no-constant-binary-expression': 'error',
      'no-self-compare': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['{apps,libs,bench}/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
    },
  },
  { files: ['{apps,libs}/**/*.ts'], rules: { 'footbridge/declared-dependency': 'error', 'footbridge/no-wire-cast': 'error' } },
  { files: ['libs/privacy/src/**/*.ts'], rules: { 'footbridge/no-wire-cast': 'off' } }, // the constructors themselves, and the tests of what does not compile
  { files: ['libs/**/*.ts', ...SERVICES.map((name) => `apps/${name}/**/*.ts`)], rules: { 'no-console': 'error' } },
  {
    files: ['**/*.spec.ts'],
    rules: {
      'no-restricted-properties': ['error', ...['it', 'test', 'describe'].flatMap((object) => ['only', 'skip', 'todo'].map((property) => ({ object, property, message: 'Every test runs, every time.' })))],
      'no-restricted-globals': ['error', 'xit', 'xdescribe', 'xtest', 'fit', 'fdescribe'],
    },
  },
  ...Object.keys(MAY_IMPORT).flatMap((folder) => [
    { files: [`${folder}/**/*.ts`], ignores: ['**/*.spec.ts', '**/*.fixture.ts', ...KAFKA_FILES], rules: importRule(folder) },
    { files: [`${folder}/**/*.spec.ts`, `${folder}/**/*.fixture.ts`], ignores: KAFKA_FILES, rules: importRule(folder, { specs: true }) },
  ]),
  ...KAFKA_FILES.map((file) => ({ files: [file], rules: importRule(file.split('/').slice(0, 2).join('/'), { kafka: true, specs: file.endsWith('.spec.ts') }) })),
);
