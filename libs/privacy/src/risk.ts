import { PrivacyRefusal } from './refusal.js';

/** A combination that fits fewer persons than these is not told (CTDC's k; G7). */
export const FEWEST = 11;

/** What is known of a person, as `age=27-29`: a set, in one order, so that equal knowledge is equal text. */
export type Known = readonly string[];

/** One member of an answer: under which heading its values stand, and the values, as exactly as it would say them. */
export interface Offer { readonly field: string; readonly attribute: string; readonly values: readonly string[] }

export interface Attribute {
  /** Share of the population of which a value is true; of a value that is not here, the rarest share there is. */
  readonly shares: Readonly<Record<string, number>>;
  /** The value that says less. Where there is none, saying less is saying nothing. */
  readonly wider?: Readonly<Record<string, string>>;
  /** What help depends on most is given up last. */
  readonly worth: number;
}

export interface PopulationSpec {
  /** How many there are in the situation that a recipient can suppose her in. */
  readonly persons: number;
  /** Of whatever nobody has counted. */
  readonly rarest: number;
  /** For each further attribute: two that seldom go together leave fewer than their shares say. */
  readonly caution: number;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export type Decision = 'allow' | 'generalise' | 'refuse';

export interface Assessment {
  /** How many persons all that was offered would fit, with all that is known already. */
  readonly k: number;
  readonly decision: Decision;
  /** What may be said instead, by field; a field of which nothing may be said is left out. */
  readonly suggestion: Readonly<Record<string, readonly string[]>>;
  /** Fields that say less than was offered, or nothing. */
  readonly generalised: readonly string[];
  /** What the recipient knows afterwards. */
  readonly known: Known;
}

const SCALE = 1_000_000n;
const MOST_PERSONS = 10_000_000;

/** Shares in whole millionths: what is compared with k is exact, and more knowledge never counts as more persons. */
const millionths = (share: number): bigint => BigInt(Math.floor(share * Number(SCALE)));
const isShare = (share: unknown): share is number => typeof share === 'number' && share > 0 && share <= 1;

export const trait = (attribute: string, value: string): string => `${attribute}=${value}`;
const split = (text: string): readonly [attribute: string, value: string] => { const at = text.indexOf('='); return [text.slice(0, at), text.slice(at + 1)]; };
const lookUp = <T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined => (table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined);

/**
 * The people among whom a person is one. It is made of declared, public figures, never of the cases that the network holds: a rule
 * that looks at true counts tells of them.
 */
export class Population {
  readonly #spec: PopulationSpec;
  readonly #shares = new Map<string, bigint>();
  readonly #rarest: bigint;
  readonly #caution: bigint;

  /** @throws PrivacyRefusal POPULATION_INVALID: no whole number of persons, a share outside 0 to 1, or a wider value that is rarer or leads back */
  constructor(spec: PopulationSpec) {
    const sound = Number.isInteger(spec.persons) && spec.persons >= 1 && spec.persons <= MOST_PERSONS && isShare(spec.rarest) && isShare(spec.caution);
    if (!sound) throw new PrivacyRefusal('POPULATION_INVALID');
    this.#spec = spec;
    let rarest = millionths(spec.rarest);
    for (const [name, { shares, worth }] of Object.entries(spec.attributes)) {
      if (name.includes('=') || !(worth >= 0) || !Object.values(shares).every(isShare)) throw new PrivacyRefusal('POPULATION_INVALID');
      for (const [value, share] of Object.entries(shares)) {
        this.#shares.set(trait(name, value), millionths(share));
        if (millionths(share) < rarest) rarest = millionths(share);
      }
    }
    this.#rarest = rarest;
    this.#caution = millionths(spec.caution);
    for (const [name, { wider = {} }] of Object.entries(spec.attributes)) for (const value of Object.keys(wider)) this.#chain(name, value);
  }

