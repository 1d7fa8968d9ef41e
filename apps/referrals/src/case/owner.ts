import { neverOwnsCases } from '@footbridge/contracts';
import type { Read } from '@footbridge/lifecycle';

export interface KnownOrganisation { readonly organisation: string; readonly type: string; readonly country: string; readonly active: boolean }

export const organisationOf = async (read: Read, organisation: string | undefined): Promise<KnownOrganisation | undefined> =>
  organisation === undefined ? undefined : (await read.sql<KnownOrganisation>('select to_jsonb(k) from known_organisation k where k.organisation = $1->>0', [organisation]))[0];

export const mayOwnCases = ({ type }: Pick<KnownOrganisation, 'type'>): boolean => !neverOwnsCases.some((never) => never === type);

/**
 * The country's body for a case that police or an embassy opened without naming one (decisions 3): a member of the network
 * that may own cases; for a child one that protects children; a public body before others.
 */
export const defaultBody = async (read: Read, country: string, isChild: boolean): Promise<string | undefined> =>
  (await read.sql<{ organisation: string }>(`
    select to_jsonb(x) from (
      select o.organisation from known_organisation o join known_partner p using (organisation)
      where o.active and p.state = 'partner_active' and o.country = $1->>0 and not ($1->1 ? o.type) and (not ($1->>2)::boolean or 'child-protection' = any(p.services))
      order by array_position(array['CentralGovernmentOrganisation', 'LocalGovernmentOrganisation', 'InternationalOrganisation', 'NGO'], o.type) nulls last, o.organisation limit 1) x`,
  [country, neverOwnsCases, isChild]))[0]?.organisation;

export const isActivePartner = async (read: Read, organisation: string): Promise<boolean> =>
  (await read.sql('select to_jsonb(p) from known_partner p where p.organisation = $1->>0 and p.state = \'partner_active\'', [organisation])).length > 0;
