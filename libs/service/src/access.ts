import { createHash } from 'node:crypto';
import type { OrganisationType, Role } from '@footbridge/contracts';
import type { Acting, BaseRow, Lifecycle, Read } from '@footbridge/lifecycle';
import { tableOf } from '@footbridge/lifecycle';
import { isRef } from '@footbridge/privacy';
import type { AccessSettings } from './access-settings.js';
import type { DeclaredAction } from './action.js';
import type { Authorisation, Question } from './authorisation.js';
import { hour, type Clock } from './clock.js';
import type { Principal } from './identity/principal.js';
import { looks } from './looks.js';
import { Problem } from './problem.js';
import { quote, type Loaded, type Store } from './store.js';

/** What a service knows that decides who may look, asked as the owner of the row; where it is SQL, it yields one JSON value or no row. */
export interface AccessQueries {
  /** Whether she agrees to a purpose now. Default: what the instance's events told. */
  readonly consentLives?: (read: Read, caseRef: string, purpose: string, now: Date) => Promise<boolean>;
  /** Which emergency opens a row to an account: $1 = [row id, account, now]. */
  readonly breakGlass?: string;
  /** What an emergency opens besides the case: lifecycles whose rows belong to it, and SQL over a row `t` of one. $1 = [organisation, account, …], `now`: SQL for the time. */
  readonly withCase?: { readonly lifecycles: readonly string[]; readonly isOpen: (now: string) => string };
  /** Whether a case was invented, to see who opens it: $1 = [case ref]. */
  readonly decoy?: string;
  /** Whether many looks by an account were allowed by a second person: $1 = [account, now]. */
  readonly exportAllowed?: string;
}
export interface BreakGlass { readonly id: string; readonly reason: string }
export interface AccessOptions { readonly authorisation: Authorisation; readonly store: Store; readonly clock: Clock; readonly settings: AccessSettings; readonly asks?: AccessQueries | undefined; readonly requireFresh: (caseRef?: string) => Promise<void> }

const toldConsent = `select to_jsonb(true) from known_consent where case_ref = $1->>0 and purpose = $1->>1 and state in ('given', 'renewed') and (valid_until is null or valid_until >= ($1->>2)::date) limit 1`;
const LOOKS = `(${looks.map((look) => `'${look}'`).join(', ')})`;
const HOUR = 3_600_000;
/** On the call list of those at the owner's who find the row. */
const UNTOLD = 'DISCLOSURE_REFUSED';
/** Alerts about what an account does: shown to supervision only. */
export const aboutAccounts: readonly string[] = ['DECOY_OPENED', 'LOOKS_USED_UP', 'CASES_TRIED'];
/** Nobody opens so many files by mistake that are not theirs. */
const MISSES = 5;
/** Nobody names other clients so often by mistake. */
const NAMED = 3;
const TYPE_BELIEVED_MS = 60_000;
export const oversees = (caller: Principal): boolean => caller.roles.includes('SUPERVISOR') || caller.roles.includes('DPO');
/** Of a set of columns that name workers: to whom a row is given. What is shown to everybody is given to nobody. */
const assignment = (l: Lifecycle, row: BaseRow, caller: Principal): boolean | undefined => {
  if (l.visible === undefined || !('assignees' in (l.fields as object))) return undefined;
  return (row as BaseRow & { readonly assignees?: readonly string[] }).assignees?.includes(caller.subject) ?? false;
};

/** Asks the policies wherever somebody touches something, and counts who looks at whom (T18, T36). */
export class Access {
  readonly #types = new Map<string, { readonly type: OrganisationType | undefined; readonly until: number }>();
  constructor(private readonly o: AccessOptions) {}
  get authorisation(): Authorisation { return this.o.authorisation; }

