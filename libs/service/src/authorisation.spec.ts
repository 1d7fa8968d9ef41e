import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Get, Controller, Post, type Type } from '@nestjs/common';
import { CaseClosed, CaseOpened, CaseReopened, roles, type Role } from '@footbridge/contracts';
import { NONE, lifecycle, operational, special, direct, type Lifecycle } from '@footbridge/lifecycle';
import fc from 'fast-check';
import { accessSettings } from './access-settings.js';
import { Action, EVERYBODY, declaredActions, requireActions, unknownRoutes } from './action.js';
import { Authorisation, PolicyError, seesPersons, type Question } from './authorisation.js';
import { Public } from './http.js';
import { accountRoles } from './identity/token-roles.js';
import { WrongSetting } from './main.js';

const crate: Lifecycle = lifecycle()({
  name: 'Case', service: 'referrals', prefix: 'cas', states: ['active', 'closed'],
  fields: { assignees: operational.refs(), person: direct.json<object>(), trafficking: special.json<object>() },
  rows: [
    [NONE, 'openCase', 'active', ['CASE_WORKER', 'REFERRER'], [], CaseOpened],
    [['active'], 'closeCase', 'closed', ['CASE_WORKER', 'PLATFORM'], [], CaseClosed],
    [['closed'], 'reopenCase', 'active', ['CASE_WORKER', 'PERSON'], [], CaseReopened],
  ],
});
const routes = [{ name: 'shelter-directory.search', roles: ['CASE_WORKER'] as readonly Role[] }, { name: 'Case.assign', roles: ['SUPERVISOR'] as readonly Role[] }];
const made = (folder?: string, remembered?: number): Authorisation => new Authorisation({ service: 'referrals', lifecycles: [crate], routes, folder, ...(remembered ? { remembered } : {}) });
const base = made();
const own: Omit<Question, 'action' | 'roles'> = { own: true, party: true, ofCase: true };
const reveal: Question = { ...own, action: 'Case.reveal', roles: ['CASE_WORKER'], fields: ['person'], purpose: 'ASSISTANCE', consentLive: true, signedInLately: true, assigned: true };
const says = (q: Question, a = base): string => { const d = a.decide(q); return d.allowed ? 'allowed' : `${d.refusal} ${d.policies.join('+')}`.trim(); };

const folders: string[] = [];
const folderOf = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'footbridge-policies-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
};
afterAll(() => { for (const folder of folders) rmSync(folder, { recursive: true }); });
const refusedWith = (files: Readonly<Record<string, string>>): string => { try { made(folderOf(files)); return 'started'; } catch (error) { return error instanceof PolicyError ? error.message : String(error); } };

describe('what the tables allow is permitted, and nothing else', () => {
  it('each command to the roles of its rows', () => {
    for (const role of accountRoles) {
      expect([role, says({ ...own, action: 'Case.closeCase', roles: [role], assigned: true })]).toEqual([role, role === 'CASE_WORKER' ? 'allowed' : role === 'OPERATOR' ? 'not-found operator-sees-no-case' : 'role-not-allowed']);
      expect([role, says({ own: true, action: 'Case.openCase', roles: [role] })]).toEqual([role, ['CASE_WORKER', 'REFERRER'].includes(role) ? 'allowed' : 'role-not-allowed']);
      expect([role, says({ own: true, action: 'shelter-directory.search', roles: [role] })]).toEqual([role, role === 'CASE_WORKER' ? 'allowed' : 'role-not-allowed']);
    }
  });
  it("a person's own decision through those who may bring it, and only where the table knows such a decision", () => {
    expect(says({ ...own, action: 'Case.reopenCase', roles: ['LAWYER'], onBehalfOf: 'PERSON', assigned: true })).toBe('allowed');
    expect(says({ ...own, action: 'Case.reopenCase', roles: ['LAWYER'], assigned: true })).toBe('role-not-allowed');
    expect(says({ ...own, action: 'Case.reopenCase', roles: ['LAWYER'], onBehalfOf: 'GUARDIAN', assigned: true })).toBe('role-not-allowed');
    expect(says({ ...own, action: 'Case.closeCase', roles: ['LAWYER'], onBehalfOf: 'PERSON', assigned: true })).toBe('role-not-allowed');
    expect(says({ ...own, action: 'Case.reopenCase', roles: ['RECEIVER'], onBehalfOf: 'PERSON', assigned: true })).toBe('role-not-allowed');
  });
  it('no action that it does not know, and no account without a role', () => {
    fc.assert(fc.property(fc.string(), (action) => base.actions.has(action) || says({ ...own, action, roles: accountRoles }) === 'role-not-allowed'));
    for (const action of base.actions.keys()) expect(base.decide({ ...reveal, action, roles: [] }).allowed).toBe(false);
  });
  it('more roles never take away what one of them may, but for what is forbidden to the account whatever it is', () => {
    fc.assert(fc.property(fc.constantFrom(...base.actions.keys()), fc.subarray([...accountRoles], { minLength: 1 }), (action, some) => {
      const may = some.filter((role) => base.decide({ ...reveal, action, roles: [role] }).allowed);
      return base.decide({ ...reveal, action, roles: some }).allowed === may.length > 0;
    }));
  });
  it('the whole set, with what the tables permit, fits its schema', () => {
    const cedar = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs') as typeof import('@cedar-policy/cedar-wasm/nodejs');
    expect(cedar.validate({ schema: base.schemaFor(), policies: { staticPolicies: base.policies } })).toMatchObject({ type: 'success', validationErrors: [], validationWarnings: [] });
  });
});

