import { randomBytes } from 'node:crypto';
import { KnownIdentities, type Named, type Others, type Scanner, type Sealed } from '@footbridge/privacy';
import { tableOf, type BaseRow, type Lifecycle } from '@footbridge/lifecycle';
import type { Store } from './store.js';

/** Forgotten with the process: nothing that it has hashed is kept. */
const key = randomBytes(32);
const BATCH = 200;

/** Finds her names, in every disguise, without being able to say them: it holds keyed hashes only. */
export function namesOf(person: Sealed<Named> | undefined): Scanner {
  const known = new KnownIdentities(key);
  if (person) known.know('her', person);
  return known;
}

interface Held { readonly known: KnownIdentities; /** Row -> whom it is about, and how new it is. */ readonly rows: Map<string, { readonly subject: string; readonly version: number }> }

/**
 * Whom each organisation helps, by keyed hashes of their full names in the memory of this process: nobody may be named in words about
 * somebody else (privacy design 3.1). Read anew, as far as it has changed, each time that something is about to leave. A first name
 * alone is many people's, and passes.
 */
export class People {
  readonly #held = new Map<string, Promise<Held>>();
  readonly #named: readonly (Lifecycle & { readonly person: NonNullable<Lifecycle['person']> })[];
  constructor(private readonly store: Pick<Store, 'find' | 'readAs'>, lifecycles: readonly Lifecycle[]) {
    this.#named = lifecycles.filter((l): l is Lifecycle & { readonly person: NonNullable<Lifecycle['person']> } => l.person !== undefined);
  }

  /** Everybody; or, for what is sealed and says who she is, everybody but her. @throws PrivacyRefusal what keeps a person from being opened: who is unknown cannot be looked for */
  async of(organisation: string, butFor?: string): Promise<Others> {
    const before = this.#held.get(organisation);
    const now = (before ?? Promise.resolve<Held>({ known: new KnownIdentities(key), rows: new Map() })).then((held) => this.#read(organisation, held));
    this.#held.set(organisation, now);
    try {
      const { known, rows } = await now;
      return known.besides((row) => butFor !== undefined && rows.get(row)?.subject === butFor);
    } catch (error) {
      // half read is not read: the next one begins anew
      if (this.#held.get(organisation) === now) this.#held.delete(organisation);
      throw error;
    }
  }

  /** Erased: gone from memory too. */
  forget(subject: string): void {
    for (const held of this.#held.values()) void held.then(({ known, rows }) => { for (const [row, about] of rows) if (about.subject === subject) { known.remove(row); rows.delete(row); } }, () => undefined);
  }

  async #read(organisation: string, held: Held): Promise<Held> {
    for (const l of this.#named) {
      const [versions] = await this.store.readAs<Readonly<Record<string, number>>>(organisation, `select coalesce(jsonb_object_agg(t.id, t.version), '{}') from "${tableOf(l)}" t where t.owner = ($1->>0) and t.sealed is not null and exists (select 1 from subject_key k where k.subject = coalesce(t.case_ref, t.id::text) and k.owner = t.owner)`, [organisation]);
      const there = new Map(Object.entries(versions ?? {}));
      for (const id of held.rows.keys()) if (id.startsWith(`${l.name} `) && !there.has(id.slice(l.name.length + 1))) { held.known.remove(id); held.rows.delete(id); }
      const changed = [...there].filter(([id, version]) => held.rows.get(`${l.name} ${id}`)?.version !== version).map(([id]) => id);
      for (let n = 0; n < changed.length; n += BATCH) {
        for (const { row } of await this.store.find(l, organisation, `t.owner = ($1->>0) and t.id = any(array(select jsonb_array_elements_text($1->1))::uuid[])`, [organisation, changed.slice(n, n + BATCH)])) this.#keep(held, l, row);
      }
    }
    return held;
  }
  #keep({ known, rows }: Held, l: Lifecycle, row: BaseRow): void {
    const id = `${l.name} ${row.id}`;
    const person = l.person?.(row as never);
    if (person) known.know(id, person, false); else known.remove(id);
    rows.set(id, { subject: row.caseRef ?? row.id, version: row.version });
  }
}