  /** At the door: what is about no row is decided here, everything else when the row is known. @throws Problem */
  async admit(caller: Principal, action: DeclaredAction | undefined): Promise<Principal> {
    if (!action) throw new Problem('role-not-allowed', { roles: [] });
    const type = (await this.#typeOf(caller.organisation)) || undefined;
    const admitted: Principal = type ? { ...caller, action: action.name, organisationType: type } : { ...caller, action: action.name };
    const known = this.o.authorisation.actions.get(action.name);
    if (!known || known.kind === undefined) this.#require({ ...who(admitted), action: action.name, own: true }, action.roles ?? []);
    return admitted;
  }

  /** A row was found: may this caller see it, and do with it what the route is for? Writes down what must be seen by others. */
  opens(l: Lifecycle, { row }: Loaded, caller: Principal, command: string): void | Promise<void> {
    const assigned = assignment(l, row, caller);
    const own = row.owner === caller.organisation;
    // An emergency is looked for only where nothing else lets the caller in.
    if (this.o.asks?.breakGlass && own && assigned === false && !oversees(caller)) return this.#opensInEmergency(l, row, caller, command);
    this.#mayOpen(l, row, caller, command, false);
    if (command === 'read' && this.o.asks?.decoy && row.caseRef) return this.#watch(l, row, caller);
  }
  #mayOpen(l: Lifecycle, row: BaseRow, caller: Principal, command: string, breakGlass: boolean): void {
    const about = this.#about(l, row, caller);
    this.#require({ ...about, breakGlass, action: `${l.name}.read` }, [], 'not-found');
    const route = caller.action;
    if (command === 'read' && route !== undefined && route !== `${l.name}.read` && route.startsWith(`${l.name}.`)) this.#require({ ...about, breakGlass, action: route, signedInLately: this.#lately(caller) }, this.#rolesOf(route));
  }
  /** What any worker may reach who can name the row, whomever it is given to (she takes back with any of them, W1): the route alone decides. @throws Problem */
  reaches(l: Lifecycle, row: BaseRow, caller: Principal): void {
    this.#require({ ...this.#about(l, row, caller), party: true, assigned: undefined, action: caller.action ?? '', signedInLately: this.#lately(caller) }, this.#rolesOf(caller.action));
  }
  /** Before what was reached so is shown: she finds it in her own list of who looked (DP-11). */
  async reached(l: Lifecycle, row: BaseRow, caller: Principal, what: string): Promise<void> {
    const role = caller.roles.find((r) => this.#rolesOf(caller.action).includes(r));
    await this.o.store.commit(row.owner, [this.#audit(l, row, caller, { command: what, role, fields: [what] })], []);
  }
  #rolesOf(action = ''): readonly Role[] { return this.o.authorisation.actions.get(action)?.roles ?? []; }
  async #opensInEmergency(l: Lifecycle, row: BaseRow, caller: Principal, command: string): Promise<void> {
    const emergency = await this.emergency(l, row, caller);
    this.#mayOpen(l, row, caller, command, emergency !== undefined);
    if (command === 'read' && emergency) await this.#looksInEmergency(l, row, caller, emergency);
  }
  /** Before anything is shown, as with every look (DP-14); she finds it in her own list of who looked (DP-15). */
  async #looksInEmergency(l: Lifecycle, row: BaseRow, caller: Principal, emergency: BreakGlass): Promise<void> {
    await this.o.store.commit(row.owner, [this.#audit(l, row, caller, { command: 'look', ground: groundOf(emergency) })], []);
    await this.#watch(l, row, caller);
  }
  /** What belongs to a case is opened with it, to be looked at and for nothing else: where nothing but an emergency shows it (design 4.1). SQL over `t`. */
  withCase(l: Lifecycle, caller: Principal, now: string): string | undefined {
    const { withCase } = this.o.asks ?? {};
    const looks = ['list', 'read', 'timeline'].some((look) => caller.action === `${l.name}.${look}`);
    return withCase?.lifecycles.includes(l.name) && looks && !oversees(caller) ? withCase.isOpen(now) : undefined;
  }
  /** The row was found by that alone. @throws Problem */
  async opensWithCase(l: Lifecycle, found: Loaded, caller: Principal): Promise<Loaded> {
    const { row } = found;
    const of = (row as BaseRow & { readonly caseId?: string }).caseId;
    const [emergency] = of === undefined || !this.o.asks?.breakGlass ? [] : await this.o.store.readAs<BreakGlass>(row.owner, this.o.asks.breakGlass, [of, caller.subject, this.o.clock.now().toISOString()]);
    if (!emergency || row.owner !== caller.organisation) throw new Problem('not-found');
    this.#mayOpen(l, row, caller, 'read', true);
    await this.#looksInEmergency(l, row, caller, emergency);
    return { ...found, emergency };
  }

  /** The emergency that opens this row to this caller now; a case's only, and only inside its owner (G12). */
  async emergency(l: Lifecycle, row: BaseRow, caller: Principal): Promise<BreakGlass | undefined> {
    if (!this.o.asks?.breakGlass || row.owner !== caller.organisation || assignment(l, row, caller) !== false) return undefined;
    return (await this.o.store.readAs<BreakGlass>(row.owner, this.o.asks.breakGlass, [row.id, caller.subject, this.o.clock.now().toISOString()]))[0];
  }

  /** A command, after the table has allowed it: policies can only narrow. @throws Problem */
  commands(l: Lifecycle, command: string, row: BaseRow | undefined, caller: Principal, acting: Acting, approved: boolean): void {
    const name = `${l.name}.${command}`;
    const behalf = acting.role === 'PERSON' || acting.role === 'GUARDIAN' ? acting.role : undefined;
    const roles = this.#rolesOf(name);
    // Who asked proved it then; the second person has their own sign-in.
    if (row === undefined) this.#require({ ...who(caller), action: name, own: true, onBehalfOf: behalf, signedInLately: approved || this.#lately(caller) }, roles);
    else this.#require({ ...this.#about(l, row, caller), action: name, onBehalfOf: behalf }, roles);
  }

  /** Whether a caller may ask for a list at all; who may not finds an empty one, like any stranger. */
  lists(l: Lifecycle, caller: Principal): boolean {
    return this.o.authorisation.decide({ ...who(caller), action: `${l.name}.list`, own: true }).allowed;
  }

  /** Before sealed fields are read: policy, purpose, sign-in, and how many people this account has looked at. Gives the ground for the audit trail. */
  async reveals(l: Lifecycle, { row, emergency: withCase }: Loaded, caller: Principal, fields: readonly string[], purpose: string): Promise<string> {
    const emergency = withCase ?? (oversees(caller) ? undefined : await this.emergency(l, row, caller));
    const about = { ...this.#about(l, row, caller), action: `${l.name}.reveal`, fields, purpose, signedInLately: this.#lately(caller), breakGlass: emergency !== undefined };
    // Who may not read it at all hears that, and not what she agreed to.
    this.#require({ ...about, consentLive: true }, this.#rolesOf(about.action));
    this.#require({ ...about, consentLive: await this.#agrees(row, purpose) }, [], undefined, purpose);
    await this.meter(l, row, caller);
    return emergency ? groundOf(emergency) : purpose;
  }

  /** Where more is shown than the row that was asked for: what the policies say of that too. @throws Problem */
  showsBesides(l: Lifecycle, row: BaseRow, caller: Principal, fields: readonly string[], purpose: string): void {
    const action = `${l.name}.reveal`;
    this.#require({ ...this.#about(l, row, caller), action, fields, purpose, consentLive: true, signedInLately: this.#lately(caller) }, this.#rolesOf(action));
  }
  async #agrees(row: BaseRow, purpose: string): Promise<boolean> {
    // Helping her needs no consent to a disclosure; a house or a partner is nobody's case.
    if (purpose === 'ASSISTANCE' || row.caseRef === undefined) return true;
    const own = this.o.asks?.consentLives;
    const now = this.o.clock.now();
    if (own) return own(this.o.store.reader(row.owner, []), row.caseRef, purpose, now);
    await this.o.requireFresh(row.caseRef);
    return (await this.o.store.readAs(row.owner, toldConsent, [row.caseRef, purpose, now.toISOString().slice(0, 10)])).length > 0;
  }

  /**
   * How many people this account has looked at in an hour, before it looks at one more, in whatever way: by who has signed in lately. Called
   * again after the look is written down, so that requests which race are counted too. Beyond the quota: 429, and supervision is told. @throws Problem
   */
  async meter(l: Lifecycle, row: BaseRow, caller: Principal, written = false): Promise<void> {
    this.requireSignedInLately(caller);
    const { store, clock, settings, asks } = this.o;
    const now = clock.now();
    // What another organisation's office fetched is in the owner's trail, what a receiver fetched in both.
    const trails = await Promise.all([...new Set([caller.organisation, row.owner])].map((organisation) => store.readAs<{ n: number; again: boolean | null; oldest: string | null }>(organisation,
      `select jsonb_build_object('n', count(distinct aggregate), 'again', bool_or(aggregate = ($1->>1)::uuid), 'oldest', min(at)) from audit where account = $1->>0 and command in ${LOOKS} and cardinality(fields) > 0 and at > ($1->>2)::timestamptz`,
      [caller.subject, row.id, new Date(now.getTime() - HOUR).toISOString()])));
    const [seen] = trails.flat().sort((a, b) => b.n - a.n);
    const used = seen?.n ?? 0;
    if (written ? used <= settings.looksPerHour : trails.flat().some(({ again }) => again === true) || used < settings.looksPerHour) return;
    if (asks?.exportAllowed && (await store.readAs(caller.organisation, asks.exportAllowed, [caller.subject, now.toISOString()])).length > 0) return;
    await this.#tell('LOOKS_USED_UP', l, row, caller);
    const wait = Math.max(1, Math.ceil((Date.parse(seen?.oldest ?? now.toISOString()) + HOUR - now.getTime()) / 1000));
    throw new Problem('looks-used-up', { limit: settings.looksPerHour }, { 'retry-after': String(Math.min(wait, HOUR / 1000)) });
  }

  /** Nothing was found. Where it is a colleague's case, the attempt is kept, and many of them are told (T36). The answer stays the same. */
  async missed(l: Lifecycle, caller: Principal, reference: string): Promise<void> {
    if (l.visible === undefined || !isRef(reference, l.prefix)) return;
    const { store, clock } = this.o;
    const [row] = await store.readAs<Pick<BaseRow, 'id' | 'state' | 'version'>>(caller.organisation,
      `select jsonb_build_object('id', t.id, 'state', t.state, 'version', t.version) from ${quote(tableOf(l))} t where t.id = (select aggregate::uuid from reference where ref = $1->>1 and organisation = $1->>0 and kind = $1->>2) and t.owner = $1->>0 and t.case_ref is not null`,
      [caller.organisation, reference, l.prefix]);
    if (!row) return;
    const colleague = { ...row, owner: caller.organisation } as BaseRow;
    await store.commit(caller.organisation, [this.#audit(l, colleague, caller, { command: 'lookRefused' })], []);
    const [seen] = await store.readAs<number>(caller.organisation, `select to_jsonb(count(distinct aggregate)) from audit where account = $1->>0 and command = 'lookRefused' and at > ($1->>1)::timestamptz`, [caller.subject, new Date(clock.now().getTime() - HOUR).toISOString()]);
    if ((seen ?? 0) >= MISSES) await this.#tell('CASES_TRIED', l, colleague, caller);
  }

  /** An invented case is opened by nobody who has work to do (T36). */
  async #watch(l: Lifecycle, row: BaseRow, caller: Principal): Promise<void> {
    const { store, asks } = this.o;
    if (!asks?.decoy || row.caseRef === undefined) return;
    if ((await store.readAs(row.owner, asks.decoy, [row.caseRef])).length > 0) await this.#tell('DECOY_OPENED', l, row, caller, row.id);
  }

  /**
   * What another organisation asked for was refused, since it would have told more than it may know. The owner's people find the code in the
   * history, and the case on their call list, once an hour for each recipient: they can mend what was written. An account of the owner's that
   hears it again and again could be asking who is a client of the house, and supervision is told (T36).
   */
  async untold(l: Pick<Lifecycle, 'prefix'>, row: BaseRow, caller: Principal, code: string): Promise<void> {
    const { store, clock } = this.o;
    await store.commit(row.owner, [this.#audit(l, row, caller, { command: 'disclosureRefused', ground: code })], []);
    const inHour = hour(clock.now());
    await store.pool.query('insert into alert (id, organisation, code, kind, aggregate, clock, raised_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing',
      [uuidOf(`${UNTOLD} ${row.id} ${caller.organisation} ${inHour}`), row.owner, UNTOLD, l.prefix, row.id, `${UNTOLD} ${caller.organisation}`, inHour]);
    if (code !== 'SCANNER_FOUND' || caller.organisation !== row.owner || caller.roles.includes('PLATFORM')) return;
    const [named] = await store.readAs<number>(row.owner, `select to_jsonb(count(*)) from audit where account = $1->>0 and command = 'disclosureRefused' and ground = $1->>1 and at > ($1->>2)::timestamptz`, [caller.subject, code, new Date(clock.now().getTime() - HOUR).toISOString()]);
    if ((named ?? 0) >= NAMED) await this.#tell('CASES_TRIED', l, row, caller);
  }

  /** On the call list of those who answer for the account and of whoever owns the row: once an hour for each account (and invented case). */
  async #tell(code: string, l: Pick<Lifecycle, 'prefix'>, row: BaseRow, caller: Principal, about = ''): Promise<void> {
    const { store, clock } = this.o;
    const now = clock.now();
    const inHour = hour(now);
    for (const organisation of new Set([caller.organisation, row.owner])) {
      // Another organisation is told that its case was looked at so, not by whom.
      await store.pool.query('insert into alert (id, organisation, code, kind, aggregate, clock, raised_at, account) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing',
        [uuidOf(`${code} ${organisation} ${caller.subject} ${inHour} ${about}`), organisation, code, l.prefix, row.id, `${code} ${caller.subject} ${organisation}`, inHour, organisation === caller.organisation ? caller.subject : null]);
    }
  }

  /** Supervision has spoken with the account: the alert leaves the call list. Nobody settles one about themselves, nor one that a clock rang. */
  async settle(id: string, caller: Principal): Promise<boolean> {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return false;
    const client = await this.o.store.pool.connect();
    try {
      await client.query('begin');
      await client.query("select set_config('app.org', $1, true)", [caller.organisation]);
      const { rowCount } = await client.query('update alert set settled_at = clock_timestamp() where id = $1 and code = any($2) and account is distinct from $3 and settled_at is null', [id, [...aboutAccounts, UNTOLD], caller.subject]);
      await client.query('commit');
      return (rowCount ?? 0) > 0;
    } catch (error) { await client.query('rollback').catch(() => undefined); throw error; } finally { client.release(); }
  }

  #audit(l: Pick<Lifecycle, 'prefix'>, row: BaseRow, caller: Principal, more: Readonly<Record<string, unknown>>): { t: string; op: 'insert'; row: Readonly<Record<string, unknown>> } {
    return { t: 'audit', op: 'insert', row: {
      at: this.o.clock.now().toISOString(), organisations: [row.owner], kind: l.prefix, aggregate: row.id, from_state: row.state, to_state: row.state, version: row.version,
      organisation: caller.organisation, account: caller.subject, role: caller.roles[0] ?? null, ...more } };
  }
  #about(l: Lifecycle, row: BaseRow, caller: Principal): Omit<Question, 'action'> {
    return { ...who(caller), own: row.owner === caller.organisation, party: row.organisations.includes(caller.organisation), ofCase: row.caseRef !== undefined, assigned: row.owner === caller.organisation ? assignment(l, row, caller) : undefined };
  }
  #require(q: Question, roles: readonly Role[], as?: 'not-found', purpose?: string): void {
    const decision = this.o.authorisation.decide(q);
    if (decision.allowed) return;
    if (as ?? decision.refusal === 'not-found') throw new Problem('not-found');
    if (decision.refusal === 'consent-required') throw new Problem('consent-required', { ...(purpose ? { purpose } : {}) });
    if (decision.refusal === 'step-up-required') throw this.#stepUp();
    throw new Problem('role-not-allowed', { roles });
  }
  /** Before a second person's word, and before a person is shown: with the sign-in of this morning somebody else may sit there (T39). @throws Problem */
  requireSignedInLately(caller: Principal): void { if (!this.#lately(caller)) throw this.#stepUp(); }
  #stepUp(): Problem { return new Problem('step-up-required', {}, { 'www-authenticate': `Bearer error="insufficient_user_authentication", max_age=${this.o.settings.stepUpMinutes * 60}` }); }
  /** Of the wall clock, as tokens are (decisions 27). */
  #lately({ signedInAt }: Principal): boolean {
    return signedInAt === undefined ? this.o.settings.signInUnknown === 'accepted' : Date.now() / 1000 - signedInAt <= this.o.settings.stepUpMinutes * 60;
  }
  #typeOf(organisation: string): OrganisationType | undefined | Promise<OrganisationType | undefined> {
    const known = this.#types.get(organisation);
    return known && known.until > Date.now() ? known.type : this.#askType(organisation);
  }
  async #askType(organisation: string): Promise<OrganisationType | undefined> {
    const { rows: [found] } = await this.o.store.pool.query<{ type: OrganisationType }>('select type from known_organisation where organisation = $1', [organisation]);
    if (this.#types.size >= 10_000) this.#types.clear();
    // What was not told yet is asked again soon.
    this.#types.set(organisation, { type: found?.type, until: Date.now() + (found ? TYPE_BELIEVED_MS : 1_000) });
    return found?.type;
  }
}

const who = (caller: Principal): Pick<Question, 'roles' | 'organisation'> => ({ roles: caller.roles, organisation: caller.organisationType });
const groundOf = ({ reason }: BreakGlass): string => `BREAK_GLASS ${reason}`;
const uuidOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