describe('what is never allowed (design 4.1, reference 2.7)', () => {
  it('G9 sealed fields outside the owning organisation', () => {
    expect(says(reveal)).toBe('allowed');
    expect(says({ ...reveal, own: false, assigned: undefined })).toBe('role-not-allowed inside-the-owner');
    expect(says({ ...reveal, own: false, party: false, assigned: undefined })).toMatch(/^not-found /);
  });
  it('G12 an emergency in one organisation, for another', () => {
    for (const action of base.actions.keys()) expect(base.decide({ ...reveal, action, own: false, breakGlass: true, assigned: undefined }).allowed).toBe(false);
  });
  it('a case to who runs the servers, in whatever they ask', () => {
    for (const action of base.actions.keys()) expect([action, base.decide({ ...reveal, action, roles: ['OPERATOR'] }).allowed]).toEqual([action, false]);
    expect(says({ ...own, action: 'Case.read', roles: ['OPERATOR', 'CASE_WORKER'], assigned: true })).toBe('allowed');
  });
  it('a person to who administers accounts, and to who hears of cases without their subjects', () => {
    for (const some of [['PARTNER_ADMIN'], ['PARTNER_ADMIN', 'OPERATOR'], ['MEDIA_OFFICER'], ['COMPLAINTS_BODY'], ['BID_PANEL'], ['RECEIVER'], ['REFERRER']] as const) expect(base.decide({ ...reveal, roles: some }).allowed).toBe(false);
    for (const role of seesPersons) expect([role, says({ ...reveal, roles: [role] })]).toEqual([role, 'allowed']);
  });
  it('a case as their own to police and embassies', () => {
    for (const organisation of ['LawEnforcement', 'Embassy'] as const) expect(says({ ...reveal, organisation })).toBe('role-not-allowed authorities-own-no-case');
    expect(says({ ...reveal, organisation: 'NGO' })).toBe('allowed');
  });
  it('what was done to her, to the house, the journey and the work after it', () => {
    for (const role of seesPersons) expect([role, says({ ...reveal, roles: [role], fields: ['person', 'trafficking'] })]).toEqual([role, ['CASE_WORKER', 'SUPERVISOR', 'HOTLINE_COUNSELLOR', 'LAWYER', 'DPO'].includes(role) ? 'allowed' : 'role-not-allowed facts-of-trafficking']);
  });
  it("a colleague's case, but for a look in an emergency", () => {
    const colleague = { ...reveal, assigned: false };
    expect(says(colleague)).toBe('not-found assigned');
    expect(says({ ...colleague, breakGlass: true })).toBe('allowed');
    expect(says({ ...colleague, action: 'Case.read', breakGlass: true })).toBe('allowed');
    expect(says({ ...colleague, action: 'Case.closeCase', breakGlass: true })).toBe('not-found assigned');
    for (const role of ['SUPERVISOR', 'DPO'] as const) expect(says({ ...colleague, roles: [role] })).toBe('allowed');
  });
  it('T36 a purpose to which she does not agree, or none; a sign-in of long ago', () => {
    const { purpose: _, ...without } = reveal;
    expect(says(without)).toBe('consent-required purpose-is-agreed');
    expect(says({ ...reveal, consentLive: false })).toBe('consent-required purpose-is-agreed');
    expect(says({ ...reveal, signedInLately: false })).toBe('step-up-required signed-in-lately');
    // who may not read it at all hears that first
    expect(says({ ...reveal, signedInLately: false, own: false, assigned: undefined })).toMatch(/^role-not-allowed /);
  });
});

