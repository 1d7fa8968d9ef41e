import type { EventDef, Named, Sealed } from '@footbridge/privacy';
import type { Role } from '@footbridge/contracts';
import type { BodyClass } from './body.js';
import type { BaseRow, Fields, RowOf } from './fields.js';
import type { ToldValues } from './told.js';

export const NONE = '∅';
export type Behalf = 'PERSON' | 'GUARDIAN';

/** Who acts: a signed-in worker, in one of their roles, perhaps for the person. PLATFORM has organisation = the row's owner. */
export interface Acting {
  readonly organisation: string;
  readonly subject: string;
  readonly roles: readonly Role[];
  readonly role: Role;
  readonly how?: string;
  /** The trace that this belongs to (W3C traceparent). */
  readonly trace?: string;
}

/** What a guard may look at: the row (for a creating command: the row as it would be), the body, who acts, and loaded facts. */
export interface Facts<Row extends BaseRow = BaseRow> {
  readonly row: Row;
  readonly body: Readonly<Record<string, unknown>>;
  readonly caller: Acting;
  /** The command that is decided; absent where a view asks what could be done. */
  readonly command?: string;
  /** True for a child or where age is in doubt (M1). Pending guards refuse for a child. */
  readonly isChild?: boolean;
  /** False for a colleague without this case: sensitive guards are not named to them (decisions 21). */
  readonly mayKnow?: boolean;
}

/** Pure: returns a reason code, or undefined when there is nothing against it. */
export interface Guard<F> {
  readonly code: string;
  readonly name: string;
  readonly check: (facts: F, now: Date) => string | undefined;
  /** Needs the body, so it is left out of `can`. */
  readonly onBody?: boolean;
  /** Its facts are sensitive: named to the owner's workers only (decisions 21). */
  readonly sensitive?: boolean;
  /** Depends on what another service told: refused with 503 when blind (decisions 15). */
  readonly needsFresh?: readonly string[] | ((facts: F) => readonly string[]);
  /** May become true soon by another service's news: the refusal carries Retry-After (decisions 25). */
  readonly retry?: boolean;
  /** Names the aggregate that does not exist yet. */
  readonly pending?: string;
  /** Who tries what it forbids is on record: in the audit trail of this row, for its owner, though nothing has changed. */
  readonly record?: (facts: F) => { readonly kind: string; readonly row: BaseRow; /** With this code on the owner's call list too: it would have told more than the recipient may know. */ readonly untold?: string } | undefined;
  /** A body field that the worker must set to true. */
  readonly attests?: { readonly field: string; readonly says: string };
}

type GuardOptions<F> = Pick<Guard<F>, 'onBody' | 'sensitive' | 'needsFresh' | 'retry' | 'record'>;

/** A rule under its code in the reference (`SG1`), named after what it asks. */
export const guard = <F>(code: string, name: string, check: Guard<F>['check'], options: GuardOptions<F> = {}): Guard<F> => ({ code, name, check, ...options });

const snake = (camel: string): string => camel.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase();

/** A rule that only people can see to: the worker states it in the body (`"writtenDecisionGiven": true`), and the timeline keeps who did. */
export const attested = (field: string, says: string, code = field): Guard<Facts> => ({
  code, name: field, onBody: true, attests: { field, says },
  check: ({ body }) => (body[field] === true ? undefined : `${snake(field)}_NOT_CONFIRMED`),
});

/** A rule whose facts belong to an aggregate that is not built yet: passes for adults, refuses for a child, and is listed as pending. */
export const pending = (code: string, name: string, aggregate: string): Guard<Facts> => ({
  code, name, pending: aggregate, sensitive: true,
  check: ({ isChild }) => (isChild ? `${snake(name)}_NOT_AVAILABLE` : undefined),
});

/** Another aggregate of the same service that changes in the same transaction (decisions 5). */
export interface Companion { readonly lifecycle: string; /** Of a row that is there, or that an earlier companion makes. */ readonly id?: string; /** The id of a row that this one makes, where others name it. */ readonly creates?: string; readonly command: string; readonly body: Readonly<Record<string, unknown>>; /** Keeps `body` on the row, without a change of state. */ readonly learns?: true; readonly facts?: Readonly<Record<string, unknown>>; readonly as: Role }

/** An event besides the row's own, for example a recall to each recipient. */
export interface Notice { readonly event: EventDef; readonly recipients?: readonly string[]; readonly data: ToldValues; readonly about?: string }

/**
 * A reference for an organisation that is no party of this row: a recipient learns how to call the case. Issued with the change,
 * once for each organisation, aggregate and purpose; `as` is the event field that carries it, `ref` one that was given out already.
 */
export interface Introduction { readonly organisation: string; readonly kind: string; readonly aggregate: string; readonly as?: string; readonly ref?: string; readonly purpose?: string }