  /** How many persons all of this fits; at least she herself is one of them, but nobody should count on her alone. */
  persons(known: Known): number {
    const facts = this.#plain(known);
    const scale = SCALE ** BigInt(Math.max(0, 2 * facts.length - 1));
    const left = facts.reduce((persons, fact, i) => persons * this.#share(fact) * (i === 0 ? 1n : this.#caution), BigInt(this.#spec.persons));
    return Number(left / scale);
  }

  /** What is known when this is told too. */
  learn(known: Known, told: Known): Known { return this.#plain([...known, ...told]); }

  /**
   * How much of an offer may be told to somebody who knows this already: all of it, the most worthwhile part of it that still fits
   * enough persons, or nothing. What is known already may always be said again; `nothingNew`: only that, since somebody else may have told
   * this recipient what is not known here.
   */
  assess(known: Known, offers: readonly Offer[], nothingNew = false): Assessment {
    const before = this.#plain(known);
    const fields = offers.filter(({ values }) => values.length > 0).map((offer) => ({ ...offer, worth: lookUp(this.#spec.attributes, offer.attribute)?.worth ?? 0, steps: this.#steps(offer) }))
      .sort((a, b) => b.worth - a.worth || (a.field < b.field ? -1 : 1));
    const traits = (chosen: readonly number[]): string[] => chosen.flatMap((step, i) => { const { attribute, steps } = fields[i] as (typeof fields)[number]; return (steps[step] as readonly string[]).map((value) => trait(attribute, value)); });
    const after = (chosen: readonly number[]): Known => this.learn(before, traits(chosen));
    const bearable = (chosen: readonly number[]): boolean => { const then = after(chosen); return then.join() === before.join() || (!nothingNew && this.persons(then) >= FEWEST); };

    let best: { readonly loss: number; readonly chosen: readonly number[] } = { loss: Infinity, chosen: [] };
    const look = (chosen: readonly number[], loss: number): void => {
      // More said is never more persons: what is too much already stays so. To say nothing is always bearable.
      if (loss >= best.loss || !bearable(chosen)) return;
      const field = fields[chosen.length];
      if (!field) { best = { loss, chosen }; return; }
      const most = field.steps.length - 1;
      for (let step = 0; step <= most; step += 1) look([...chosen, step], loss + (field.worth + 1) * (step / most));
    };
    look([], 0);

    const said = best.chosen.map((step, i) => [fields[i] as (typeof fields)[number], step] as const);
    const told = said.filter(([{ steps }, step]) => step < steps.length - 1);
    const generalised = said.filter(([, step]) => step > 0).map(([{ field }]) => field).sort();
    return {
      k: this.persons(after(fields.map(() => 0))),
      decision: generalised.length === 0 ? 'allow' : told.length === 0 ? 'refuse' : 'generalise',
      suggestion: Object.fromEntries(told.map(([{ field, steps }, step]) => [field, steps[step] as readonly string[]])),
      generalised,
      known: after(best.chosen),
    };
  }

  /** A value, what says less, what says still less; the last of an offer says nothing. */
  #steps({ attribute, values }: Offer): readonly (readonly string[])[] {
    const chains = values.map((value) => this.#chain(attribute, value));
    const longest = Math.max(...chains.map((chain) => chain.length));
    return Array.from({ length: longest + 1 }, (_, step) => [...new Set(chains.flatMap((chain) => chain[step] ?? []))]);
  }

  #chain(attribute: string, value: string): readonly string[] {
    const wider = lookUp(this.#spec.attributes, attribute)?.wider;
    const chain = [value];
    for (let next = lookUp(wider, value); next !== undefined; next = lookUp(wider, next)) {
      if (chain.includes(next) || this.#share(trait(attribute, next)) < this.#share(trait(attribute, chain[chain.length - 1] as string))) throw new PrivacyRefusal('POPULATION_INVALID');
      chain.push(next);
    }
    return chain;
  }
  #share(fact: string): bigint { return this.#shares.get(fact) ?? this.#rarest; }

  /** Sorted, without repeats and without what a narrower value says already. */
  #plain(known: Known): Known {
    const said = new Set(known.flatMap((fact) => { const [attribute, value] = split(fact); return this.#chain(attribute, value).slice(1).map((wider) => trait(attribute, wider)); }));
    return [...new Set(known)].filter((fact) => !said.has(fact)).sort();
  }
}