describe('policies of an operator or organisation', () => {
  it('narrow what is allowed', () => {
    const narrowed = made(folderOf({ 'night.cedar': '@id("no-lawyers") forbid (principal, action in Action::"reveal", resource) when { principal.roles.contains(Role::"LAWYER") && resource has kind && resource.kind == Kind::"Case" };', 'notes.txt': 'not a policy' }));
    expect(says({ ...reveal, roles: ['LAWYER'] }, narrowed)).toBe('role-not-allowed night.cedar no-lawyers');
    expect(says(reveal, narrowed)).toBe('allowed');
    // one process may run services with other policies: nothing of the one is in the other
    expect(says({ ...reveal, roles: ['LAWYER'] })).toBe('allowed');
  });
  it('may name a single action, and say how it is refused', () => {
    const narrowed = made(folderOf({ 'a.cedar': '@refusal("not-found") forbid (principal, action == Action::"Case.closeCase", resource);' }));
    expect(says({ ...own, action: 'Case.closeCase', roles: ['CASE_WORKER'], assigned: true }, narrowed)).toBe('not-found a.cedar policy 1');
  });
  it.each([
    ['permit', 'permit (principal, action, resource);', 'The policy file x.cedar permits something: a policy may only forbid. What is permitted comes from the tables.'],
    ['permit among others', 'forbid (principal, action, resource) when { false };\npermit (principal, action == Action::"Case.reveal", resource);', 'The policy file x.cedar permits something: a policy may only forbid. What is permitted comes from the tables.'],
    ['no policy', 'forbid everything', expect.stringMatching(/^The policy file x\.cedar cannot be read: /)],
    ['a template', 'forbid (principal == ?principal, action, resource);', 'The policy file x.cedar holds a template: write the policy out.'],
    ['a role that does not exist', 'forbid (principal, action, resource) when { principal.roles.contains(Role::"BOSS") };', expect.stringMatching(/^The policy x\.cedar policy 1 in x\.cedar does not fit the schema: .*BOSS/)],
    ['an attribute that does not exist', 'forbid (principal, action, resource) when { resource.name == "x" };', expect.stringMatching(/^The policy x\.cedar policy 1 in x\.cedar does not fit the schema: .*name/)],
    ['an action that does not exist', 'forbid (principal, action == Action::"Case.close", resource);', expect.stringMatching(/^The policy x\.cedar policy 1 in x\.cedar does not fit the schema: /)],
    ['a kind that does not exist', 'forbid (principal, action, resource) when { resource has kind && resource.kind == Kind::"Crate" };', expect.stringMatching(/does not fit the schema/)],
    ['a refusal that does not exist', '@refusal("teapot") forbid (principal, action, resource);', 'The policy file x.cedar names the refusal teapot: take one of not-found, role-not-allowed, consent-required, step-up-required.'],
    ['one name twice', '@id("a") forbid (principal, action, resource); @id("a") forbid (principal, action, resource);', 'The policy x.cedar a in x.cedar is there twice: give it another @id.'],
  ])('G10 %s: nothing starts, and one line says why', (_what, text, line) => { expect(refusedWith({ 'x.cedar': text })).toEqual(line); });
  it('G10 a folder that is empty or not there is a mistake, and not "no policies"', () => {
    expect(refusedWith({})).toBe('FOOTBRIDGE_POLICIES names a folder without any *.cedar file.');
    expect(() => made('/nowhere/at/all')).toThrow('FOOTBRIDGE_POLICIES names a folder that cannot be read.');
  });
  it('never widen: whatever an own policy forbids, no decision becomes an allowed one', () => {
    const narrowed = made(folderOf({ 'x.cedar': 'forbid (principal, action, resource) when { principal.roles.contains(Role::"CASE_WORKER") && context.breakGlass };' }));
    const question: fc.Arbitrary<Question> = fc.record({
      action: fc.constantFrom(...base.actions.keys()), roles: fc.subarray([...roles]), own: fc.boolean(), party: fc.boolean(), ofCase: fc.boolean(), assigned: fc.option(fc.boolean(), { nil: undefined }),
      purpose: fc.constantFrom('ASSISTANCE', undefined), consentLive: fc.boolean(), signedInLately: fc.boolean(), breakGlass: fc.boolean(),
    });
    fc.assert(fc.property(question, (q) => !narrowed.decide(q).allowed || base.decide(q).allowed), { numRuns: 200 });
  });
});

