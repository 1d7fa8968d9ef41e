import { randomUUID } from 'node:crypto';
import { ConsentPurpose, neverOwnsCases, type ContractEvent, type Role, type Service } from '@footbridge/contracts';
import {
  NONE, actsOnBehalf, bodyOf, checkBody, collectionOf, commandsNow, fieldsOf, isPersonal, needsFresh, protects, refusals, rowFor, tableOf,
  type Acting, type AnyRow, type BaseRow, type Clock as LifecycleClock, type Facts, type Fields, type Guard, type Lifecycle, type Refusal, type RowOptions, type ToldValues,
} from '@footbridge/lifecycle';
import { eventRow, type Attributes, type Freshness } from '@footbridge/messaging';
import { Sealed, isRef, label, newRef, revealCapability, type EventDef, type Gate, type PersonalClass } from '@footbridge/privacy';
import { oversees, type Access } from './access.js';
import { seesPersons } from './authorisation.js';
import { hour, later, minute, type Clock } from './clock.js';
import type { Principal } from './identity/principal.js';
import { Problem } from './problem.js';
import { keyMac, type RequestMac } from './repeats.js';
import { Conflict, Stale, quote, type Change, type Expectation, type Loaded, type Store, type Together } from './store.js';

/** `request` as it came (repeats.ts): only its MAC is kept. */
export interface Idempotency { readonly caller: string; readonly key: string; readonly request: string }

export interface CommandInput {
  readonly lifecycle: Lifecycle;
  readonly command: string;
  /** The caller's reference; absent for a creating command. */
  readonly reference?: string;
  readonly body: unknown;
  readonly caller: Principal;
  readonly ifMatch?: number;
  readonly idempotency?: Idempotency;
  /** Set when a second person has approved (decisions 6). */
  readonly approved?: {
    /** Who is answered: they see what they see of it, and not what the one who asked does. */
    readonly by: Acting;
    /** Looked at before each attempt: the word may have been given or taken meanwhile. */
    waiting(): Promise<void>;
    readonly settled: Change;
    /** What is said besides, and under which key. */
    answers(answer: Answer): Answer;
    readonly idempotency?: Idempotency;
  };
}
/** A command by the platform: a deadline, a reaction, a job. The declaration allows it, not an account (decisions 5). */
export interface PlatformInput {
  readonly lifecycle: Lifecycle;
  readonly command: string;
  readonly id?: string;
  readonly owner: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly as: Role;
  readonly causedBy?: string;
  readonly trace?: string;
  readonly creates?: { readonly id: string };
  /** Written in the same transaction: an inbox row, a deadline that is done. */
  readonly alongside?: readonly Change[];
}
export interface Answer { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Readonly<Record<string, unknown>> }

interface Planned { readonly rows: Change[]; readonly row: BaseRow; readonly references: Record<string, string>; readonly facts: Facts; readonly lifecycle: Lifecycle }

type Values = Record<string, unknown>;
interface Asked { id: string; ref: string; version: number; owner: string; lifecycle: string; aggregate: string | null; command: string; body: Values; roles: Role[]; asked_by: string; asked_organisation: string; asked_role: Role; asked_at: Date; expires_at: Date; state: string }

