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
      ...invalid('escape', 'gate.encode(sent, person as never, {});', 'gate.disclose(def, leave, person as any, {});', 'payloadOf(sent, <never>person);'),
    ],
  });
});
