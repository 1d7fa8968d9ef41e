import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parametersOf, root, sourcesIn, waysOut } from './ways-out.fixture.js';

/** Packages that open no socket and write no file. */
const harmless = new Set([
  '@cedar-policy/cedar-wasm', '@cedar-policy/cedar-wasm/nodejs', '@hpke/core', '@hpke/dhkem-x25519', 'age-encryption',
  '@nestjs/common', '@nestjs/core', '@nestjs/microservices/constants.js', 'class-transformer', 'class-validator', 'commander', 'csv-parse', 'iconv-lite', 'ipaddr.js', 'libphonenumber-js/core', 'libphonenumber-js/min/metadata', 'reflect-metadata', 'rxjs', 'saxes', 'standardwebhooks', 'yauzl',
]);
const isHarmless = (name: string): boolean => harmless.has(name) || name.startsWith('@footbridge/');

type Way = readonly [ways: readonly string[], reason: string];
/** The adapters: what they send is `WireBytes`. */
const behindTheGate: Readonly<Record<string, Way>> = {
  'libs/messaging/src/kafka.ts': [['kafkajs'], 'events: takes WireMessages'],
  'libs/messaging/src/postgres.ts': [['pg'], 'the same, where the bus is PostgreSQL'],
  'libs/privacy/src/egress.ts': [['dns/promises', 'net', 'tls', 'undici'], 'the one HTTP client for addresses that partners give: takes WireBytes'],
  'apps/notifications/src/security-contact/postman.ts': [['nodemailer'], 'mails of the closed list: takes a WireMail'],
};
/** By what each of them sends, and what that takes: types that only the gate can make, beside an address. */
const takes: Readonly<Record<string, { readonly by: string; readonly takes: readonly (readonly string[])[] }>> = {
  'libs/messaging/src/kafka.ts': { by: 'publish', takes: [['string', 'readonly WireMessage[]']] },
  'libs/messaging/src/postgres.ts': { by: 'publish', takes: [['string', 'readonly WireMessage[]']] },
  'libs/privacy/src/egress.ts': { by: 'post', takes: [['string', 'WireBytes', 'Readonly<Record<string, string>>', '(answer: Buffer) => boolean']] },
  'apps/notifications/src/security-contact/postman.ts': { by: 'send', takes: [["Pick<Transporter, 'sendMail'>", '{ readonly from: string; readonly to: string; readonly messageId: string }', 'WireMail']] },
};
/** Where the client library is told to send: in that one function, behind the look whether a gate has made it. */
const theCall: Readonly<Record<string, readonly [look: RegExp, call: RegExp]>> = {
  'libs/messaging/src/kafka.ts': [/const passed = outgoing\(topic, batch\);/g, /\.send(?:Batch)?\(|\.transaction\(/g],
  'libs/messaging/src/postgres.ts': [/const passed = outgoing\(topic, batch\);/g, /bus\.publish\(\$1|insert into bus\.event/g],
  'libs/privacy/src/egress.ts': [/if \(!WireBytes\.is\(body\)\) throw/g, /body\.bytes\(\)/g],
  'apps/notifications/src/security-contact/postman.ts': [/if \(!WireBytes\.is\(subject\) \|\| !WireBytes\.is\(text\)\) throw/g, /\.sendMail\(/g],
};
/** The instance itself: its own database, files, doors and terminal. */
const inside: Readonly<Record<string, Way>> = {
  'libs/service/src/service.ts': [['@nestjs/platform-fastify', 'http', 'pg', 'typeorm'], 'the door of a service and its own database'],
  'libs/service/src/sessions.ts': [['pg'], 'the own database'],
  'libs/service/src/provision.ts': [['pg'], 'makes the roles of the own database'],
  'libs/service/src/metrics.ts': [['http', 'prom-client'], '/metrics: labels of closed lists'],
  'libs/service/src/log.ts': [['pino'], 'the log: codes and allow-listed fields'],
  'libs/service/src/main.ts': [['process.stderr', 'process.stdout'], 'says that a service is ready, or which setting is wrong'],
  'libs/service/src/docs-page.ts': [['module'], 'finds the files of the documentation page'],
  'libs/service/src/identity/access-token.ts': [['jose'], 'checks tokens'],
  'libs/service/src/identity/dpop.ts': [['jose'], 'checks proofs of the keys that tokens are bound to'],
  'libs/service/src/identity/issuer-keys.ts': [['fetch', 'jose'], 'GETs the keys of the identity provider that the operator named'],
  'libs/service/src/projections.ts': [['@nestjs/microservices'], 'names handlers of events'],
  'libs/messaging/src/event-server.ts': [['@nestjs/microservices'], 'hears events'],
  'libs/privacy/src/key-file.ts': [['files'], 'the keys of the organisations'],
  'libs/privacy/src/vault-transit.ts': [['undici'], 'asks the key store that the operator named: wrapped keys and digests'],
  'libs/service/src/authorisation.ts': [['module', 'v8'], 'loads the policy engine, and lets V8 keep its stack'],
  'apps/footbridge/src/identity/identity.ts': [['jose', 'pg'], 'the own database; signs the token with which it tells the services'],
  'apps/footbridge/src/identity/provider.ts': [['oidc-provider'], 'the identity provider: accounts, nobody who is helped'],
  'apps/footbridge/src/identity/signing-keys.ts': [['jose'], 'keys of tokens'],
  'apps/footbridge/src/identity/main.ts': [['http', 'process.stderr', 'process.stdout'], 'the door of the identity provider'],
  'apps/footbridge/src/front.ts': [['http'], 'the door of the instance'],
  'apps/footbridge/src/front-main.ts': [['process.stderr', 'process.stdout'], 'says that the door is open, or which setting is wrong'],
  'apps/footbridge/src/upstream.ts': [['http', 'undici'], 'from the door to the services of the instance, at addresses that the operator named'],
  'apps/footbridge/src/instance.ts': [['fetch'], 'asks its own services'],
  'apps/footbridge/src/postgres.ts': [['child_process', 'files', 'net'], 'runs the own database'],
  'apps/footbridge/src/postgres-programs.ts': [['import(…)'], 'finds the programs of the own database for this machine'],
  'apps/footbridge/src/seizure/estate.ts': [['pg'], 'counts what is kept here, for the seizure-report; reads no sealed value'],
  'apps/footbridge/src/server-user.ts': [['child_process'], 'runs the own database as a user without rights'],
  'apps/footbridge/src/data-folder.ts': [['files'], 'the data folder'],
  'apps/footbridge/src/instance-lock.ts': [['files'], 'the lock of the data folder'],
  'apps/footbridge/src/private-file.ts': [['files'], 'secrets of the instance'],
  'apps/footbridge/src/backup.ts': [['files', 'pg'], 'copies sealed columns and wrapped keys: no plaintext'],
  'apps/footbridge/src/audit.ts': [['pg'], 'reads the audit logs of the own database'],
  'apps/footbridge/src/key-warnings.ts': [['pg'], 'has the own keys open what they wrapped, and says nothing of it but whether they did'],
  'apps/footbridge/src/start.ts': [['fetch', 'process.stderr', 'process.stdout'], 'starts the instance and asks whether it runs'],
};
/** What somebody runs with their own account: they are shown, and write into their own files, what they may see. */
const byAPerson: Readonly<Record<string, Way>> = {
  'apps/footbridge/src/cli.ts': [['process.stderr', 'process.stdout'], 'the terminal of whoever runs it'],
  'apps/footbridge/src/connection.ts': [['fetch'], 'speaks to the API as an account'],
  'apps/footbridge/src/commands/doctor.ts': [['fetch', 'pg'], 'asks the own instance whether it is ready, and the own database for its time'],
  'apps/footbridge/src/commands/access-copy.ts': [['files', 'process.stderr'], 'a new file that opens with her passphrase alone'],
  'apps/footbridge/src/commands/envelope.ts': [['files'], 'a recipient writes what it has opened into a file of its own, of mode 600'],
  'apps/footbridge/src/import/commands.ts': [['process.stderr'], 'the terminal'],
  'apps/footbridge/src/import/run-import.ts': [['process.stderr', 'process.stdout'], 'the terminal'],
  'apps/footbridge/src/import/run-export.ts': [['files'], 'a file of mode 600, of what the account may reveal; each look is audited'],
  'apps/footbridge/src/import/refused-report.ts': [['files'], 'which lines of the own file were refused, by code'],
  'apps/footbridge/src/import/journal.ts': [['files'], 'which lines of the own file are done'],
  'apps/footbridge/src/import/table/file.ts': [['files'], 'opens the file that is read'],
  'apps/footbridge/src/import/phone.ts': [['module'], 'reads the table of phone numbers'],
};
/** Makes documents, runs the demonstration, or stands in for somebody in tests: no service loads it. */
const besides: Readonly<Record<string, Way>> = {
  'bin/run.cjs': [['@swc-node/register/esm-register', 'import(…)', 'process.stderr', 'require'], 'runs TypeScript'],
  'libs/privacy/pack.mjs': [['child_process', 'files', 'module'], 'builds the package that is published'],
  'libs/privacy/mutation/run.mjs': [['@stryker-mutator/core', '@swc/core', 'files', 'process.stderr', 'process.stdout'], 'mutates the library to try its tests'],
  'libs/privacy/mutation/runner.mjs': [['@jest/expect', '@stryker-mutator/api/plugin', '@stryker-mutator/api/test-runner', '@swc/core', 'fast-check', 'files', 'globalThis', 'import(…)', 'jest-circus', 'process.stderr', 'vm'], 'runs the suites of the library on a mutant'],
  'apps/footbridge/src/documents.ts': [['files'], 'writes docs/'],
  'apps/footbridge/src/lifecycles.ts': [['process.stdout'], 'prints a table'],
  'apps/footbridge/src/inventory/main.ts': [['process.stderr', 'process.stdout'], 'prints the register: names of fields, no value'],
  'apps/footbridge/src/schema/release.ts': [['files', 'process.stderr', 'process.stdout'], 'writes released schemas'],
  'libs/contracts/src/release.ts': [['files', 'process.stderr', 'process.stdout'], 'writes released events'],
  'apps/footbridge/src/demo/http-world.ts': [['fetch'], 'people of the demonstration, by HTTP'],
  'apps/footbridge/src/demo/inbox.ts': [['http'], 'the partner of the demonstration'],
  'apps/footbridge/src/demo/main.ts': [['fetch', 'files', 'process.stderr', 'process.stdout'], 'the demonstration'],
  'apps/footbridge/src/demo/prepare.ts': [['files'], 'notes that the demonstration is made'],
  'apps/footbridge/src/import/fixtures/api-stand-in.ts': [['http'], 'tests'],
  'apps/footbridge/src/import/fixtures/command.ts': [['process.stderr'], 'tests'],
  'apps/footbridge/src/import/fixtures/http-client.ts': [['fetch'], 'tests'],
  'libs/messaging/src/stage.ts': [['pg'], 'tests'],
  'libs/messaging/src/transport-suite.ts': [['child_process', 'process.stdout'], 'tests'],
};
const allowed: Readonly<Record<string, Way>> = { ...behindTheGate, ...inside, ...byAPerson, ...besides };


describe('no bytes leave but by the gate', () => {
  it('every way out of the code is known, with its reason; a new one is not, and one that has gone is struck off', () => {
    const found = Object.fromEntries(sourcesIn('apps', 'libs', 'bin').map((file) => [file, waysOut(readFileSync(join(root, file), 'utf8'), isHarmless)] as const).filter(([, ways]) => ways.length > 0));
    expect(found).toEqual(Object.fromEntries(Object.entries(allowed).map(([file, [ways]]) => [file, [...ways].sort()])));
  });
  it('and four files of it send to the outside, each of which takes nothing but what the gate has passed', () => {
    const source = (file: string): string => readFileSync(join(root, file), 'utf8');
    expect(Object.fromEntries(Object.keys(behindTheGate).map((file) => [file, { by: takes[file]?.by, takes: parametersOf(source(file), takes[file]?.by ?? '') }]))).toEqual(takes);
    for (const [file, [look, call]] of Object.entries(theCall)) expect([file, source(file).match(look)?.length, source(file).match(call)?.length]).toEqual([file, 1, file.endsWith('postgres.ts') ? 2 : 1]);
    expect(Object.keys(theCall)).toEqual(Object.keys(behindTheGate));
  });
  it('of which a wider type would be seen', () => {
    const adapter = (type: string): string => `class A { async publish(topic: string, batch: ${type}): Promise<void> {} }\nconst send = (to: string, mail: ${type}): void => {};\ninterface E { post(body: ${type}): void }`;
    for (const type of ['readonly WireMessage[]', 'readonly Message[]', 'any']) expect(['publish', 'send', 'post'].map((name) => parametersOf(adapter(type), name))).toEqual([[['string', type]], [['string', type]], [[type]]]);
    expect([parametersOf('class A { publish(a, b) {} }', 'publish'), parametersOf('class A {}', 'publish')]).toEqual([[['any', 'any']], []]);
  });

  it.each<[string, string, readonly string[]]>([
    ['an import', "import { connect } from 'node:net';", ['net']], ['one without its prefix', "import http from 'http';", ['http']], ['one for its effect', "import 'node:inspector';", ['inspector']], ['an export from', "export * from 'node:dgram';", ['dgram']],
    ['a write under another name', "import { writeFile as read } from 'node:fs/promises'; void read;", ['files']], ['all of a module', "import * as fs from 'fs'; void fs;", ['files']], ['its default', "import fs from 'node:fs'; void fs;", ['files']], ['its promises', "import { promises } from 'node:fs'; void promises;", ['files']],
    ['a dynamic import', "await import('node:tls');", ['tls']], ['one by a name that is made', "await import(`node:${'tls'}`);", ['import(…)']], ['require', "require('net');", ['require']], ['import = require', "import n = require('net');", ['require']], ['a way to require', "import { createRequire } from 'node:module';", ['module']],
    ['a package that nobody knows', "import got from 'got';", ['got']], ['a part of one', "import x from 'pino/file.js';", ['pino/file.js']],
    ['fetch', "await fetch('https://x.example');", ['fetch']], ['fetch handed on', 'const f = fetch;', ['fetch']], ['as a member', 'const o = { send: fetch };', ['fetch']], ['in short', 'const o = { fetch };', ['fetch']], ['fetch as a parameter\'s default', 'const f = (g = fetch) => g;', ['fetch']], ['a web socket', "new WebSocket('wss://x.example');", ['WebSocket']], ['by the global object', "globalThis['fet' + 'ch']('x');", ['globalThis']],
    ['the console', "console.log('x');", ['console']], ['the terminal', "process.stdout.write('x');", ['process.stdout']], ['in brackets', "process['stdout'].write('x');", ['process[…]']], ['taken apart', 'const { stdout } = process;', ['process']], ['a report', 'process.report.writeReport();', ['process.report']], ['a hidden door', "process.getBuiltinModule('net');", ['process.getBuiltinModule']], ['a heap dump', "import { writeHeapSnapshot } from 'node:v8';", ['v8']], ['made code', "new Function('return 1');", ['Function']], ['evaluated code', "eval('1');", ['eval']],
  ])('finds %s', (_what, source, ways) => expect(waysOut(source, isHarmless)).toEqual(ways));
  it.each([
    ["import type { Socket } from 'node:net';"], ["import { type Server, type Socket } from 'node:net';"], ["export type { Pool } from 'pg';"], ["import { isIP } from 'node:net';"], ["import { readFile, stat } from 'node:fs/promises'; import { existsSync } from 'node:fs';"], ["import { createHash } from 'node:crypto';"],
    ["// import net from 'node:net'\nconst text = \"fetch('x')\";"], ['class A { fetch(): void {} } new A().fetch();'], ['const o = { fetch: 1 }; o.fetch;'], ["process.env['X']; process.exit(1); process.on('exit', () => 0);"], ['function f(fetch: number): void {}'], ['type T = typeof fetch; const f: Function = g;'], ["import { codeList } from '@footbridge/privacy'; import { waysOut } from './ways-out.js';"],
  ])('and none in %s', (source) => expect(waysOut(source, isHarmless)).toEqual([]));
});