/** Runs every lifecycle alike: load, decide (table and guards, pure), commit row + audit + outbox in one statement. */
export class Engine {
  readonly #byName: ReadonlyMap<string, Lifecycle>;
  constructor(
    readonly service: string, readonly store: Store, readonly lifecycles: readonly Lifecycle[], private readonly gate: Gate,
    readonly clock: Clock, private readonly freshness: Freshness | undefined, readonly access: Access, private readonly mac: RequestMac,
    /** SQL for whether a guardian speaks in the case `$1->>1`: where guardians are kept elsewhere, what their clearance says. */
    private readonly guardianSpeaks = "exists (select 1 from known_clearance where case_ref = $1->>1 and step = 'GUARDIAN' and cleared)",
  ) { this.#byName = new Map(lifecycles.map((l) => [l.name, l])); }

  lifecycle(name: string): Lifecycle {
    const found = this.#byName.get(name);
    if (!found) throw new Error(`no lifecycle ${name} in ${this.service}`);
    return found;
  }

  /** A caller's command over HTTP. */
  async run(input: CommandInput): Promise<Answer> {
    try { return await this.#run(input); } catch (error) {
      // A rule may say what happens instead: a hold that does not fit is recorded as refused, and answered as such.
      const rows = (input.lifecycle.rows as readonly AnyRow[]).filter((r) => r[1] === input.command);
      const reasons = error instanceof Problem && error.code === 'guard-refused' ? (error.members['guards'] as { reason: string }[]).map((g) => g.reason) : [];
      const other = reasons.length > 0 ? rows[0]?.[6]?.otherwise?.(reasons) : undefined;
      if (!other) throw error;
      return this.#run({ ...input, command: other.command, body: { ...(input.body as Values), ...other.body } });
    }
  }
  async #run(input: CommandInput): Promise<Answer> {
    return this.#again(async () => {
      const { lifecycle: l, command, caller } = input;
      await input.approved?.waiting();
      const found = input.reference === undefined ? undefined : await this.load(l, caller, input.reference, command);
      if (found && input.ifMatch !== undefined && input.ifMatch !== found.row.version) throw new Problem('stale-version', { version: found.row.version });
      const expects: Expectation[] = [];
      const now = this.clock.now();
      const table = this.#rowOf(l, found?.row.state ?? NONE, command);
      const acting = this.#acting(l, table, caller, found?.row, input.body);
      this.access.commands(l, command, found?.row, caller, acting, input.approved !== undefined);
      if (table[6]?.secondWord) this.access.requireSignedInLately(caller);
      const body = await this.#body(l, table, input.body, caller.organisation);
      const row = found?.row ?? this.#draft(l, table, body, caller.organisation, randomUUID(), now);
      const asks = table[6]?.approval;
      const approval = typeof asks === 'function' ? asks({ row, body }) : asks;
      if (approval && !input.approved) return this.#ask(input, table, row, found !== undefined, acting, expects, now, approval);
      const planned = await this.#plan({ l, table, row, references: found?.references ?? {}, isNew: !found, body, acting, expects, now, ...(input.approved ? { approvedBy: input.approved.by } : {}) });
      const answer = this.#answer(planned, caller, found ? 200 : 201, input.approved?.by);
      const once = table[6]?.once?.(planned.facts as never) as Values | undefined;
      const isLook = table[6]?.looksAt !== undefined;
      if (isLook) await this.access.meter(l, planned.row, caller);
      await this.#commit(planned, expects, [...this.#kept(input.idempotency, answer), ...(input.approved ? [...this.#kept(input.approved.idempotency, input.approved.answers(answer)), input.approved.settled] : [])]);
      if (isLook) await this.access.meter(l, planned.row, caller, true);
      return once ? { ...answer, body: { ...answer.body, ...once } } : answer;
    }, input.idempotency);
  }

  /** A command by the platform. Returns undefined where the state no longer allows it: somebody was faster, nothing is owed. */
  async runAs(input: PlatformInput): Promise<BaseRow | undefined> {
    return this.#again(async () => {
      const { lifecycle: l, command, owner } = input;
      const found = input.id === undefined ? undefined : (await this.store.find(l, owner, `t.id = ($1->>0)::uuid`, [input.id], '', protects(command)))[0];
      if (input.id !== undefined && !found) return undefined;
      const table = rowFor(l, found?.row.state ?? NONE, command);
      if ('refused' in table) { if (input.alongside?.length) await this.store.commit(owner, input.alongside, []); return undefined; }
      const now = this.clock.now();
      const expects: Expectation[] = [];
      const body = this.#labelled(table.row, input.body ?? {});
      const acting = platform(owner, input.trace, input.as);
      const row = found?.row ?? this.#draft(l, table.row, body, owner, input.creates?.id ?? randomUUID(), now);
      const planned = await this.#plan({ l, table: table.row, row, references: found?.references ?? {}, isNew: !found, body, acting, expects, now, ...(input.causedBy ? { causedBy: input.causedBy } : {}) });
      await this.#commit(planned, expects, input.alongside ?? []);
      return planned.row;
    });
  }

  /** Before a detail is handed out that depends on what another service told. @throws Problem service-unavailable */
  async requireFresh(service: string, caseRef?: string): Promise<void> {
    if (this.freshness && !(await this.freshness.fresh(service, caseRef))) throw new Problem('service-unavailable', {}, { 'retry-after': '2' });
  }

  /** The same, of a service that this instance may do without. @throws Problem service-unavailable */
  async requireFreshWhereItRuns(service: string, caseRef?: string): Promise<void> {
    if (await this.freshness?.heardOf(service)) await this.requireFresh(service, caseRef);
  }

  /** Loads what a caller may see; a foreign and a missing reference are answered alike. */
  async load(l: Lifecycle, caller: Principal, reference: string, command = 'read', unread = protects(command)): Promise<Loaded> {
    if (!isRef(reference, l.prefix)) throw new Problem('not-found');
    const [found] = await this.store.find(l, caller.organisation,
      `t.id = (select aggregate::uuid from reference where ref = $1->>3 and organisation in ($1->>0, '*') and kind = $1->>4) and ${seenBy(protects(command) ? l.reachable ?? l.visible : l.visible)}`,
      [caller.organisation, caller.subject, caller.roles, reference, l.prefix], '', unread);
    if (!found) {
      const opened = command === 'read' ? await this.#withCase(l, caller, reference, unread) : undefined;
      if (opened) return opened;
      await this.access.missed(l, caller, reference);
      throw new Problem('not-found');
    }
    await this.access.opens(l, found, caller, command);
    return found;
  }

  /** SQL for whether a caller finds the row of this kind and id in its list; $1 = [organisation, account, roles, …]. */
  finds(caller: Principal, kind: string, id: string): string {
    const lists = this.lifecycles.filter((l) => this.access.lists(l, caller));
    return `(${lists.map((l) => `(${kind} = '${l.prefix}' and exists (select 1 from ${quote(tableOf(l))} t where t.id = ${id} and ${seenBy(l.visible)}))`).join(' or ') || 'false'})`;
  }

  /** In an emergency the case is open, and what belongs to it. Nobody who finds it otherwise pays for the question. */
  async #withCase(l: Lifecycle, caller: Principal, reference: string, unread: boolean): Promise<Loaded | undefined> {
    const isOpen = this.access.withCase(l, caller, '($1->>5)');
    if (isOpen === undefined) return undefined;
    const [found] = await this.store.find(l, caller.organisation, `t.id = (select aggregate::uuid from reference where ref = $1->>3 and organisation = $1->>0 and kind = $1->>4) and t.owner = ($1->>0) and ${seenBy(isOpen)}`,
      [caller.organisation, caller.subject, caller.roles, reference, l.prefix, this.clock.now().toISOString()], '', unread);
    return found && await this.access.opensWithCase(l, found, caller);
  }

  /** The facts of a row as its owner knows them, for views. */
  async factsOf(l: Lifecycle, row: BaseRow, acting: Acting, unread = false): Promise<Facts> {
    const given: Facts = { row, body: {}, caller: acting };
    return { ...given, ...(l.facts ? await l.facts(this.store.reader(row.owner, [], undefined, unread), given, this.clock.now()) : {}) };
  }

  /** What this caller finds at the address of an aggregate (api.md, View). */
  view(l: Lifecycle, row: BaseRow, references: Readonly<Record<string, string>>, caller: Principal, facts: Facts | undefined, linked: ReadonlyMap<string, string> = new Map()): Values {
    const own = row.owner === caller.organisation;
    const values = row as unknown as Values;
    const view: Values = { id: references[caller.organisation] ?? references[EVERYBODY], state: row.state, version: row.version };
    if (row.dueAt) view['dueAt'] = own ? row.dueAt : wholeMinute(row.dueAt);
    for (const [name, field] of Object.entries(l.fields as Fields)) {
      if (isPersonal(field) || field.shown === 'nobody' || values[name] === undefined) continue;
      // Two parties of one row would have a moment to the millisecond in common (privacy G4).
      if (own) view[name] = values[name]; else if (field.shown === 'parties') view[name] = field.told ? field.told(values[name] as never) : field.column === 'instant' ? wholeMinute(values[name] as string) : values[name];
    }
    const may = (role: Role): boolean => this.#stands(l, row, caller, role);
    view['can'] = commandsNow(l, row.state, (r) => may(r) || ((r === 'PERSON' || r === 'GUARDIAN') && this.#actsFor(l, row, caller)), own ? facts : undefined, this.clock.now());
    const links: Record<string, string> = {};
    for (const [name, link] of Object.entries(l.links ?? {})) {
      const aggregate = values[link.column];
      const ref = typeof aggregate === 'string' ? linked.get(`${aggregate} ${purposesOf(l, row).join()}`) : undefined;
      if (ref) links[name] = `/v1/${link.collection}/${ref}`;
    }
    view['links'] = links;
    // To the millisecond it would be a value that two organisations have in common (privacy G4).
    view['createdAt'] = own ? row.createdAt : minute(new Date(row.createdAt));
    return view;
  }

  /**
   * Plaintext of sealed fields, inside the owning organisation only (decisions 20). The audit entry is written before the answer (DP-14).
   * @throws Problem role-not-allowed, validation-failed
   */
  async reveal(l: Lifecycle, found: Loaded, caller: Principal, names: unknown, purpose: unknown): Promise<Values> {
    const personal = Object.entries(l.fields as Fields).filter(([, f]) => isPersonal(f) && f.shown !== 'nobody').map(([name]) => name);
    const wanted = typeof names === 'string' ? [...new Set(names.split(','))] : [];
    const errors = [
      ...(wanted.length === 0 || wanted.some((w) => !personal.includes(w)) ? [{ pointer: '/reveal', code: 'reveal', detail: `Send names out of: ${personal.join(', ')}.` }] : []),
      ...(typeof purpose !== 'string' || !(ConsentPurpose.values as readonly string[]).includes(purpose) ? [{ pointer: '/purpose', code: 'purpose', detail: 'Send the purpose of this look, one of the consent purposes.' }] : []),
    ];
    if (errors.length > 0) throw new Problem('validation-failed', { errors });
    if (found.row.owner !== caller.organisation || !caller.roles.some((r) => seesPersons.includes(r))) throw new Problem('role-not-allowed', { roles: seesPersons });
    this.store.keys.refuseLocked(found.row.owner);
    const ground = await this.access.reveals(l, found, caller, wanted, purpose as string);
    const now = this.clock.now();
    const audit = await this.store.recorded(found.row.owner, {
      at: now.toISOString(), organisations: [found.row.owner], kind: l.prefix, aggregate: found.row.id, command: 'reveal', from_state: found.row.state, to_state: found.row.state, version: found.row.version,
      organisation: caller.organisation, account: caller.subject, role: caller.roles.find((r) => seesPersons.includes(r)), ground, fields: wanted });
    await this.access.meter(l, found.row, caller, true);
    const capability = revealCapability({ purpose: purpose as string, audit });
    const values = found.row as unknown as Record<string, Sealed<unknown> | undefined>;
    return Object.fromEntries(wanted.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name].reveal(capability)]])));
  }

  /** What happened to an aggregate: transitions for its parties; looks and edits for the owner. */
  async timeline(l: Lifecycle, row: BaseRow, caller: Principal): Promise<readonly Values[]> {
    const own = row.owner === caller.organisation;
    const rows = await this.store.readAs<Values>(caller.organisation, `select jsonb_strip_nulls(jsonb_build_object('at', a.at, 'command', a.command, 'from', a.from_state, 'to', a.to_state, 'version', a.version, 'organisation', a.organisation, 'account', a.account, 'role', a.role, 'onBehalfOf', a.on_behalf_of, 'how', a.how, 'causedBy', a.caused_by, 'ground', a.ground, 'fields', to_jsonb(a.fields))) from audit a where a.aggregate = ($1->>0)::uuid and a.kind = $1->>1 order by a.position`, [row.id, l.prefix]);
    const told = own ? undefined : l.told?.(row, caller.organisation) as readonly string[] | undefined;
    return rows.filter((r) => (own || r['command'] !== 'reveal') && (!told || told.includes(r['to'] as string) && (r['from'] === undefined || told.includes(r['from'] as string)))).map((r) => {
      const { account: _a, ground: _g, fields: _f, causedBy: _c, how, role, onBehalfOf, organisation, ...shared } = r;
      if (own) return { ...r, at: new Date(r['at'] as string).toISOString() };
      // A party learns what was done and when, of others not by whom or why: that would tell of a hold, a withdrawal, or where she is.
      const its = organisation === caller.organisation;
      return { ...shared, at: minute(new Date(r['at'] as string)), ...(its ? { organisation, role, ...(onBehalfOf === undefined ? {} : { onBehalfOf }), ...(how === undefined ? {} : { how }) } : organisation === row.owner ? { organisation } : {}) };
    });
  }

  /** PATCH (JSON Merge Patch) of what a lifecycle declares editable in this state; audited by field name (decisions 23). */
  async edit(l: Lifecycle, caller: Principal, reference: string, patch: unknown, version: number): Promise<Answer> {
    const found = await this.load(l, caller, reference);
    if (found.row.version !== version) throw new Problem('stale-version', { version: found.row.version });
    const editable = l.editable;
    const by = editable?.by ?? seesPersons;
    if (found.row.owner !== caller.organisation || !caller.roles.some((r) => by.includes(r))) throw new Problem('role-not-allowed', { roles: by });
    if (!editable || !editable.in.includes(found.row.state)) throw new Problem('transition-not-allowed', { state: found.row.state, command: 'edit', allowedFrom: editable?.in ?? [] });
    const nulls = typeof patch === 'object' && patch !== null ? Object.entries(patch).filter(([, v]) => v === null).map(([k]) => k) : [];
    const checked = checkBody(editable.body, patch);
    if ('errors' in checked) throw new Problem('validation-failed', { errors: checked.errors });
    const changes: Values = {};
    for (const [name, value] of Object.entries(checked.value)) {
      const field = (l.fields as Fields)[name];
      if (!field) continue;
      if (nulls.includes(name)) { changes[name] = undefined; continue; }
      changes[name] = isPersonal(field) ? merged((found.row as unknown as Values)[name] as Sealed<unknown> | undefined, label(field.class as PersonalClass, value)) : value;
    }
    return this.amend(l, found, caller, 'edit', changes, editable);
  }

  /** A POST that no table gives, done once for its key like all others: what `keep` makes of the answer is committed with the work. */
  once(idempotency: Idempotency | undefined, work: (keep: (answer: Answer) => readonly Change[]) => Promise<Answer>): Promise<Answer> {
    return this.#again(() => work((answer) => this.#kept(idempotency, answer)), idempotency);
  }

  /** A change of columns that is no transition: decided, audited by field name and versioned like one. */
  async amend(l: Lifecycle, found: Loaded, caller: Principal, command: string, changes: Readonly<Values>, more: Pick<RowOptions<Facts, BaseRow>, 'set' | 'companions' | 'notices'> & { readonly guards?: readonly Guard<never>[]; readonly keep?: (answer: Answer) => readonly Change[] } = {}): Promise<Answer> {
    const { state } = found.row;
    const set = (facts: Facts, now: Date): Values => ({ ...changes, ...(more.set?.(facts, now) as Values | undefined) });
    const { keep: _, guards: __, ...options } = more;
    const table = [[state], command, state, [], more.guards ?? [], { audience: 'service' }, { ...options, set }] as unknown as AnyRow;
    const role = caller.roles.find((r) => this.#stands(l, found.row, caller, r)) ?? caller.roles[0] ?? 'PLATFORM';
    const expects: Expectation[] = [];
    const planned = await this.#plan({ l, table, row: found.row, references: found.references, isNew: false, body: changes, acting: { ...caller, role }, expects, now: this.clock.now(), ownersOnly: true });
    const answer = this.#answer(planned, caller, 200);
    await this.#commit(planned, expects, more.keep?.(answer) ?? []).catch((error: unknown) => { throw error instanceof Stale ? new Problem('stale-version', {}) : error instanceof Conflict ? conflictProblem(error.constraint) : error; });
    return answer;
  }

  /** What another service told about a row is kept on it: no transition, but versioned, audited and with its clocks looked at again. */
  async learn(input: Pick<PlatformInput, 'lifecycle' | 'owner' | 'causedBy' | 'alongside'> & { readonly id: string; readonly changes: Readonly<Values>; readonly notices?: RowOptions<Facts, BaseRow>['notices'] }): Promise<BaseRow | undefined> {
    return this.#again(async () => {
      const { lifecycle: l, owner, id, changes, notices } = input;
      const [found] = await this.store.find(l, owner, 't.id = ($1->>0)::uuid', [id]);
      if (!found) return undefined;
      const table = learning(found.row.state, changes, notices);
      const expects: Expectation[] = [];
      const planned = await this.#plan({ l, table, row: found.row, references: found.references, isNew: false, body: changes, acting: platform(owner), expects, now: this.clock.now(), ownersOnly: true, ...(input.causedBy ? { causedBy: input.causedBy } : {}) });
      await this.#commit(planned, expects, input.alongside ?? []);
      return planned.row;
    });
  }

  /** An event that no row of a table emits, as a change of the outbox: it is committed with whatever it tells of. */
  announce(event: EventDef, about: { readonly aggregate: string; readonly version: number; readonly owner?: string; readonly caseRef?: string; readonly causedBy?: string; readonly about?: string }, data: ToldValues): Change {
    const now = this.clock.now();
    const audience = event.audience === 'network' ? 'network' : 'instance';
    return this.#outgoing(event, { id: newRef('evt'), type: event.type, time: audience === 'network' ? hour(now) : now.toISOString(), audience, copy: 0, ...about }, data);
  }
  #outgoing(event: EventDef, attributes: Attributes, data: Readonly<Values>): Change {
    if (event.service !== this.service) throw new Error(`${event.type} is not ${this.service}'s to tell`);
    return { t: 'outbox', op: 'insert', row: eventRow(this.gate, event, attributes, data) };
  }

  /** The steps that wait for a second person, for those who may give that word and for those who asked. */
  async approvals(caller: Principal, reference?: string): Promise<readonly Values[]> {
    const { rows } = await this.store.pool.query<Asked>(`select * from approval where ($4::text is null and state = 'waiting' and expires_at > $5 or ref = $4) and (owner = $1 or asked_organisation = $1 or roles && $2 and asked_by <> $3) order by asked_at limit 200`,
      [caller.organisation, caller.roles, caller.subject, reference ?? null, this.clock.now()]);
    const shown = await Promise.all(rows.map(async (asked) => {
      const { known, role } = await this.#judges(asked, caller);
      if (!known) return [];
      const l = this.lifecycle(asked.lifecycle);
      const about = asked.aggregate === null ? undefined : (await this.store.named(caller.organisation, [asked.aggregate])).get(asked.aggregate);
      return [{ approval: asked.ref, state: asked.state, lifecycle: asked.lifecycle, command: asked.command, askedAt: minute(asked.asked_at), expiresAt: minute(asked.expires_at), roles: asked.roles,
        can: role !== undefined && asked.state === 'waiting' && asked.asked_by !== caller.subject ? ['approve', 'refuse'] : [], ...(about ? { about, links: { about: `/v1/${collectionOf(l)}/${about}` } } : {}) }];
    }));
    return shown.flat();
  }

  /** In which role a caller may give the second word, and whether they may know that it is asked for: as who asked, or who finds the row; where there is none yet, supervision. */
  async #judges(asked: Asked, caller: Principal): Promise<{ readonly known: boolean; readonly role?: Role }> {
    const l = this.lifecycle(asked.lifecycle);
    const mine = asked.roles.filter((r) => caller.roles.includes(r));
    const [about] = asked.aggregate === null || mine.length === 0 ? [] : await this.store.find(l, asked.owner, 't.id = ($1->>0)::uuid', [asked.aggregate], '', true);
    const role = asked.aggregate === null ? mine.find(() => asked.asked_organisation === caller.organisation) : mine.find((r) => about && this.#stands(l, about.row, caller, r));
    if (role !== undefined) return { known: true, role };
    if (asked.asked_by === caller.subject) return { known: true };
    if (![asked.owner, asked.asked_organisation].includes(caller.organisation)) return { known: false };
    const [known = false] = asked.aggregate === null ? [oversees(caller)]
      : await this.store.readAs<boolean>(caller.organisation, `select to_jsonb(${this.finds(caller, '($1->>3)', '($1->>4)::uuid')})`, [caller.organisation, caller.subject, caller.roles, l.prefix, asked.aggregate]);
    return { known };
  }

  /** A second person's word on a step that takes two (decisions 6). The guards run again; the word and the step are one transaction. */
  async decideApproval(reference: string, caller: Principal, approve: boolean, idempotency?: Idempotency): Promise<Answer> {
    const before = idempotency ? await this.#answered(idempotency) : undefined;
    if (before) return before;
    const command = approve ? 'approve' : 'refuse';
    const waiting = async (): Promise<Asked & { readonly role: Role }> => {
      const { rows: [asked] } = isRef(reference) ? await this.store.pool.query<Asked>('select * from approval where ref = $1', [reference]) : { rows: [] };
      const { known, role } = asked ? await this.#judges(asked, caller) : { known: false };
      // Whoever of the house holds its reference hears that it takes another role; nobody else hears that there is anything.
      if (!asked || !(known || [asked.owner, asked.asked_organisation].includes(caller.organisation))) throw new Problem('not-found');
      const state = asked.state === 'waiting' && asked.expires_at < this.clock.now() ? 'expired' : asked.state;
      if (state !== 'waiting') throw new Problem('transition-not-allowed', { state, command, allowedFrom: ['waiting'] });
      if (role === undefined) throw new Problem('role-not-allowed', { roles: asked.roles });
      if (asked.asked_by === caller.subject) throw new Problem('guard-refused', { guards: [{ guard: 'TWO_PERSONS', reason: 'SAME_PERSON', detail: 'Another person must approve.' }] });
      if (approve) this.access.requireSignedInLately(caller);
      return { ...asked, role };
    };
    const { role, ...asked } = await waiting();
    const settled = (state: string): Change => ({ t: 'approval', op: 'update', id: asked.id, version: asked.version, row: { state, decided_by: caller.subject, version: asked.version + 1 } });
    if (!approve) {
      return this.#again(async () => {
        await waiting();
        const answer: Answer = { status: 200, headers: {}, body: { approval: reference, state: 'refused' } };
        await this.store.commit(asked.owner, [...this.#kept(idempotency, answer), settled('refused')], []);
        return answer;
      }, idempotency);
    }
    const { rows: gone } = await this.store.pool.query('select 1 from disabled where subject in ($1, $2) and disabled', [asked.asked_by, asked.asked_organisation]);
    if (gone.length > 0) throw new Problem('guard-refused', { guards: [{ guard: 'TWO_PERSONS', reason: 'ASKER_DISABLED', detail: 'Whoever asked may no longer act here: refuse it, and ask anew.' }] });
    const l = this.lifecycle(asked.lifecycle);
    const asker: Principal = { subject: asked.asked_by, organisation: asked.asked_organisation, roles: [asked.asked_role] };
    const refOf = async (organisation: string): Promise<string | undefined> => (asked.aggregate === null ? undefined : (await this.store.named(organisation, [asked.aggregate])).get(asked.aggregate));
    const [own, theirs] = [await refOf(asker.organisation), await refOf(caller.organisation)];
    const body = typeof asked.body['$sealed'] === 'string' ? await this.#opened(asked, asked.body['$sealed'], caller) : asked.body;
    const answers = (answer: Answer): Answer => ({ ...answer, status: 200, body: { ...answer.body, ...(theirs ? { id: theirs } : {}), approval: reference } });
    const approved = { by: { ...caller, role }, answers, settled: settled('approved'), waiting: async () => { await waiting(); }, ...(idempotency ? { idempotency } : {}) };
    return answers(await this.run({ lifecycle: l, command: asked.command, ...(own ? { reference: own } : {}), body, caller: asker, approved }));
  }

  /** What waited sealed for the second word. Nobody is shown it; that it was opened, and by whose word, is on record first. */
  async #opened(asked: Asked, sealed: string, { organisation, subject }: Principal): Promise<unknown> {
    const audit = await this.store.recorded(asked.owner, { at: this.clock.now().toISOString(), organisations: [asked.owner], kind: 'approval', aggregate: asked.id, command: 'open', organisation, account: subject, ground: asked.ref });
    return (await this.store.openJson(String(asked.body['$subject']), asked.owner, 'approval', asked.id, sealed)).reveal(revealCapability({ purpose: 'APPROVAL', audit }));
  }

  // --- who may -------------------------------------------------------------------------------------------------

  #stands(l: Lifecycle, row: BaseRow | undefined, caller: Principal, role: Role): boolean {
    if (role === 'PLATFORM' || role === 'PERSON' || role === 'GUARDIAN' || !caller.roles.includes(role)) return false;
    if (!row) return true;
    const standing = (l.standing?.(row) ?? {}) as Partial<Record<Role, string | readonly string[] | undefined>>;
    const held = role in standing ? standing[role] : row.owner;
    return Array.isArray(held) ? held.includes(caller.organisation) : held === caller.organisation;
  }
  #actsFor(l: Lifecycle, row: BaseRow | undefined, caller: Principal): boolean {
    return caller.roles.some((r) => actsOnBehalf.includes(r)) && (!row || row.organisations.includes(caller.organisation));
  }
  #acting(l: Lifecycle, table: AnyRow, caller: Principal, row: BaseRow | undefined, body: unknown): Acting {
    const by = table[3];
    const { onBehalfOf, how } = (typeof body === 'object' && body !== null ? body : {}) as { onBehalfOf?: unknown; how?: unknown };
    const role = onBehalfOf === 'PERSON' || onBehalfOf === 'GUARDIAN'
      ? (by.includes(onBehalfOf) && this.#actsFor(l, row, caller) ? onBehalfOf : undefined)
      : by.find((r) => this.#stands(l, row, caller, r));
    if (!role) throw new Problem('role-not-allowed', { roles: by });
    if (isBehalf(role) && how === undefined) throw new Problem('validation-failed', { errors: [{ pointer: '/how', code: 'required', detail: 'Say how the decision reached you: in_person, phone or written.' }] });
    return { organisation: caller.organisation, subject: caller.subject, roles: caller.roles, role, ...(typeof how === 'string' ? { how } : {}), ...(caller.trace ? { trace: caller.trace } : {}) };
  }

  /** Who may bring the decision of another (decisions 4): no authority, and a guardian only where one speaks. */
  async #spokenFor(acting: Acting, row: BaseRow, facts: Facts): Promise<readonly Refusal[]> {
    if (!isBehalf(acting.role) || acting.subject === 'platform') return [];
    const caseRef = row.caseRef ?? (facts as { readonly caseRef?: string }).caseRef;
    const [known] = await this.store.readAs<{ type: string | null; guardian: boolean }>(row.owner, `select jsonb_build_object('type', (select type from known_organisation where organisation = $1->>0), 'guardian', ${this.guardianSpeaks})`, [acting.organisation, caseRef ?? null]);
    const refusal = (reason: string, name: string, sensitive: boolean): Refusal => ({ guard: 'BEHALF', reason, name, sensitive, retry: false });
    return [
      ...(neverOwnsCases.some((type) => type === known?.type) ? [refusal('NOT_BY_AUTHORITY', 'neverThroughPoliceOrEmbassy', false)] : []),
      ...(acting.role === 'GUARDIAN' && known?.guardian !== true ? [refusal('NO_GUARDIAN', 'aGuardianSpeaksForHer', true)] : []),
    ];
  }

  // --- deciding ------------------------------------------------------------------------------------------------

  #rowOf(l: Lifecycle, state: string, command: string): AnyRow {
    const found = rowFor(l, state, command);
    if ('row' in found) return found.row;
    throw new Problem('transition-not-allowed', { state, command, allowedFrom: [...new Set(found.allowedFrom)] });
  }

  async #body(l: Lifecycle, table: AnyRow, plain: unknown, organisation: string): Promise<Values> {
    const checked = checkBody(bodyOf(table), plain ?? {});
    if ('errors' in checked) throw new Problem('validation-failed', { errors: checked.errors });
    const body = this.#labelled(table, checked.value);
    const links = Object.entries(l.links ?? {}).filter(([name]) => typeof body[name] === 'string');
    const resolved = await this.store.resolve(organisation, links.map(([name]) => body[name] as string));
    for (const [name, link] of links) {
      const aggregate = resolved.get(body[name] as string);
      if (aggregate === undefined) {
        if (link.foreign) throw new Problem('guard-refused', { guards: [{ guard: 'NOT_YET_KNOWN', reason: 'NOT_YET_KNOWN', detail: `What /${name} refers to is not known to this service yet.` }] }, { 'retry-after': '2' });
        throw new Problem('validation-failed', { errors: [{ pointer: `/${name}`, code: 'unknown-reference', detail: 'Send a reference that your organisation holds.' }] });
      }
      body[name] = aggregate;
      if (link.column !== name) body[link.column] = aggregate;
    }
    return body;
  }
  /** Personal values are sealed objects from here on. */
  #labelled(table: AnyRow, plain: Readonly<Values>): Values {
    const body: Values = { ...plain };
    for (const field of fieldsOf(bodyOf(table))) {
      const value = body[field.name];
      // A companion's body may hold what is sealed already.
      if (value !== undefined && value !== null && !Sealed.is(value) && (field.class === 'quasi' || field.class === 'special' || field.class === 'direct')) body[field.name] = label(field.class as PersonalClass, value);
      if (value === null) delete body[field.name];
    }
    return body;
  }

  #draft(l: Lifecycle, table: AnyRow, body: Values, owner: string, id: string, now: Date): BaseRow {
    return { id, owner, organisations: [owner], state: table[2], version: 0, createdAt: now.toISOString(), updatedAt: now.toISOString(), ...pick(l, body) };
  }

  async #plan(p: {
    l: Lifecycle; table: AnyRow; row: BaseRow; references: Readonly<Record<string, string>>; isNew: boolean; body: Values; acting: Acting; expects: Expectation[]; now: Date;
    causedBy?: string; facts?: Readonly<Values>; approvedBy?: Acting; together?: Together; issued?: Map<string, string>; keys?: Map<string, Buffer>;
    /** The command that this is a companion of. */
    command?: string;
    /** No transition: what is changed in a row is told to its owner only. */
    ownersOnly?: true;
  }): Promise<Planned> {
    const { l, table, isNew, body, acting, now, together = new Map() as Together, issued = new Map<string, string>(), keys = new Map<string, Buffer>() } = p;
    const [, command, to, , guards, emits, more] = table;
    const unread = protects(p.command ?? command);
    const given: Facts = { row: p.row, body: p.approvedBy ? { ...body, approvedBy: p.approvedBy.subject } : body, caller: acting, command };
    // Object.assign where a command passes: it copies many members several times faster than a spread.
    const facts: Facts = Object.assign({}, given, p.facts ?? (l.facts ? await l.facts(this.store.reader(p.row.owner, p.expects, together, unread), given, now) : {}));
    for (const service of needsFresh(table, facts)) await this.requireFresh(service, p.row.caseRef ?? (facts as { readonly caseRef?: string }).caseRef);
    const refused = [...refusals(guards, (p.ownersOnly ? { ...facts, row: { ...p.row, ...body } } : facts) as never, now), ...await this.#spokenFor(acting, p.row, facts)];
    const owner = isNew && l.owner ? l.owner(facts as never) : p.row.owner;
    // Whose the new row would be, not who asks for it: a foreign case's sensitive rules are named to nobody else (decisions 21).
    if (refused.length > 0) {
      await this.#record(guards, facts, acting, command, now);
      const told = p.approvedBy ?? acting;
      const known = p.approvedBy && l.facts ? Object.assign({}, facts, { mayKnow: undefined }, await l.facts(this.store.reader(p.row.owner, [], together, unread), { ...given, caller: told }, now)) : facts;
      throw this.#refusal(refused, { ...p.row, owner }, told, known);
    }

    const changes: Values = Object.assign(pick(l, body), more?.set?.(facts as never, now), { state: to, owner });
    // One copy, filled as it becomes known: copying a row of forty columns at each step is what a command would spend its time on.
    const next = Object.assign({}, p.row, changes, { version: p.row.version + 1, updatedAt: now.toISOString() }) as { -readonly [K in keyof BaseRow]: BaseRow[K] | undefined };
    const row = next as BaseRow;
    const organisations = [...new Set([owner, ...((l.parties?.(row) ?? []) as (string | undefined)[]).filter((o): o is string => o !== undefined), ...(isNew ? [] : p.row.organisations)])];
    next.organisations = organisations;
    const after: Facts = Object.assign({}, facts, { row });
    const clocks = this.#clocks(l, isNew ? undefined : p.row, row, after, now);
    next.dueAt = clocks.dueAt;
    if (l.signs) { const signed = await l.signs(row as never, this.store.reader(owner, []).port) as Values; Object.assign(changes, signed); Object.assign(next, signed); }

    const references: Record<string, string> = { ...p.references };
    const rows: Change[] = [];
    const said: Values = {};
    for (const { organisation, kind, aggregate: of, as, ref, purpose = '' } of more?.introduces?.(after as never, now) ?? []) {
      const key = introduced(organisation, kind, of, purpose);
      const known = issued.get(key) ?? (of === row.id && purpose === '' ? references[organisation] : (await this.store.named(organisation, [of], [purpose])).get(of));
      const given = known ?? ref ?? newRef(kind);
      if (known === undefined) rows.push({ t: 'reference', op: 'insert', row: { ref: given, organisation, kind, aggregate: of, ...(purpose === '' ? {} : { purpose, generation: await this.store.generations(organisation, kind, of, purpose) + 1 }) } });
      issued.set(key, given);
      if (of === row.id && purpose === '') references[organisation] = given;
      if (as) said[as] = given;
    }
    for (const organisation of l.publicReference ? [EVERYBODY] : organisations) if (!references[organisation]) {
      const given = issued.get(introduced(organisation, l.prefix, row.id));
      references[organisation] = given ?? newRef(l.prefix);
      if (given === undefined) rows.push({ t: 'reference', op: 'insert', row: { ref: references[organisation], organisation, kind: l.prefix, aggregate: row.id } });
    }
    together.set(row.id, { lifecycle: l, row, references });
    const changed = isNew ? undefined : Object.keys({ ...changes, organisations: 0, version: 0, updatedAt: 0, dueAt: 0 });
    const keyRows: Change[] = [];
    const columns = await this.store.columnsOf(l, row, changed, keyRows, keys);
    rows.unshift(...keyRows, isNew ? { t: tableOf(l), op: 'insert', row: columns } : { t: tableOf(l), op: 'update', row: columns, id: row.id, version: p.row.version });
    rows.push(...clocks.rows);
    rows.push({ t: 'audit', op: 'insert', row: {
      at: now.toISOString(), organisations: p.ownersOnly ? [row.owner] : organisations, kind: l.prefix, aggregate: row.id, command, from_state: isNew ? null : p.row.state, to_state: to, version: row.version,
      organisation: acting.organisation, account: acting.subject, role: acting.role, on_behalf_of: isBehalf(acting.role) ? acting.role : null, how: acting.how ?? null,
      caused_by: p.causedBy ?? null, ground: l.consentRef?.(row) ?? null, fields: more?.looksAt?.(after as never) ?? Object.keys(body), approved_by: p.approvedBy?.subject ?? null,
    } });
    rows.push(...await this.#events(l, emits, row, after, references, now, p.causedBy, acting.trace, undefined, said));
    for (const notice of more?.notices?.(after as never, now) ?? []) rows.push(...await this.#events(l, notice.event, row, after, references, now, p.causedBy, acting.trace, notice.recipients, notice.data, notice.about));
    const planned: Planned = { rows, row, references, facts: after, lifecycle: l };
    for (const c of more?.companions?.(after as never, now) ?? []) {
      const other = this.lifecycle(c.lifecycle);
      const found: Loaded | undefined = c.id === undefined ? undefined : together.get(c.id) ?? (await this.store.find(other, owner, 't.id = ($1->>0)::uuid', [c.id], '', unread))[0];
      const otherTable = c.learns && found ? learning(found.row.state, c.body) : this.#rowOf(other, found?.row.state ?? NONE, c.command);
      const otherBody = this.#labelled(otherTable, c.body);
      const planned2 = await this.#plan({ l: other, table: otherTable, row: found?.row ?? this.#draft(other, otherTable, otherBody, owner, c.creates ?? randomUUID(), now), references: found?.references ?? {}, isNew: !found, body: otherBody, acting: c.as === 'PLATFORM' ? platform(owner, acting.trace) : { ...acting, role: c.as }, expects: p.expects, now, together, issued, keys, command: p.command ?? command, ...(c.facts ? { facts: c.facts } : {}), ...(p.causedBy ? { causedBy: p.causedBy } : {}) });
      rows.push(...planned2.rows.filter((r) => !(r.t === 'subject_key' && rows.some((x) => x.t === 'subject_key' && x.row['subject'] === r.row['subject']))));
    }
    return planned;
  }

  /** A refused attempt, where the rule says that it stays on record (S1 step 3). */
  async #record(guards: AnyRow[4], facts: Facts, acting: Acting, command: string, now: Date): Promise<void> {
    for (const { code, check, record } of guards) {
      const about = record && check(facts as never, now) !== undefined ? record(facts as never) : undefined;
      if (about?.untold !== undefined) await this.access.untold({ prefix: about.kind }, about.row, acting, about.untold);
      else if (about) await this.store.commit(about.row.owner, [{ t: 'audit', op: 'insert', row: {
        at: now.toISOString(), organisations: [about.row.owner], kind: about.kind, aggregate: about.row.id, command, from_state: about.row.state, to_state: about.row.state, version: about.row.version,
        organisation: acting.organisation, account: acting.subject, role: acting.role, ground: `REFUSED ${code}` } }], []);
    }
  }

  #refusal(refused: readonly Refusal[], row: BaseRow, acting: Acting, facts: Facts): Problem {
    const own = row.owner === acting.organisation && facts.mayKnow !== false;
    const seen = refused.map((r) => (r.sensitive && !own && r.reason !== 'CONSENT_REQUIRED' ? { guard: 'ADMINISTRATIVE', reason: 'ADMINISTRATIVE', detail: 'This cannot be done now.' } : { guard: r.guard, reason: r.reason, detail: sentence(r.name) }));
    const guards = seen.filter((g, i) => seen.findIndex((x) => x.guard === g.guard && x.reason === g.reason) === i);
    const headers: Record<string, string> = refused.some((r) => r.retry) ? { 'retry-after': '2' } : {};
    if (refused.some((r) => r.reason === 'CONSENT_REQUIRED')) {
      const needed = (facts as Facts & { consentNeeded?: Record<string, unknown> }).consentNeeded ?? {};
      return new Problem('consent-required', { ...needed, guards }, headers);
    }
    return new Problem('guard-refused', { guards }, headers);
  }

  /** A clock that goes on to the same moment is left alone: what it has raised is not raised again. */
  #clocks(l: Lifecycle, before: BaseRow | undefined, row: BaseRow, facts: Facts, now: Date): { rows: Change[]; dueAt?: string } {
    const rows: Change[] = [];
    let dueAt: string | undefined;
    for (const clock of (l.clocks ?? []) as readonly LifecycleClock<string, Facts>[]) {
      const was = before !== undefined && clock.in.includes(before.state);
      const is = clock.in.includes(row.state);
      if (was && !is) rows.push({ t: 'deadline', op: 'delete', row: { aggregate: row.id, clock: clock.name } });
      if (is) {
        const due = clock.due(facts, now);
        if (due && clock.shown) dueAt = due.toISOString();
        if (was && clock.due({ ...facts, row: before }, new Date(before.updatedAt))?.getTime() === due?.getTime()) continue;
        if (was) rows.push({ t: 'deadline', op: 'delete', row: { aggregate: row.id, clock: clock.name } });
        if (due) rows.push({ t: 'deadline', op: 'insert', row: { aggregate: row.id, clock: clock.name, lifecycle: l.name, owner: row.owner, due_at: due.toISOString(), command: clock.command ?? null, body: clock.body ?? null, alert: clock.alert?.code ?? null, alert_to: clock.alert?.to(facts) ?? null } });
      }
    }
    return dueAt === undefined ? { rows } : { rows, dueAt };
  }

  async #events(l: Lifecycle, event: EventDef, row: BaseRow, facts: Facts, references: Readonly<Record<string, string>>, now: Date, causedBy: string | undefined, trace: string | undefined, recipients?: readonly string[], extra?: Readonly<Values>, about?: string): Promise<Change[]> {
    if (event.audience === 'service') return [];
    const pool: Values = { state: row.state, version: row.version, ...(row.dueAt ? { dueAt: minute(new Date(row.dueAt)) } : {}), ...(row.caseRef ? { case: row.caseRef } : {}), ...(l.name === 'Case' ? { ownerCase: references[row.owner] } : {}), ...(l.wire?.(row) as Values | undefined), ...extra };
    const own = l.name[0]?.toLowerCase() + l.name.slice(1);
    const { alsoInstance, travels } = event as ContractEvent;
    if (travels && !travels(pool)) return [];
    const directed = event.audience === 'directed' ? [...new Set((recipients ?? (l.recipients?.(row, event, facts as never) as (string | undefined)[] | undefined) ?? []).filter((o): o is string => o !== undefined))] : [];
    // Copy 0 is the one that reactions act on: the instance's own where nobody may be told, else the first organisation's.
    const to: readonly (string | undefined)[] = event.audience !== 'directed' ? [undefined] : alsoInstance ? [undefined, ...directed] : directed;
    const changes: Change[] = [];
    // What a row says of other aggregates goes out under the recipient's own references.
    const aggregates = Object.values(pool).flatMap((v) => (isAggregate(v) ? [v.aggregate] : []));
    for (const [copy, recipient] of to.entries()) {
      const named = recipient && aggregates.length > 0 ? await this.store.named(recipient, aggregates) : new Map<string, string>();
      const data: Values = {};
      for (const key of Object.keys(event.data)) {
        const value = key === own && own !== 'case' ? references[recipient ?? row.owner] ?? references[EVERYBODY] : pool[key];
        const out = isAggregate(value) ? named.get(value.aggregate) : value;
        if (out !== undefined && out !== null) data[key] = out;
      }
      const audience = event.audience === 'directed' && !recipient ? 'instance' : event.audience as 'instance' | 'directed' | 'network';
      const time = audience === 'directed' ? minute(now) : audience === 'network' ? hour(now) : now.toISOString();
      const id = newRef('evt');
      const consentRef = l.consentRef?.(row, recipient) as string | undefined;
      const aboutAggregate = about ?? (l.about?.(row) as string | undefined);
      changes.push(this.#outgoing(event, {
        id, type: event.type, time, audience, aggregate: row.id, version: row.version, copy,
        ...(recipient ? { recipient, ...(references[recipient] ? { subject: references[recipient] } : {}) } : {}), ...(row.caseRef ? { caseRef: row.caseRef } : {}), owner: row.owner,
        ...(consentRef ? { consentRef } : {}), ...(aboutAggregate ? { about: aboutAggregate } : {}), ...(causedBy ? { causedBy } : {}), ...(trace ? { traceparent: trace } : {}),
      }, data));
    }
    return changes;
  }

  // --- answering -----------------------------------------------------------------------------------------------

  #answer(planned: Planned, caller: Principal, status: number, approver?: Principal): Answer {
    const { lifecycle: l, row, references } = planned;
    // The facts are those of the one who asked.
    const body = approver ? this.view(l, row, references, approver, undefined) : this.view(l, row, references, caller, planned.facts);
    return { status, headers: { etag: `"${row.version}"`, ...(status === 201 ? { location: `/v1/${collectionOf(l)}/${String(body['id'])}` } : {}) }, body };
  }

  async #ask(input: CommandInput, table: AnyRow, row: BaseRow, exists: boolean, acting: Acting, expects: Expectation[], now: Date, roles: readonly Role[]): Promise<Answer> {
    // The guards speak now, so that nobody is asked to approve what cannot happen; they run again at the approval.
    const checked = await this.#body(input.lifecycle, table, input.body, input.caller.organisation);
    const planned = await this.#plan({ l: input.lifecycle, table, row, references: {}, isNew: !exists, body: checked, acting, expects, now });
    const ref = newRef(approvalPrefix[this.service as Service]);
    const expires = later(now, 72 * 3_600_000);
    const id = randomUUID();
    const keys: Change[] = [];
    // What waits for a second person waits sealed where it is about somebody.
    const body = fieldsOf(bodyOf(table)).some((f) => isPersonal(f as never)) ? { $sealed: await this.store.sealJson({ ...planned.row, owner: row.owner }, 'approval', id, input.body ?? {}, keys), $subject: planned.row.caseRef ?? planned.row.id } : input.body ?? {};
    const answer: Answer = { status: 202, headers: { location: `/v1/approvals/${ref}` }, body: { approval: ref, state: 'waiting', expiresAt: expires.toISOString(), roles } };
    await this.store.commit(row.owner, [...this.#kept(input.idempotency, answer), ...keys, { t: 'approval', op: 'insert', row: {
      id, ref, owner: row.owner, lifecycle: input.lifecycle.name, aggregate: exists ? row.id : null, command: input.command, body, roles, asked_by: input.caller.subject,
      asked_organisation: input.caller.organisation, asked_role: acting.role, asked_at: now.toISOString(), expires_at: expires.toISOString(), state: 'waiting' } }], []);
    return answer;
  }

  /** The first answer, committed with what it tells of. */
  #kept(i: Idempotency | undefined, { status, headers, body }: Answer): Change[] {
    return i ? [{ t: 'idempotency', op: 'insert', row: { caller: i.caller, key: keyMac(this.mac, i), request: this.mac(i), status, headers, body, at: new Date().toISOString() } }] : [];
  }
  async #answered(i: Idempotency): Promise<Answer | undefined> {
    const { rows } = await this.store.pool.query<{ request: string; status: number; headers: Record<string, string>; body: Values }>('select request, status, headers, body from idempotency where caller = $1 and key = $2', [i.caller, keyMac(this.mac, i)]);
    const before = rows[0];
    if (!before) return undefined;
    if (before.request !== this.mac(i)) throw new Problem('idempotency-key-reused');
    return { status: before.status, headers: { ...before.headers, 'idempotent-replay': 'true' }, body: before.body };
  }

  async #commit(planned: Planned, expects: readonly Expectation[], alongside: readonly Change[]): Promise<void> {
    // A row that is written is watched by its own update, if that is of the version which was decided on.
    const written = new Map<string, number>();
    for (const { op, t, id, version } of planned.rows) if (op === 'update' && version !== undefined) written.set(`${t}/${id}`, Math.min(version, written.get(`${t}/${id}`) ?? version));
    if (expects.some(({ t, id, version }) => (written.get(`${t}/${id}`) ?? version) !== version)) throw new Stale();
    const distinct = expects.filter((e, i) => !written.has(`${e.t}/${e.id}`) && expects.findIndex((x) => x.t === e.t && x.id === e.id) === i);
    // First what says that this was done already: a duplicate then meets that, and not a row which it made the first time.
    await this.store.commit(planned.row.owner, [...alongside, ...planned.rows], distinct);
  }

  async #again<T>(attempt: () => Promise<T>, idempotency?: Idempotency): Promise<T> {
    for (let n = 0; ; n += 1) {
      try { return await attempt(); } catch (error) {
        // A repeated request is answered as the first time, whatever has become of the aggregate since.
        if (idempotency && (error instanceof Problem || error instanceof Conflict)) { const before = await this.#answered(idempotency); if (before) return before as T; }
        if (error instanceof Stale && n < 20) { await new Promise((r) => setTimeout(r, Math.random() * 5 * n)); continue; }
        if (error instanceof Stale) throw new Problem('service-unavailable', {}, { 'retry-after': '1' });
        if (error instanceof Conflict && (error.constraint === 'subject_key_pkey' || error.constraint === 'reference_organisation_kind_aggregate_key') && n < 20) continue;
        // The effect of this event is there already.
        if (error instanceof Conflict && error.constraint === 'inbox_pkey') return undefined as T;
        if (error instanceof Conflict) throw conflictProblem(error.constraint);
        throw error;
      }
    }
  }
}

