import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, sourcesIn, usesOf } from './ways-out.fixture.js';

/** What makes leave to see or to tell plaintext, or does without: each place that has one of them is listed here. */
const leave = new Set(['audited', 'disclosure', 'ownUse', 'plaintextOf', 'revealCapability']);

type Place = readonly [uses: readonly string[], reason: string];
const allowed: Readonly<Record<string, Place>> = {
  'libs/privacy/src/index.ts': [['audited', 'disclosure', 'ownUse', 'revealCapability'], 'what the library offers; `plaintextOf` is not among it'],
  'libs/privacy/src/disclosure.ts': [['plaintextOf'], 'opens inside the gate: the value is a part of the bytes at once'],
  'libs/privacy/src/envelope.ts': [['plaintextOf'], 'seals it for one recipient, under its consent'],
  'libs/privacy/src/fields.ts': [['plaintextOf'], 'seals columns'],
  'libs/privacy/src/known-identity.ts': [['plaintextOf'], 'turns names into digests that are looked for'],
  'libs/privacy/src/statistics/tally.ts': [['plaintextOf'], 'counts; what comes out are numbers'],
  'libs/privacy/src/leak-hunt.ts': [['.reveal'], 'which forms a hunt shows: of invented people'],
  'libs/service/src/routes.ts': [['.reveal'], 'asks the engine for a look'],
  'libs/service/src/store.ts': [['audited'], 'keeps the audit trail: the receipt is of the commit that wrote the entry'],
  'libs/service/src/engine.ts': [['.reveal', 'revealCapability'], 'a look of the owner, and what waited for a second word: each for its entry'],
  'libs/service/src/disclosing.ts': [['disclosure'], 'the one answer to another organisation: for the entry that its caller wrote'],
  'apps/referrals/src/case/access-copy.controller.ts': [['.reveal', 'revealCapability'], 'her own copy: for its entry'],
  'apps/notifications/src/subscription/signing.ts': [['.reveal', 'ownUse'], 'the keys with which it signs'],
  'apps/notifications/src/security-contact/postman.ts': [['.reveal', 'ownUse'], 'whom it writes to'],
  'apps/footbridge/src/commands/envelope.ts': [['.reveal', 'ownUse'], 'a recipient opens at home what it has collected; the pick-up was audited'],
};


describe('plaintext is seen or told in few places, each of which is known', () => {
  it('T36 a new one is not, and one that has gone is struck off', () => {
    const found = Object.fromEntries(sourcesIn('apps', 'libs', 'bin', 'bench', 'scripts').map((file) => [file, usesOf(readFileSync(join(root, file), 'utf8'), leave, 'reveal')] as const).filter(([, uses]) => uses.length > 0));
    expect(found).toEqual(Object.fromEntries(Object.entries(allowed).map(([file, [uses]]) => [file, uses])));
  });
  it.each<[string, string, readonly string[]]>([
    ['an import', "import { disclosure } from '@footbridge/privacy';", ['disclosure']], ['under another name', "import { revealCapability as look } from '@footbridge/privacy';", ['revealCapability']], ['all of it', "import * as privacy from '@footbridge/privacy'; privacy.audited('x', f);", ['audited']],
    ['handed on', "export { ownUse } from '@footbridge/privacy';", ['ownUse']], ['from within', "import { plaintextOf } from './sealed.js';", ['plaintextOf']], ['a look', 'row.person.reveal(leave);', ['.reveal']], ['perhaps', 'row.person?.reveal(leave);', ['.reveal']], ['in brackets', "row.person['reveal'](leave);", ['.reveal']], ['taken apart', 'const { reveal } = row.person;', ['.reveal']],
  ])('finds %s', (_what, source, uses) => expect(usesOf(source, leave, 'reveal')).toEqual(uses));
  it.each([["// revealCapability(x)\nconst text = 'disclosure(x)';"], ["import type { Disclosure, RevealCapability } from '@footbridge/privacy';"], ['const disclosure = 1; void disclosure;'], ['this.reveal(x);']])('and nothing in %s', (source) => expect(usesOf(source, leave, 'reveal')).toEqual([]));
});