export interface RowOptions<F, Row> {
  readonly body?: BodyClass;
  /** Column changes besides the body fields that are named like columns. */
  readonly set?: (facts: F, now: Date) => Partial<Row>;
  readonly companions?: (facts: F, now: Date) => readonly Companion[];
  readonly notices?: (facts: F, now: Date) => readonly Notice[];
  readonly introduces?: (facts: F, now: Date) => readonly Introduction[];
  /** Members of this one answer only, never stored and never replayed: a secret or code phrase that is shown once. */
  readonly once?: (facts: F) => Readonly<Record<string, unknown>>;
  /** A second person with one of these roles must approve (decisions 6), always or where row and body ask for it. */
  readonly approval?: readonly Role[] | ((given: { readonly row: Row; readonly body: Readonly<Record<string, unknown>> }) => readonly Role[] | undefined);
  /** It is a second person's word on what was done already: given by who has signed in lately. */
  readonly secondWord?: true;
  /** It hands out what is known of a person: counted as a look at her (T18), with what this names in the audit trail (DP-11). */
  readonly looksAt?: (facts: F) => readonly string[];
  /** What happens instead when these reasons refuse (a full unit: `holdBed` becomes `refuseBed`). */
  readonly otherwise?: (reasons: readonly string[]) => { readonly command: string; readonly body: Readonly<Record<string, unknown>> } | undefined;
}
export type Row<S extends string = string, F = never, R = BaseRow> = readonly [
  from: typeof NONE | readonly S[], command: string, to: S, by: readonly Role[], guards: readonly Guard<F>[], emits: EventDef, more?: RowOptions<F, R>,
];

/** A clock runs while the aggregate is in one of its states, and then runs a PLATFORM command or raises an alert. */
export interface Clock<S extends string, F> {
  readonly name: string;
  readonly in: readonly S[];
  readonly due: (facts: F, now: Date) => Date | undefined;
  readonly command?: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly alert?: { readonly code: string; readonly to: (facts: F) => string | undefined };
  /** Shown as `dueAt` in the view and in directed events. */
  readonly shown?: boolean;
}

/** What another service's event makes this aggregate do (decisions 5). */
export interface Reaction {
  readonly on: EventDef;
  readonly command: string;
  readonly as: Role;
  /** Which rows: a column and the value that the event gives. For a creating command: undefined. */
  readonly where?: (event: ReactionEvent) => Readonly<Record<string, unknown>> | undefined;
  readonly body?: (event: ReactionEvent) => Readonly<Record<string, unknown>>;
  /** Only events for which this holds. */
  readonly when?: (event: ReactionEvent) => boolean;
  /** Instead of running the command: columns that keep what was told. The state stays, clocks are looked at again. */
  readonly learns?: (event: ReactionEvent, now: Date) => Readonly<Record<string, unknown>>;
  /** For a creating command: the id that was given out already, and the owner. */
  readonly creates?: (event: ReactionEvent) => { readonly id: string; readonly owner: string };
}
export interface ReactionEvent { readonly id: string; readonly type: string; readonly aggregate: string; readonly version: number; readonly recipient?: string; readonly caseRef?: string; readonly owner?: string; readonly about?: string; readonly consentRef?: string; readonly data: Readonly<Record<string, unknown>> }

/** Another aggregate that a body or view names by reference. */
export interface Link { readonly kind: string; readonly column: string; readonly collection: string; /** Told by another service: unknown means "not yet", with Retry-After. */ readonly foreign?: boolean }