describe('decisions', () => {
  it('are made once, are the same when made anew, and are not remembered for ever', () => {
    const few = made(undefined, 4);
    const questions = accountRoles.slice(0, 8).map((role): Question => ({ ...own, action: 'Case.read', roles: [role], assigned: true }));
    for (const q of questions) { const first = few.decide(q); expect(few.decide({ ...q })).toBe(first); expect(few.ask(q)).toEqual(first); expect(few.held).toBeLessThanOrEqual(4); }
    expect(few.held).toBe(4);
    // what is asked again stays, what was not asked longest goes
    const [a, b] = [questions[4] as Question, questions[5] as Question];
    few.decide(a);
    few.decide(questions[0] as Question);
    const kept = few.decide(a);
    expect(few.decide(a)).toBe(kept);
    expect(few.decide(b)).toEqual(few.ask(b));
  });
  it('do not end the process, as Node 20 does where optimised code meets WebAssembly in a bad moment', () => {
    const { status, stdout } = spawnSync(process.execPath, ['--allow-natives-syntax', join(process.cwd(), 'bin/run.cjs'), 'libs/service/src/cedar-survives.child.ts'], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
    expect([status, stdout]).toEqual([0, 'survived\n']);
  }, 120_000);
  it('differ wherever an attribute differs', () => {
    const other: Partial<Question>[] = [{ own: false }, { party: false }, { ofCase: false }, { assigned: false }, { assigned: undefined }, { fields: ['trafficking'] }, { purpose: 'RESEARCH' }, { consentLive: false }, { signedInLately: false }, { breakGlass: true }, { onBehalfOf: 'PERSON' }, { organisation: 'NGO' }, { roles: ['LAWYER'] }, { action: 'Case.read' }];
    const fresh = made();
    for (const [n, change] of other.entries()) { fresh.decide({ ...reveal, ...change }); expect(fresh.held).toBe(n + 1); }
  });
});

describe('a route without an action', () => {
  class Handlers { known(): void { /* a route */ } open(): void { /* public */ } forgotten(): void { /* nothing said */ } misspelt(): void { /* unknown */ } }
  const decorate = (name: keyof Handlers, ...decorators: MethodDecorator[]): void => { for (const d of decorators) d(Handlers.prototype, name, Object.getOwnPropertyDescriptor(Handlers.prototype, name) as PropertyDescriptor); };
  decorate('known', Get('known'), Action('things.list', EVERYBODY));
  decorate('open', Get('open'), Public());
  Controller('v1/things')(Handlers);
  const known = new Map([['things.list', {}]]);
  const all = [Handlers as Type<object>];

  it('T34 is none of those that declare one or are public', () => { expect(unknownRoutes(all, known)).toEqual([]); expect(declaredActions(all)).toEqual([{ name: 'things.list', roles: EVERYBODY }]); });
  it('T34 keeps the service from starting, in one clear line', () => {
    decorate('forgotten', Post(':id/forgotten'));
    expect(() => { requireActions('referrals', all, known); }).toThrow("POST /v1/things/:id/forgotten of referrals has no action that the policies know: say which one with @Action('…', [roles]), or @Public() where nobody signs in.");
    decorate('forgotten', Public());
    decorate('misspelt', Get('misspelt'), Action('Case.closeCsae'));
    expect(unknownRoutes(all, known).map(({ path }) => path)).toEqual(['/v1/things/misspelt']);
  });
});

describe('settings of access', () => {
  it('have defaults, and narrow', () => {
    expect(accessSettings({})).toEqual({ stepUpMinutes: 15, signInUnknown: 'refused', looksPerHour: 30 });
    expect(accessSettings({ FOOTBRIDGE_POLICIES: '/p', FOOTBRIDGE_STEP_UP_MINUTES: '5', FOOTBRIDGE_SIGN_IN_UNKNOWN: 'accepted', FOOTBRIDGE_LOOKS_PER_HOUR: '10' })).toEqual({ policies: '/p', stepUpMinutes: 5, signInUnknown: 'accepted', looksPerHour: 10 });
  });
  it.each([['FOOTBRIDGE_STEP_UP_MINUTES', '0'], ['FOOTBRIDGE_STEP_UP_MINUTES', '481'], ['FOOTBRIDGE_STEP_UP_MINUTES', '1.5'], ['FOOTBRIDGE_LOOKS_PER_HOUR', 'many'], ['FOOTBRIDGE_LOOKS_PER_HOUR', '10001'], ['FOOTBRIDGE_SIGN_IN_UNKNOWN', 'yes']])('%s=%s is said to be wrong', (name, value) => {
    expect(() => accessSettings({ [name]: value })).toThrow(WrongSetting);
  });
});
