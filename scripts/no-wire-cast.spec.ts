import { RuleTester, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { noWireCast } from './no-wire-cast.js';

RuleTester.describe = describe;
RuleTester.it = it;
const tester = new RuleTester({ languageOptions: { parser: tseslint.parser as Linter.Parser } });
const from = "import { newRef, type Ref, type Code } from '@footbridge/privacy';\n";
const invalid = (messageId: string, ...codes: readonly string[]): { code: string; errors: { messageId: string }[] }[] => codes.map((code) => ({ code: from + code, errors: [{ messageId }] }));

describe('T03: no way round the constructors of wire types', () => {
  tester.run('no-wire-cast', noWireCast, {
    valid: [
      "const r = newRef('rfr');", 'const n = text as string;', 'const r: Ref = newRef("rfr");', 'const x = { a: 1 } as const;', 'const x = value satisfies Ref;', "import { Ref as R } from 'vue'; const r = x as R;",
      'const made = JSON.parse(text) as { ref: string };', 'const f = make as (ref: Ref) => void;', 'function f(x: unknown): x is string { return true; }', '// @ts-expect-error a state of another lifecycle\nconst s: State = "no";', 'list.document(x as never);'.replace('document', 'find'),
      "import * as p from '@footbridge/privacy'; const r: p.Ref = p.newRef('rfr');", "const x = y as import('@footbridge/privacy').Gate;", 'async function f(): Promise<string> { return JSON.parse(x); }',
    ].map((code) => (code.startsWith('import') ? code : from + code)),
    invalid: [
      ...invalid('cast',
        "const r = 'Adaeze' as Ref;", "const r = <Ref>'Adaeze';", "const c = name as unknown as Code;", "const r = JSON.parse(text) as Ref;", "const r = x as Ref<'rfr'>;", 'const r = x as Ref[];', 'const r = x as readonly Ref[];', 'const r = x as Ref | undefined;', 'const r = x as { readonly to: Ref };',
        'const r = x as Readonly<Ref>;', 'const r = x as Promise<Ref>;', 'const r = x as [string, Code];', 'const r = (await answer.json()) as Ref;', "const r = x as import('@footbridge/privacy').Ref;", 'type Id = Ref<"rfr">; const r = x as Id;', 'send(x as Ref);', 'const r = (x as string) as Ref;', 'const r = `${a}_${b}` as Ref;', 'const b = x as WireBytes;'),
      { code: "import type { Ref as R } from '@footbridge/privacy'; const r = x as R;", errors: [{ messageId: 'cast' }] },
      { code: "import type * as privacy from '@footbridge/privacy'; const r = x as privacy.Ref;", errors: [{ messageId: 'cast' }] },
      ...invalid('guard', 'function isMine(x: unknown): x is Ref { return true; }', 'function mine(x: unknown): asserts x is Code { return; }', 'const is = (x: unknown): x is Ref => true;'),
      ...invalid('parsed', 'const r: Ref = JSON.parse(text);', 'const r: { to: Ref } = await answer.json();', 'function f(): Ref { return JSON.parse(x); }', 'const f = (): Ref => JSON.parse(x);', 'class A { r: Ref = JSON.parse(x); }', 'function f(r: Ref = JSON.parse(x)) {}'),
      ...invalid('silenced', '// @ts-ignore\nconst r: Ref = name;', '// @ts-expect-error: it is one\nsend(newRef(1));', '/* @ts-ignore */ gate.encode(sent, person, {});', '// @ts-nocheck\nconst x = 1;\n\n\n\ngate.encode(sent, x, {});'),
      ...invalid('escape', "const r: Ref = name as never;", "const r: Ref = name as any;", 'function f(): Ref { return name as never; }', 'gate.encode(sent, { ref: name as never }, {});', 'gate.structured(def, envelope, { a: [{ b: name as any }] }, {});', 'gate.encode(sent, person as never, {});', 'gate.disclose(def, leave, person as any, {});', 'payloadOf(sent, <never>person);'),
    ],
  });
});

/** The same where the compiler's types are known, as in all of apps and libs. */
const typed = new RuleTester({ languageOptions: { parser: tseslint.parser as Linter.Parser, parserOptions: { projectService: true, tsconfigRootDir: process.cwd() } } });
const filename = 'libs/contracts/src/given-up.ts';
const of = "import { newRef, type Gate, type Ref } from '@footbridge/privacy';\ndeclare const name: string, gate: Gate, sent: never, text: string;\n";
describe('T03: nor under another name, where types are known', () => {
  typed.run('no-wire-cast', noWireCast, {
    valid: [
      "export const r: Ref = newRef('rfr');", "export const n = JSON.parse(text) as { readonly n: number };", "declare function first<T>(of: readonly T[]): T;\nexport const r: Ref = first([newRef('rfr')]);", "export const r = newRef('rfr') satisfies Ref;",
      "declare function asked<T>(): T;\nexport const n = asked<number>();", "export const s: string = JSON.parse(text);",
    ].map((code) => ({ filename, code: of + code })),
    invalid: ([
      ['escape', "export const r: Ref = name as never;"], ['escape', 'gate.encode(sent, { ref: name as never } as object, {});'], ['cast', 'export const r = name as ReturnType<typeof newRef>;'], ['cast', 'export const r = name as unknown as Parameters<(ref: Ref) => void>[0];'],
      ['cast', 'function cast<T>(x: unknown): T { return x as T; }\nexport const r: Ref = cast(name);'], ['cast', 'const cast = <T>(x: unknown): T => x as T;\nexport const r = cast<Ref>(name);'],
      ['parsed', "export let r: Ref = newRef('rfr');\nr = JSON.parse(text);"], ['parsed', 'declare function send(ref: Ref): void;\nsend(JSON.parse(text));'], ['parsed', 'declare function send(to: { readonly ref: Ref }): void;\nsend({ ref: JSON.parse(text) });'],
      ['escape', 'declare function send(ref: Ref): void;\nsend(name as never);'],
    ] as const).map(([messageId, code]) => ({ filename, code: of + code, errors: [{ messageId }] })),
  });
});