export interface LifecycleSpec<S extends string, FS extends Fields, F extends Facts<RowOf<FS>>> {
  readonly name: string;
  readonly service: string;
  readonly prefix: string;
  readonly states: readonly S[];
  readonly fields: FS;
  readonly links?: Readonly<Record<string, Link>>;
  /** What a row rests on: its links are named as an organisation was told for this purpose, and for no other (privacy G4). */
  readonly purposes?: (row: RowOf<FS>) => readonly string[];
  /** Everything a guard needs besides row, body and caller. One place, read as the owner's organisation. */
  readonly facts?: (read: Read, given: Facts<RowOf<FS>>, now: Date) => Promise<Omit<F, keyof Facts<RowOf<FS>>> & { isChild?: boolean }>;
  /** Who owns a new row; default: the organisation that acts. */
  readonly owner?: (facts: F) => string;
  /** Every organisation that may see the row, besides the owner. */
  readonly parties?: (row: RowOf<FS>) => readonly (string | undefined)[];
  /** Which organisation holds a role here; default: the owner. */
  readonly standing?: (row: RowOf<FS>) => Partial<Record<Role, string | readonly string[] | undefined>>;
  /** Narrows what a caller of a party sees, as SQL over alias `t` ($1 organisation, $2 subject, $3 roles). */
  readonly visible?: string;
  /** The same for a command that protects, where that is more than the list shows: she may withdraw with any worker (W1). */
  readonly reachable?: string;
  /** The states that a party may read of in the timeline; default: all (A12: the origin side sees no trace of a hold). */
  readonly told?: (row: RowOf<FS>, organisation: string) => readonly S[] | undefined;
  /** Whose names the row holds: they may stand in nothing that leaves in words about somebody else. */
  readonly person?: (row: RowOf<FS>) => Sealed<Named> | undefined;
  /** Values that events may carry; each event takes the fields it declares. */
  readonly wire?: (row: RowOf<FS>) => ToldValues;
  readonly recipients?: (row: RowOf<FS>, event: EventDef, facts: F) => readonly (string | undefined)[];
  readonly about?: (row: RowOf<FS>) => string | undefined;
  /** The consent that what is sent rests on; of several recipients each has its own. */
  readonly consentRef?: (row: RowOf<FS>, recipient?: string) => string | undefined;
  /** Columns with the owner's signature over the row as it is now: who writes to the database alone cannot make one. */
  readonly signs?: (row: RowOf<FS>, port: Read['port']) => Promise<Partial<RowOf<FS>>>;
  readonly clocks?: readonly Clock<S, F>[];
  readonly reactions?: readonly Reaction[];
  /** Columns that PATCH may change, by state and role, which rules hold then too, and what follows from it. */
  readonly editable?: { readonly in: readonly S[]; readonly by: readonly Role[]; readonly body: BodyClass; readonly guards?: readonly Guard<F>[] } & Pick<RowOptions<F, RowOf<FS>>, 'set' | 'companions' | 'notices'>;
  /** Where a lifecycle has several creating commands: which one a body asks for. */
  readonly creating?: (body: Readonly<Record<string, unknown>>) => string;
  /** One reference for everybody (a shelter's code is public), instead of one per organisation. */
  readonly publicReference?: true;
  /** The creating command is run by another lifecycle or by the platform: no creating route. */
  readonly created?: 'by companion';
  readonly rows: readonly Row<S, F, RowOf<FS>>[];
}

/** Reads facts of the same service; each row read is watched: if it changes before the commit, the command is decided again. */
export interface Read {
  one<L extends Lifecycle>(lifecycle: L, where: Readonly<Record<string, unknown>>): Promise<RowOfLifecycle<L> | undefined>;
  many<L extends Lifecycle>(lifecycle: L, where: Readonly<Record<string, unknown>>): Promise<readonly RowOfLifecycle<L>[]>;
  /** A projection or other table without a lifecycle; SQL with numbered parameters, one JSON object per row. */
  sql<T>(query: string, parameters: readonly unknown[]): Promise<readonly T[]>;
  /** As another organisation: a case belongs to its owner, whoever asks for something in it. */
  as(organisation: string): Read;
  /** What the service was started with and facts may ask, for example who sends a challenge. */
  port<T>(name: string): T;
}

// The engine handles every lifecycle alike; only its author knows the row and the facts.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Lifecycle = LifecycleSpec<string, any, any>;
export type RowOfLifecycle<L> = L extends LifecycleSpec<string, infer FS, never> ? RowOf<FS> : L extends { readonly fields: infer FS } ? (FS extends Fields ? RowOf<FS> : BaseRow) : BaseRow;

/** A lifecycle is its table: `lifecycle<ReferralFacts>()({ … rows: [[from, command, to, by, guards, emits]] })`. */
export const lifecycle = <F extends Facts<never> | Facts>() => <const S extends string, FS extends Fields>(spec: LifecycleSpec<S, FS, F & Facts<RowOf<FS>>>): LifecycleSpec<S, FS, F & Facts<RowOf<FS>>> => spec;

/** Names are few and asked for at every request: each is made once. */
const once = (make: (name: string) => string): ((name: string) => string) => {
  const made = new Map<string, string>();
  return (name) => {
    let result = made.get(name);
    if (result === undefined) made.set(name, result = make(name));
    return result;
  };
};
export const kebab = once((name) => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase());
/** `dueAt` -> `due_at`. */
export const snakeCase = once((name) => kebab(name).replaceAll('-', '_'));
const plural = once((name) => (name.endsWith('y') && !/[aeo]y$/.test(name) ? `${name.slice(0, -1)}ies` : name.endsWith('s') ? `${name}es` : `${name}s`));
/** `ConsentRecord` -> `consent-records`. */
export const collectionOf = ({ name }: Pick<Lifecycle, 'name'>): string => plural(kebab(name));
/** `ConsentRecord` -> `consent_record`. */
export const tableOf = ({ name }: Pick<Lifecycle, 'name'>): string => snakeCase(name);
