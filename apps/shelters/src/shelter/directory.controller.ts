import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import { CapacityBand, Country, ServiceProfile, type Role } from '@footbridge/contracts';
import { Action, Engine, Problem, type ExtraRoute, type SignedRequest } from '@footbridge/service';
import { isPartner } from '../known/known-partner.js';
import type { CountedUnit } from './shelter.entity.js';
import { freePlaces } from './shelter.entity.js';
import { Shelter } from './shelter.lifecycle.js';
import type { DirectoryLine } from './directory.js';

/** Who looks for places (reference 2.7, Capacity): no embassy, no origin office, no media. */
const seekers: readonly Role[] = [
  'CASE_WORKER', 'SUPERVISOR', 'REFERRER', 'HOTLINE_COUNSELLOR', 'SHELTER_INTAKE', 'SHELTER_MANAGER', 'RETURN_OFFICER', 'LAWYER', 'ASYLUM_FOCAL_POINT', 'CHILD_AUTHORITY',
  'COMPETENT_AUTHORITY', 'PARTNER_ADMIN',
];
const own: readonly Role[] = ['SHELTER_INTAKE', 'SHELTER_MANAGER', 'SUPERVISOR'];
const known: Readonly<Record<string, readonly string[]>> = { country: Country.values, profile: ServiceProfile.values, band: CapacityBand.values };

/** Search of shelters by country, profile, language and band, for verified partners (decisions 30): supply, never demand. */
@Controller('v1/shelter-directory')
export class ShelterDirectory {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('shelter-directory.search', seekers) @Get() async search(@Req() { principal }: SignedRequest, @Query() query: Record<string, unknown>): Promise<{ items: readonly DirectoryLine[]; next: string | null }> {
    if (!principal.roles.some((r) => seekers.includes(r))) throw new Problem('role-not-allowed', { roles: seekers });
    const errors = Object.entries(query).flatMap(([name, value]) => {
      if (!['country', 'profile', 'language', 'band', 'after'].includes(name)) return [{ pointer: '', code: 'unknown-filter', detail: 'Remove the filter that is not known here.' }];
      const codes = known[name];
      const good = typeof value === 'string' && (codes ? codes.includes(value) : name === 'language' ? /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$/.test(value) : /^shl_[a-z2-7]{34}$/.test(value));
      return good ? [] : [{ pointer: `/${name}`, code: name, detail: codes && name !== 'country' ? `Send one of: ${codes.join(', ')}.` : 'Send one value of the right shape.' }];
    });
    if (errors.length > 0) throw new Problem('validation-failed', { errors });
    if (!(await isPartner({ sql: (text, parameters) => this.engine.store.readAs(principal.organisation, text, parameters) }, principal.organisation))) {
      throw new Problem('guard-refused', { guards: [{ guard: 'PARTNER', reason: 'NOT_A_VERIFIED_PARTNER', detail: 'Organisation is verified partner.' }] });
    }
    const lines = await this.engine.store.readAs<DirectoryLine>(principal.organisation, `select jsonb_strip_nulls(jsonb_build_object(
        'shelter', d.reference, 'organisation', d.owner, 'publicName', d.public_name, 'country', d.country, 'region', d.region, 'profiles', to_jsonb(d.profiles), 'languages', to_jsonb(d.languages),
        'admissions', d.state, 'limitedTo', to_jsonb(d.limited_to), 'bands', coalesce((select jsonb_object_agg(b.profile, b.band) from capacity_band b where b.shelter = d.shelter), '{}')))
      from directory() d
      where ($1->>0 is null or d.country = $1->>0) and ($1->>1 is null or $1->>1 = any(d.profiles)) and ($1->>2 is null or $1->>2 = any(d.languages))
        and ($1->>3 is null or exists (select 1 from capacity_band b where b.shelter = d.shelter and b.band = $1->>3 and ($1->>1 is null or b.profile = $1->>1)))
        and ($1->>4 is null or d.reference > $1->>4)
      order by d.reference limit 51`, ['country', 'profile', 'language', 'band', 'after'].map((name) => query[name] ?? null));
    return { items: lines.slice(0, 50), next: lines.length > 50 ? lines[49]?.shelter ?? null : null };
  }
}

/** The exact numbers of a house, for its own people. */
@Controller('v1/shelters/:id/capacity')
export class ShelterCapacity {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  @Action('Shelter.capacity', own) @Get() async read(@Param('id') id: string, @Req() { principal }: SignedRequest): Promise<object> {
    const { row } = await this.engine.load(Shelter, principal, id);
    if (!principal.roles.some((r) => own.includes(r))) throw new Problem('role-not-allowed', { roles: own });
    const units = await this.engine.store.readAs<CountedUnit>(principal.organisation, 'select to_jsonb(u) from unit u where u.shelter = ($1->>0)::uuid order by u.code', [row.id]);
    return { items: units.map((u) => ({ code: u.code, profile: u.profile, total: u.total, occupied: u.occupied, held: u.held, outOfService: u.out_of_service, free: freePlaces(u) })) };
  }
}

export const directoryRoutes: readonly ExtraRoute[] = [
  { method: 'get', path: '/v1/shelter-directory', tag: 'Shelter', summary: 'Search by country, profile, language and band, for verified partners. Bands are those of the last full hour; `after` pages.' },
  { method: 'get', path: '/v1/shelters/{id}/capacity', tag: 'Shelter', summary: 'The exact numbers of your own house' },
];