/** The platform acts for the row's owner, in the role that a declaration gives it. */
const platform = (organisation: string, trace?: string, role: Role = 'PLATFORM'): Acting => ({ organisation, subject: 'platform', roles: [role], role, ...(trace ? { trace } : {}) });
const isBehalf = (role: Role): boolean => role === 'PERSON' || role === 'GUARDIAN';
/** SQL over `t` with $1 = [organisation, account, roles, …]: who only runs the servers sees no case, not even at home (reference 2.7, Operator). */
export const seenBy = (visible = 'true'): string => `((${visible}) and (t.case_ref is null or not ($1->2) <@ '["OPERATOR"]'::jsonb))`;
/** RFC 7396 on a sealed object: its members are merged at every depth, never the whole lost. */
const merged = (before: Sealed<unknown> | undefined, patch: Sealed<unknown>): Sealed<unknown> => (before ? before.with(patch, mergePatch) : patch.map((p) => mergePatch(undefined, p)));
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) { if (value === null) result.delete(name); else result.set(name, mergePatch(result.get(name), value)); }
  return Object.fromEntries(result);
}
const isObject = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);
/** The row of a table that is none: something is kept, and the state stays. */
const learning = (state: string, changes: Readonly<Values>, notices?: RowOptions<Facts, BaseRow>['notices']): AnyRow => [[state], 'learn', state, [], [], { audience: 'service' }, { set: () => changes, ...(notices ? { notices } : {}) }] as unknown as AnyRow;
/** Under what a transaction remembers that it has introduced an aggregate to an organisation. */
const introduced = (organisation: string, kind: string, aggregate: string, purpose = ''): string => `${organisation} ${kind} ${aggregate} ${purpose}`;
/** Holder of references that are the same for everybody. */
const EVERYBODY = '*';
/** What a row names others for: an organisation that knows a case for several purposes calls it differently in each. */
export const purposesOf = (l: Lifecycle, row: object): readonly string[] => [...((l.purposes?.(row as BaseRow) ?? []) as readonly string[]), ''];
/** Each service has approvals of its own; the reference's prefix says whose one is. */
export const approvalPrefix: Readonly<Record<Service, string>> = { referrals: 'apr', shelters: 'aps', returns: 'apt', reintegration: 'api', notifications: 'apn' };
/** Constraints of the database that are rules of the field: named `<code>__<reason>`. */
const conflictProblem = (constraint: string): Problem => {
  if (constraint === 'idempotency_pkey') return new Problem('idempotency-in-progress');
  const [guard, reason] = constraint.split('__');
  if (!reason) throw new Error(`constraint ${constraint}`);
  return new Problem('guard-refused', { guards: [{ guard: (guard ?? '').toUpperCase(), reason: reason.toUpperCase(), detail: sentence(reason) }] });
};

/** Columns that the body fills by name. */
function pick(l: Lifecycle, body: Readonly<Values>): Values {
  const fields = l.fields as Fields;
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => (name in fields || name === 'caseRef') && value !== undefined));
}
const sentence = (name: string): string => { const words = name.replaceAll('_', ' ').replace(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$2 ').toLowerCase(); return `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}.`; };
/** In `wire`: another aggregate, sent under the recipient's own reference for it. */
export const aggregate = (id: string | undefined): { readonly aggregate: string } | undefined => (id === undefined ? undefined : { aggregate: id });
const isAggregate = (value: unknown): value is { aggregate: string } => typeof value === 'object' && value !== null && 'aggregate' in value;
const wholeMinute = (instant: string): string => `${new Date(instant).toISOString().slice(0, 16)}:00.000Z`;
export { quote };
