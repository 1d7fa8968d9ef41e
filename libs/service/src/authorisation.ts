import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { ConsentPurpose, OrganisationType, Role, Service, prefixes } from '@footbridge/contracts';
import { NONE, actsOnBehalf, isPersonal, type AnyRow, type Fields, type Lifecycle } from '@footbridge/lifecycle';
import { accountRoles } from './identity/token-roles.js';
import type { ProblemCode } from './problem.js';

type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs');
/** Loaded when the first service starts: it is large, and who only reads tables needs none of it. */
let loaded: Cedar | undefined;
function cedar(): Cedar {
  if (!loaded) {
    // V8 of Node 20 ends the process ("unreachable code") when optimised code that calls WebAssembly loses its optimisation during the call.
    setFlagsFromString('--no-turbo-inline-js-wasm-calls');
    loaded = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs') as Cedar;
  }
  return loaded;
}

/** A policy that cannot be used: one clear line, and nothing starts (G10). */
export class PolicyError extends Error {}

export const groups = ['list', 'read', 'timeline', 'reveal', 'edit', 'create', 'command', 'route'] as const;
export type Group = (typeof groups)[number];
/** An action as the policies know it: `Case.closeCase`, `shelter-directory.search`. */
export interface KnownAction { readonly name: string; readonly group: Group; readonly kind?: string; readonly roles: readonly Role[]; readonly behalf?: readonly Role[] }

/** Roles that may see a person's sealed fields inside the owning organisation (reference 2.7). OPERATOR and PARTNER_ADMIN never. */
export const seesPersons: readonly Role[] = ['CASE_WORKER', 'SUPERVISOR', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'SHELTER_MANAGER', 'RETURN_OFFICER', 'REINTEGRATION_MANAGER', 'RECEPTION_OFFICER', 'ORIGIN_OFFICE', 'LAWYER', 'DPO'];

/** All that a decision may depend on: no reference, no name, so that few decisions are ever made anew. */
export interface Question {
  readonly action: string;
  readonly roles: readonly Role[];
  readonly organisation?: OrganisationType | undefined;
  readonly own: boolean;
  readonly party?: boolean;
  readonly ofCase?: boolean;
  readonly assigned?: boolean | undefined;
  readonly fields?: readonly string[];
  readonly onBehalfOf?: Role | undefined;
  readonly purpose?: string | undefined;
  readonly consentLive?: boolean;
  readonly signedInLately?: boolean;
  readonly breakGlass?: boolean;
}
export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly refusal: ProblemCode; /** Which policies refuse; none where none permits. */ readonly policies: readonly string[] };

const ALLOWED: Decision = { allowed: true };
const UNKNOWN: Decision = { allowed: false, refusal: 'role-not-allowed', policies: [] };
/** Where several refuse: who may not know that there is anything hears only that. */
const refusals = ['not-found', 'role-not-allowed', 'consent-required', 'step-up-required'] as const satisfies readonly ProblemCode[];

interface Policy { readonly id: string; readonly text: string; readonly refusal: (typeof refusals)[number]; readonly file: string }
export interface AuthorisationOptions {
  readonly service: string;
  readonly lifecycles: readonly Lifecycle[];
  /** Routes that no table gives, with the roles that may ask for them. */
  readonly routes?: readonly Pick<KnownAction, 'name' | 'roles'>[];
  /** A folder of the operator's or organisation's own `*.cedar` files, which may forbid and nothing else. */
  readonly folder?: string | undefined;
  /** How many decisions are remembered. */
  readonly remembered?: number;
}

/**
 * Who may do what, by Cedar (design 4.1): what the tables allow is permitted, policies in `policies/*.cedar` forbid, nothing else
 * permits anything. A decision is a pure function of a few attributes, so it is made once and remembered.
 */
export class Authorisation {
  readonly actions: ReadonlyMap<string, KnownAction>;
  readonly #policies: readonly Policy[];
  readonly #refusalOf: ReadonlyMap<string, Policy['refusal']>;
  readonly #decided = new Map<string, Decision>();
  readonly #prepared = new Map<string, string>();
  readonly #remembered: number;

