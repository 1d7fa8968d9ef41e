/* Run by authorisation.spec.ts with --allow-natives-syntax: the optimised call into Cedar loses its optimisation in the middle of the call. */
import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';
import { Authorisation } from './authorisation.js';

new Authorisation({ service: 'referrals', lifecycles: [] });
const cedar = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs') as { preparsePolicySet(id: string, set: object): unknown; statefulIsAuthorized(call: object): unknown };
cedar.preparsePolicySet('all', { staticPolicies: { all: 'permit (principal, action, resource);' } });
const native = (name: string): ((f: unknown) => void) => runInThisContext(`(f) => %${name}(f)`) as (f: unknown) => void;
let during = (): void => undefined;
const call = { principal: { type: 'A', id: '1' }, action: { type: 'Action', id: 'x' }, resource: { type: 'T', id: '1' }, preparsedPolicySetId: 'all', validateRequest: false, entities: [], get context() { during(); return {}; } };
const ask = cedar.statefulIsAuthorized;
native('PrepareFunctionForOptimization')(ask);
for (let n = 0; n < 50; n += 1) ask(call);
native('OptimizeFunctionOnNextCall')(ask);
ask(call);
during = () => { native('DeoptimizeFunction')(ask); };
ask(call);
process.stdout.write('survived\n');
