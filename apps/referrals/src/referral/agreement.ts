import type { ConsentCategory } from '@footbridge/contracts';
import type { Read } from '@footbridge/lifecycle';

export interface KnownAgreement { readonly categories: readonly ConsentCategory[]; readonly until: string }

/** The data-sharing agreement from one organisation to another on this day, the longest (DP-23). As SQL: what it is, or null. */
export const agreementSql = (from: string, to: string, day: string): string =>
  `(select to_jsonb(a) from known_agreement a where a.from_organisation = ${from} and a.to_organisation = ${to} and not a.ended and a.until >= (${day})::date order by a.until desc limit 1)`;

export const agreementFor = async (read: Read, from: string, to: string, now: Date): Promise<KnownAgreement | undefined> =>
  (await read.sql<{ agreement: KnownAgreement | null }>(`select jsonb_build_object('agreement', ${agreementSql('$1->>0', '$1->>1', '$1->>2')})`, [from, to, now.toISOString().slice(0, 10)]))[0]?.agreement ?? undefined;
