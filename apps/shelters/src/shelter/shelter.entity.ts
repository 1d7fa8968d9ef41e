import { CapacityBand, ServiceProfile } from '@footbridge/contracts';
import { direct, open, operational, type RowOf } from '@footbridge/lifecycle';

/** Beds for one kind of people, as the shelter declares them. What is occupied and held is counted by the database. */
export interface Unit { readonly code: string; readonly profile: ServiceProfile; readonly total: number; readonly outOfService?: number }
/** The same as the database counts it (table `unit`). */
export interface CountedUnit { readonly code: string; readonly profile: ServiceProfile; readonly total: number; readonly out_of_service: number; readonly occupied: number; readonly held: number }
export const freePlaces = (unit: CountedUnit): number => unit.total - unit.occupied - unit.held - unit.out_of_service;

export const shelterFields = {
  /** May be a code (reference 2.2.2). */
  publicName: open.text({ shown: 'parties' }),
  country: operational.place({ shown: 'parties' }),
  region: operational.place({ shown: 'parties' }),
  profiles: operational.codes(ServiceProfile, { shown: 'parties' }),
  languages: operational.refs({ shown: 'parties' }),
  /** While admissions are limited: whom it takes. */
  limitedTo: operational.codes(ServiceProfile, { shown: 'parties' }),
  /** As told with the last change of admissions; what is published every hour is counted anew. */
  band: operational.code(CapacityBand, { shown: 'nobody' }),
  units: operational.json<readonly Unit[]>(),
  // Where it is, only its own people know. IOM-HB 4; COE 11.
  address: direct.json<{ readonly street: string; readonly city: string; readonly postcode?: string }>(),
  coordinates: direct.json<{ readonly latitude: number; readonly longitude: number }>(),
  phone: direct.text(),
};
export type ShelterRow = RowOf<typeof shelterFields>;
