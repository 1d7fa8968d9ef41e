import type { BaseRow, Read } from '@footbridge/lifecycle';
import { label, trait, type Known, type Offer, type Population, type Sealed } from '@footbridge/privacy';
import { randomUUID } from 'node:crypto';
import { Problem } from './problem.js';
import type { Change, Store } from './store.js';
import { isToldElsewhere } from './told-elsewhere.js';

/**
 * What each recipient has learnt of each case: sealed under the key of the case, and so erased with it. `version` keeps two releases of
 * the same moment from passing together what neither would pass after the other (G7).
 */
export const ledger = (schema: string, role: string): string => `
create table learnt (id uuid primary key, owner text not null, recipient text not null, subject text not null, sealed bytea not null, version integer not null, constraint learnt_owner_recipient_subject_key unique (owner, recipient, subject));
alter table learnt enable row level security; alter table learnt force row level security;
create policy learnt_own on learnt using (owner = nullif(current_setting('app.org', true), ''));
grant select, insert, update on learnt to ${role};
`;

/** Under each purpose: what was said, and whether she was named. A name given for one purpose makes nobody known for another. */
interface Entry { readonly said: Known; readonly named: readonly string[] }

export interface Release<R> {
  /** How the answer reads: what may not be said exactly is said less exactly, and `generalised` names it. Opened after the audit entry. */
  readonly outcome: Sealed<R & { readonly generalised?: readonly string[] }>;
  /** Committed with the entry in the audit trail. @throws Conflict LEARNT_MEANWHILE, Stale */
  readonly change: Change;
}

type Values = Readonly<Record<string, unknown>>;
export interface ReleaseInput<P, R> {
  /** The row whose case it is: its owner seals. */
  readonly row: BaseRow;
  readonly recipient: string;
  readonly purpose: string;
  readonly population: Population;
  /** She is named to this recipient for this purpose: then there is no crowd to hide in. */
  readonly names: boolean;
  /** What this recipient knows by what it is, or must know whatever follows from it. */
  readonly given?: (person: P) => Known;
  /** Fields that two persons have released as they are. */
  readonly exactly?: readonly string[];
  readonly of: Sealed<P>;
  /** What would be said of her that others have in common with her, by field. */
  readonly quasi: (person: P) => Values;
  /** The answer, with as much of that as may be said. */
  readonly answer: (person: P, said: Values) => R;
}

/** Under which heading of the population a field stands. What is not here is as rare as anything. */
const attributeOf: Readonly<Record<string, string>> = {
  ageBand: 'age', gender: 'gender', languages: 'language', interpreterLanguage: 'language', interpreterNeeded: 'interpreter', citizenships: 'citizenship', maritalStatus: 'family', childrenCount: 'children',
  accessNeeds: 'access', accessNeeded: 'access', partySize: 'party', typesOfExploitation: 'exploitation',
};
/** `pt-BR` says where she is from; `pt` is what an interpreter has to know. */
const wordOf = (attribute: string, value: unknown): string => (attribute === 'language' ? String(value).split('-')[0] ?? '' : attribute === 'access' && typeof value === 'boolean' ? (value ? 'needed' : 'not needed') : typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value));
const offersOf = (values: Values): readonly Offer[] => Object.entries(values).filter(([, value]) => value !== undefined).map(([field, value]) => {
  const attribute = attributeOf[field] ?? field;
  return { field, attribute, values: (Array.isArray(value) ? value as unknown[] : [value]).map((v) => wordOf(attribute, v)) };
});
const inTheShapeOf = (value: unknown, said: readonly string[], { attribute, values }: Offer): unknown => (attribute !== 'language' && said.join() === values.join() ? value : Array.isArray(value) ? said : said.join(', '));

/**
 * What may be released to a recipient now, counted with everything that it was told of this case before. Nothing is opened here: what is
 * decided stays sealed until its entry is written.
 */
export async function release<P, R extends object>(store: Store, input: ReleaseInput<P, R>): Promise<Release<R>> {
  const { row, recipient, purpose, population, exactly = [] } = input;
  const subject = row.caseRef ?? row.id;
  const [[found], [elsewhere]] = await Promise.all([store.readAs<{ id: string; version: number; sealed: string }>(row.owner, `select jsonb_build_object('id', l.id, 'version', l.version, 'sealed', l.sealed) from learnt l where l.owner = $1->>0 and l.recipient = $1->>1 and l.subject = $1->>2`, [row.owner, recipient, subject]), store.readAs<boolean>(row.owner, isToldElsewhere, [subject, recipient])]);
  const id = found?.id ?? randomUUID();
  const before: Sealed<Entry> = found ? (await store.openJson(subject, row.owner, 'learnt', id, found.sealed)).map((json) => json as Entry) : label('quasi', { said: [], named: [] });
  const decided = input.of.with(before, (person, entry) => {
    const values = input.quasi(person);
    const offers = offersOf(values);
    const isFree = input.names || entry.named.includes(purpose);
    const free = offers.filter(({ field }) => isFree || exactly.includes(field));
    const known = population.learn([...entry.said, ...(input.given?.(person) ?? [])], free.flatMap(({ attribute, values: words }) => words.map((word) => trait(attribute, word))));
    const { suggestion, generalised, known: said } = population.assess(known, offers.filter((offer) => !free.includes(offer)), elsewhere === true);
    const told = Object.fromEntries(offers.flatMap((offer) => {
      const { field } = offer, words = suggestion[field];
      return free.includes(offer) ? [[field, values[field]]] : words ? [[field, inTheShapeOf(values[field], words, offer)]] : [];
    }));
    const after: Entry = { said, named: [...new Set([...entry.named, ...(input.names ? [purpose] : [])])].sort() };
    return { after, outcome: { ...input.answer(person, told), ...(generalised.length > 0 ? { generalised } : {}) } };
  });
  const keys: Change[] = [];
  const sealed = await store.sealJson(row, 'learnt', id, decided.map(({ after }) => after), keys);
  // The row that the answer is about was sealed under the key of the case: where there is none any more, she is erased.
  if (keys.length > 0) throw new Problem('not-found');
  const change: Change = found
    ? { t: 'learnt', op: 'update', id, version: found.version, row: { sealed, version: found.version + 1 } }
    : { t: 'learnt', op: 'insert', row: { id, owner: row.owner, recipient, subject, sealed, version: 1 } };
  return { outcome: decided.map(({ outcome }) => outcome), change };
}
/** Two first releases met: decided again. */
export const LEARNT_MEANWHILE = 'learnt_owner_recipient_subject_key';

/** The people among whom those are whom an organisation helps. */
export const hostCountry = async (read: Read, organisation: string): Promise<string | undefined> =>
  (await read.sql<{ country: string }>(`select jsonb_build_object('country', country) from known_organisation where organisation = $1->>0`, [organisation]))[0]?.country;
