import type { ConsentCategory } from '@footbridge/contracts';
import { label, type Others, type Sealed } from '@footbridge/privacy';
import type { CaseRow } from '../case/case.entity.js';
import type { Person } from '../case/person.dto.js';
import { only, personMembers, withoutNarrative } from '../referral/disclosed.js';
import type { ReferralRow } from '../referral/referral.entity.js';
import type { EnvelopeEscortBody } from './identity-envelope.dto.js';

export type Content = Partial<Record<ConsentCategory, unknown>>;

/** What goes into an envelope, by category, and stays labelled on the way: nobody here reads it. */
export function contentOf(row: Pick<ReferralRow, 'serviceType' | 'needs'>, { person, trafficking, health, needs: wished }: CaseRow, isChild: boolean, categories: readonly ConsentCategory[], plan: Sealed<string> | undefined, escort?: Sealed<object>): Sealed<Content> {
  const has = (category: ConsentCategory): boolean => categories.includes(category);
  const of = (category: ConsentCategory, p: Person): Content => { const part = only(p, personMembers(row.serviceType, isChild, [category])); return Object.keys(part).length > 0 ? { [category]: part } : {}; };
  let content: Sealed<Content> = (person ?? label('direct', {} as Person)).map((p) => categories.reduce<Content>((all, category) => ({ ...all, ...of(category, p) }), {}));
  const add = (category: ConsentCategory, value: Sealed<unknown> | undefined): void => { if (has(category) && value) content = content.with(value, (all, more) => ({ ...all, [category]: more })); };
  const needs: Sealed<object> = row.needs ?? label('special', {});
  add('NEEDS', (wished ? needs.with(wished, (n, services): object => ({ ...n, services })) : needs).map((n) => ({ childUnitNeeded: isChild, ...n })));
  add('HEALTH', health);
  add('EXPLOITATION', trafficking?.map(withoutNarrative));
  add('RISK_MITIGATION', plan);
  add('TRAVEL', escort?.map((who) => ({ escort: who })));
  return content;
}

const said = (value: unknown): readonly string[] => (typeof value === 'string' ? [value] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(said) : []);
interface Escorted { readonly escort?: Partial<EnvelopeEscortBody> }
/**
 * Whether any of it says who somebody else is whom the house helps: every word, whatever category it stands under (G2, T12). What she is
 * called is looked through as names are; who travels with her may be one of them, and is named to the office that meets them both.
 */
export function namesOthers({ IDENTITY, TRAVEL, ...rest }: Content, others: Others): boolean {
  const { givenName: _given, familyName: _family, chosenName: _chosen, aliases: _aliases, ...more } = (IDENTITY ?? {}) as Person;
  const { escort: { name: _name, phone: _phone, ...escort } = {}, ...travel } = (TRAVEL ?? {}) as Escorted;
  return others.findInNames((IDENTITY ?? {}) as Person).length > 0 || others.find(said({ rest, more, escort, travel }).join('\n')).length > 0;
}
