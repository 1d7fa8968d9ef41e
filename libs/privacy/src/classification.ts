import { dataClasses, isPersonalClass, type DataClass } from './data-class.js';
import { PrivacyRefusal } from './refusal.js';

/** What a class lets its values do (design 9.1): be in an event, in a log, with another organisation, in statistics. */
export interface HandlingRule {
  readonly event: boolean;
  readonly log: boolean;
  readonly otherOrganisation: 'freely' | 'as a party' | 'as a party, weighed for risk' | 'with consent' | 'in an envelope, with consent';
  readonly statistics: 'freely' | 'in cubes' | 'in coarser cubes' | 'never';
}
export const handling: Readonly<Record<DataClass, HandlingRule>> = Object.freeze({
  open: { event: true, log: true, otherOrganisation: 'freely', statistics: 'freely' },
  operational: { event: true, log: true, otherOrganisation: 'as a party', statistics: 'in cubes' },
  quasi: { event: false, log: false, otherOrganisation: 'as a party, weighed for risk', statistics: 'in cubes' },
  special: { event: false, log: false, otherOrganisation: 'with consent', statistics: 'in coarser cubes' },
  direct: { event: false, log: false, otherOrganisation: 'in an envelope, with consent', statistics: 'never' },
});
/** What is no class has the rule of the strictest. */
export const ruleFor = (dataClass: DataClass): HandlingRule => (dataClasses.includes(dataClass) ? handling[dataClass] : handling.direct);

/** Why something is kept at all (GDPR 5(1)(b)). */
export const processingPurposes = ['ASSISTANCE', 'CONSENT', 'SAFETY', 'REFERRAL', 'SHELTER', 'RETURN', 'REINTEGRATION', 'STATISTICS', 'RIGHTS', 'ACCOUNTABILITY', 'NETWORK', 'OPERATION'] as const;
export type ProcessingPurpose = (typeof processingPurposes)[number];
/** On what ground: GDPR 6(1) and, after the slash, 9(2). `NOT_PERSONAL`: nothing about anybody is in it. */
export const processingBases = ['CASE_BASIS', 'CONSENT', 'VITAL_INTERESTS', 'LEGAL_OBLIGATION', 'LEGITIMATE_INTERESTS', 'NOT_PERSONAL'] as const;
export type ProcessingBasis = (typeof processingBases)[number];
/** How long, in words that a person can check (DP-20). */
export const retentionRules = Object.freeze({
  CASE: 'with the case: 24 months after closing, a child until 21; then the key is destroyed',
  PURPOSE: 'until its purpose is over, at the latest with the case',
  TRAIL: '6 years; after an erasure the ids lead to nobody',
  PROOF: 'for good: hashes, signatures and ids that lead to nobody after an erasure',
  DELIVERY: '14 days',
  REPEAT: '24 hours',
  QUEUE: 'until it is handled',
  MEMBERSHIP: 'as long as the organisation is a member, then as its trail',
  SESSION: 'until the session ends',
  CURRENT: 'until a newer value takes its place',
  PUBLISHED: 'for good: it is public',
  REQUEST: 'not kept under this name: it goes where the command puts it',
  PROCESS: 'while the process runs',
});
export type RetentionRule = keyof typeof retentionRules;
/** Columns of the visibility matrix (reference 2.7). */
export const onlookers = ['PERSON', 'OWNER_WORKER', 'RECEIVER', 'REFERRER_POLICE', 'REFERRER_NGO', 'EMBASSY', 'ORIGIN_OFFICE', 'ASYLUM_BODY', 'LAWYER', 'MEDIA', 'NETWORK', 'STATISTICS', 'OPERATOR', 'SERVICES'] as const;
export type Onlooker = (typeof onlookers)[number];
/** Its cells. `own`: only what is its own; `role`: only those whose task it is. */
export const sights = ['yes', 'consent', 'band', 'own', 'role', 'request', 'statistics', 'counts', 'integrity'] as const;
export type Sight = (typeof sights)[number];
export type SeenBy = Readonly<Partial<Record<Onlooker, Sight>>>;

export interface Handled {
  readonly purpose: ProcessingPurpose;
  readonly basis: ProcessingBasis;
  readonly retention: RetentionRule;
  /** Nobody where empty. */
  readonly seenBy: SeenBy;
}
export interface Classified extends Handled {
  /** `column:referrals.case.sealed.person`, `body:PersonBody.givenName`, `event:…`, `log:…`, `setting:…` */
  readonly path: string;
  readonly class: DataClass;
}

const isOneOf = (list: readonly unknown[], value: unknown): boolean => list.includes(value);
const isSound = (e: Classified): boolean => e.path.length > 0 && isOneOf(dataClasses, e.class) && isOneOf(processingPurposes, e.purpose) && isOneOf(processingBases, e.basis)
  && Object.hasOwn(retentionRules, e.retention) && Object.entries(e.seenBy).every(([who, how]) => isOneOf(onlookers, who) && isOneOf(sights, how))
  // Whose it is may always see it, and what nobody has a ground for is not kept (DP-3, DP-11).
  && (!isPersonalClass(e.class) || e.basis !== 'NOT_PERSONAL');

/** The one register of everything that is kept, sent, asked for or written down. */
export class Classification {
  readonly #byPath: ReadonlyMap<string, Classified>;
  /** @throws PrivacyRefusal CLASSIFICATION_INVALID: an entry outside the closed lists; CLASSIFIED_TWICE */
  constructor(entries: Iterable<Classified>) {
    const byPath = new Map<string, Classified>();
    for (const entry of entries) {
      if (!isSound(entry)) throw new PrivacyRefusal('CLASSIFICATION_INVALID', entry.path);
      if (byPath.has(entry.path)) throw new PrivacyRefusal('CLASSIFIED_TWICE', entry.path);
      byPath.set(entry.path, Object.freeze({ ...entry }));
    }
    this.#byPath = byPath;
  }
  get entries(): readonly Classified[] { return [...this.#byPath.values()]; }
  find(path: string): Classified | undefined { return this.#byPath.get(path); }
  /** Whatever has no entry is `direct` (C4). */
  classOf(path: string): DataClass { return this.#byPath.get(path)?.class ?? 'direct'; }
  ruleFor(path: string): HandlingRule { return handling[this.classOf(path)]; }

  /** What is there without an entry, and what has an entry without being there. */
  compare(paths: Iterable<string>): { readonly missing: readonly string[]; readonly stale: readonly string[] } {
    const there = new Set(paths);
    return { missing: [...there].filter((path) => !this.#byPath.has(path)).sort(), stale: [...this.#byPath.keys()].filter((path) => !there.has(path)).sort() };
  }
  /** @throws PrivacyRefusal UNCLASSIFIED, CLASSIFIED_FOR_NOTHING; `compare` says where, for a developer's eyes */
  assertComplete(paths: Iterable<string>): void {
    const { missing, stale } = this.compare(paths);
    if (missing.length > 0) throw new PrivacyRefusal('UNCLASSIFIED');
    if (stale.length > 0) throw new PrivacyRefusal('CLASSIFIED_FOR_NOTHING');
  }
}