  /** @throws PolicyError */
  constructor(private readonly options: AuthorisationOptions) {
    this.#remembered = options.remembered ?? 10_000;
    this.actions = new Map([...options.lifecycles.flatMap(actionsOf), ...(options.routes ?? []).map((r): KnownAction => ({ ...r, group: 'route', ...kindOf(r.name, options.lifecycles) }))].map((a) => [a.name, a]));
    const own = new URL('policies/', import.meta.url);
    this.#policies = [
      ...cedarFiles(own).flatMap((file) => read(file, readFileSync(new URL(file, own), 'utf8'))),
      ...(options.folder === undefined ? [] : given(options.folder)),
    ];
    const twice = this.#policies.find(({ id }, i) => this.#policies.findIndex((p) => p.id === id) !== i);
    if (twice) throw new PolicyError(`The policy ${twice.id} in ${twice.file} is there twice: give it another @id.`);
    this.#refusalOf = new Map(this.#policies.map(({ id, refusal }) => [id, refusal]));
    this.#validate();
  }

  /** How many decisions are remembered. */
  get held(): number { return this.#decided.size; }

  /** The decision, from memory where it was made before. */
  decide(q: Question): Decision {
    // As `ask` takes it: what is not said is false, but for `assigned`.
    const flags = Number(q.own) | Number(q.party ?? 0) << 1 | Number(q.ofCase ?? 0) << 2 | Number(q.assigned ?? 2) << 3 | Number(q.consentLive ?? 0) << 5 | Number(q.signedInLately ?? 0) << 6 | Number(q.breakGlass ?? 0) << 7;
    const key = `${q.action} ${flags} ${q.roles.join()} ${q.organisation ?? ''} ${q.onBehalfOf ?? ''} ${q.purpose ?? ''} ${q.fields?.join() ?? ''}`;
    const known = this.#decided.get(key);
    if (known) {
      // The longest unused goes first.
      if (this.#decided.size > this.#remembered / 2) { this.#decided.delete(key); this.#decided.set(key, known); }
      return known;
    }
    const decision = this.ask(q);
    if (this.#decided.size >= this.#remembered) { const [oldest] = this.#decided.keys(); if (oldest !== undefined) this.#decided.delete(oldest); }
    this.#decided.set(key, decision);
    return decision;
  }

  /** The decision, made anew by Cedar on policies that are parsed already. Whatever goes wrong is a refusal. */
  ask(q: Question): Decision {
    const action = this.actions.get(q.action);
    if (!action) return UNKNOWN;
    const answer = cedar().statefulIsAuthorized({
      principal: ACCOUNT, action: { type: 'Action', id: q.action }, resource: THING, preparsedPolicySetId: this.#prepare(action),
      context: {
        consentLive: q.consentLive ?? false, signedInLately: q.signedInLately ?? false, breakGlass: q.breakGlass ?? false,
        ...(q.onBehalfOf ? { onBehalfOf: of('Role', q.onBehalfOf) } : {}), ...(q.purpose ? { purpose: of('Purpose', q.purpose) } : {}),
      },
      entities: [
        { uid: { type: 'Action', id: q.action }, attrs: {}, parents: [{ type: 'Action', id: action.group }] },
        { uid: ACCOUNT, attrs: { roles: q.roles.map((r) => of('Role', r)), ...(q.organisation ? { organisation: of('OrganisationType', q.organisation) } : {}) }, parents: [] },
        { uid: THING, attrs: {
          service: of('Service', this.options.service), own: q.own, party: q.party ?? false, ofCase: q.ofCase ?? false, fields: [...(q.fields ?? [])],
          ...(action.kind ? { kind: of('Kind', action.kind) } : {}), ...(q.assigned === undefined ? {} : { assigned: q.assigned }),
        }, parents: [] },
      ],
    });
    if (answer.type !== 'success' || answer.response.diagnostics.errors.length > 0) return UNKNOWN;
    if (answer.response.decision === 'allow') return ALLOWED;
    const policies = answer.response.diagnostics.reason;
    const said = policies.map((id) => this.#refusalOf.get(id));
    return { allowed: false, policies, refusal: refusals.find((r) => said.includes(r)) ?? 'role-not-allowed' };
  }

  /** All policies by name, those made from the tables first: for whoever reviews them. */
  get policies(): Readonly<Record<string, string>> {
    return Object.fromEntries([...[...this.actions.values()].flatMap((a) => permits(a)), ...this.#policies.map(({ id, text }) => [id, text] as const)]);
  }

  /** Only what can bear on this action is looked at: its own permits, and everything that forbids. */
  #prepare(action: KnownAction): string {
    let id = this.#prepared.get(action.name);
    if (id === undefined) {
      const staticPolicies = Object.fromEntries([...permits(action), ...this.#policies.map((p) => [p.id, p.text] as const)]);
      // The same text under the same name, however many services one process runs.
      id = createHash('sha256').update(JSON.stringify(staticPolicies)).digest('base64url');
      const parsed = cedar().preparsePolicySet(id, { staticPolicies });
      if (parsed.type !== 'success') throw new PolicyError(`The policies for ${action.name} cannot be read.`);
      this.#prepared.set(action.name, id);
    }
    return id;
  }

  /**
   * All actions of a group are about the same, so one of each stands for the others, with those that a policy names: every policy would
   * otherwise be checked a hundred times over, which is what a start would spend its time on. What the tables permit is checked in the tests.
   */
  #validate(): void {
    const texts = this.#policies.map(({ text }) => text).join('\n');
    const schema = this.schemaFor(({ name }) => texts.includes(`"${name}"`));
    const answer = cedar().validate({ schema, policies: { staticPolicies: Object.fromEntries(this.#policies.map((p) => [p.id, p.text] as const)) } });
    if (answer.type !== 'success') throw new PolicyError(`The policies do not fit their schema: ${answer.errors[0]?.message ?? 'unreadable'}.`);
    const [wrong] = answer.validationErrors;
    if (!wrong) return;
    const { file = 'the tables' } = this.#policies.find(({ id }) => id === wrong.policyId) ?? {};
    throw new PolicyError(`The policy ${wrong.policyId} in ${file} does not fit the schema: ${wrong.error.message}.`);
  }

  /** The whole schema, with each action that is to be asked about; all of them by default. */
  schemaFor(asked: (action: KnownAction) => boolean = () => true): string {
    const list = (name: string, values: readonly string[]): string => `entity ${name} enum [${values.map((v) => `"${v}"`).join(', ')}];`;
    // Also kinds of other services: one text of policies is read by all.
    const kinds = new Set([...Object.keys(prefixes).map((p) => `${p[0]?.toUpperCase() ?? ''}${p.slice(1)}`), ...this.options.lifecycles.map(({ name }) => name)]);
    const applies = 'appliesTo { principal: Account, resource: Thing, context: Circumstances }';
    return [readFileSync(new URL('policies/footbridge.cedarschema', import.meta.url), 'utf8'), list('Role', Role.values), list('OrganisationType', OrganisationType.values), list('Purpose', ConsentPurpose.values), list('Service', [...new Set([...Service.values, this.options.service])]), list('Kind', [...kinds]),
      ...groups.map((group) => `action "any ${group}" in ["${group}"] ${applies};`),
      ...[...this.actions.values()].map((a) => `action "${a.name}" in ["${a.group}"]${asked(a) ? ` ${applies}` : ''};`), ''].join('\n');
  }
}

const ACCOUNT = { type: 'Account', id: 'who' };
const THING = { type: 'Thing', id: 'what' };
const of = (type: string, id: string): { __entity: { type: string; id: string } } => ({ __entity: { type, id } });

/** What a table allows: reading for every role (rows are narrowed by `visible`), each command for the roles of its rows. */
function actionsOf(l: Lifecycle): readonly KnownAction[] {
  const rows = l.rows as readonly AnyRow[];
  const made = new Map<string, { creates: boolean; by: Set<Role> }>();
  for (const [from, command, , by] of rows) {
    const known = made.get(command) ?? { creates: false, by: new Set<Role>() };
    for (const role of by) known.by.add(role);
    made.set(command, { creates: known.creates || from === NONE, by: known.by });
  }
  const personal = Object.values(l.fields as Fields).some((f) => isPersonal(f) && f.shown !== 'nobody');
  const action = (name: string, group: Group, roles: readonly Role[], behalf: readonly Role[] = []): KnownAction => ({ name: `${l.name}.${name}`, group, kind: l.name, roles, behalf });
  return [
    ...(['list', 'read', 'timeline'] as const).map((group) => action(group, group, accountRoles)),
    ...(personal ? [action('reveal', 'reveal', seesPersons)] : []),
    ...(l.editable ? [action('edit', 'edit', l.editable.by ?? seesPersons)] : []),
    ...[...made].map(([command, { creates, by }]) => action(command, creates ? 'create' : 'command', accountRoles.filter((r) => by.has(r)), (['PERSON', 'GUARDIAN'] as const).filter((r) => by.has(r)))),
  ];
}
const kindOf = (name: string, lifecycles: readonly Lifecycle[]): { readonly kind?: string } => {
  const l = lifecycles.find((x) => name.startsWith(`${x.name}.`));
  return l ? { kind: l.name } : {};
};

/** What a table or a declared route permits, as policies. */
function permits({ name, roles, behalf = [] }: KnownAction): readonly (readonly [string, string])[] {
  const set = (values: readonly Role[]): string => `[${values.map((r) => `Role::"${r}"`).join(', ')}]`;
  return [
    ...(roles.length > 0 ? [[`permit ${name}`, `permit (principal, action == Action::"${name}", resource)\nwhen { principal.roles.containsAny(${set(roles)}) };`] as const] : []),
    ...(behalf.length > 0 ? [[`permit ${name} on behalf`, `permit (principal, action == Action::"${name}", resource)\nwhen { principal.roles.containsAny(${set(actsOnBehalf)}) && context has onBehalfOf && ${set(behalf)}.contains(context.onBehalfOf) };`] as const] : []),
  ];
}

const cedarFiles = (folder: URL | string): readonly string[] => readdirSync(folder).filter((f) => f.endsWith('.cedar')).sort();

/** Somebody's own policies: they narrow what is allowed here, and never widen it (G10). */
function given(folder: string): readonly Policy[] {
  let files: readonly string[];
  try { files = cedarFiles(folder); } catch { throw new PolicyError('FOOTBRIDGE_POLICIES names a folder that cannot be read.'); }
  if (files.length === 0) throw new PolicyError('FOOTBRIDGE_POLICIES names a folder without any *.cedar file.');
  return files.flatMap((file) => {
    let text: string;
    try { text = readFileSync(`${folder}/${file}`, 'utf8'); } catch { throw new PolicyError(`The policy file ${file} cannot be read.`); }
    return read(file, text, `${file} `);
  });
}

/** The policies of one file; each has an `@id` or gets a name from its place. All of them forbid. */
function read(file: string, text: string, prefix = ''): readonly Policy[] {
  const parts = cedar().policySetTextToParts(text);
  if (parts.type !== 'success') throw new PolicyError(`The policy file ${file} cannot be read: ${parts.errors[0]?.message ?? 'it is no policy'}.`);
  if (parts.policy_templates.length > 0) throw new PolicyError(`The policy file ${file} holds a template: write the policy out.`);
  return parts.policies.map((policy, i) => {
    const json = cedar().policyToJson(policy);
    if (json.type !== 'success') throw new PolicyError(`The policy file ${file} cannot be read: ${json.errors[0]?.message ?? 'it is no policy'}.`);
    const { effect, annotations = {} } = json.json;
    if (effect !== 'forbid') throw new PolicyError(`The policy file ${file} permits something: a policy may only forbid. What is permitted comes from the tables.`);
    const said = annotations['refusal'] ?? 'role-not-allowed';
    const refusal = refusals.find((r) => r === said);
    if (!refusal) throw new PolicyError(`The policy file ${file} names the refusal ${said}: take one of ${refusals.join(', ')}.`);
    return { id: `${prefix}${annotations['id'] ?? `policy ${i + 1}`}`, text: policy, refusal, file };
  });
}
