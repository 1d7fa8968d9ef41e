import { ShelterAdmissionsClosed, ShelterAdmissionsLimited, ShelterOpened, ShelterRegistered, ShelterSuspended, capacityBand, states } from '@footbridge/contracts';
import { NONE, attested, guard, lifecycle, type Facts } from '@footbridge/lifecycle';
import { EditShelterBody, LimitAdmissionsBody, RegisterShelterBody } from './shelter.dto.js';
import { freePlaces, shelterFields, type CountedUnit, type ShelterRow, type Unit } from './shelter.entity.js';

export interface ShelterFacts extends Facts<ShelterRow> { readonly counted: readonly CountedUnit[] }

/** The address is sealed, for own staff only. IOM-HB 4; COE 11. */
export const addressSealed = guard<ShelterFacts>('ADDRESS', 'addressIsSealed', ({ row }) => (row.address?.test((a) => a.street !== '' && a.city !== '') ? undefined : 'ADDRESS_MISSING'));

/** Each unit has a code of its own and no more beds out of service than it has. */
export const unitsAreSound = guard<ShelterFacts>('UNITS', 'unitsAreSound', ({ row }) => {
  const units: readonly Unit[] = row.units ?? [];
  const sound = units.length > 0 && new Set(units.map((u) => u.code)).size === units.length && units.every((u) => (u.outOfService ?? 0) <= u.total && row.profiles?.includes(u.profile));
  return sound ? undefined : 'UNITS_NOT_SOUND';
});

/** The address is compromised: residents are moved first. IOM-HB 4. */
export const nobodyThere = guard<ShelterFacts>('RESIDENTS', 'residentsAreMoved', ({ counted }) => (counted.every((u) => u.occupied === 0) ? undefined : 'RESIDENTS_NOT_MOVED'));

/** What is free for those whom it takes. */
const bandOf = (counted: readonly CountedUnit[], taken?: unknown): Partial<ShelterRow> =>
  ({ band: capacityBand(counted.filter((u) => !Array.isArray(taken) || taken.includes(u.profile)).reduce((free, u) => free + freePlaces(u), 0)) });
const opens = ({ counted }: ShelterFacts): Partial<ShelterRow> => ({ ...bandOf(counted), limitedTo: undefined });

const readyToOpen = [
  attested('confidentialityUndertakingsSigned', 'All staff have signed a confidentiality undertaking', 'SEED 5(i)'),
  attested('complaintChannelInPlace', 'There is a complaint channel', 'IOM-HB 4'),
  attested('medicalContactDayAndNight', 'A doctor or nurse can be reached 24 hours a day', 'SEED 5(i)'),
  attested('securityPlanInPlace', 'There is a security plan', 'IOM-HB 4'),
];

export const Shelter = lifecycle<ShelterFacts>()({
  name: 'Shelter', service: 'shelters', prefix: 'shl', states: states.Shelter.values, fields: shelterFields,
  // A shelter is no person: one public reference (decisions 19), its address aside.
  publicReference: true,
  visible: `t.owner = ($1->>0)`,
  facts: async (read, { row }) => ({
    counted: await read.sql<CountedUnit>('select to_jsonb(u) from unit u where u.shelter = ($1->>0)::uuid', [row.id]),
  }),
  wire: (row) => ({ organisation: row.owner, country: row.country, region: row.region, band: row.band }),
  editable: { by: ['SHELTER_MANAGER'], in: ['registered', 'open', 'limited', 'admissions_closed'], body: EditShelterBody, guards: [addressSealed, unitsAreSound] },
  rows: [
    // from                                      command            to                   by                               guards                              emits
    [NONE,                                       'registerShelter', 'registered',        ['PLATFORM', 'SHELTER_MANAGER'], [addressSealed, unitsAreSound],     ShelterRegistered, { body: RegisterShelterBody }],
    [['registered'],                             'openShelter',     'open',              ['SHELTER_MANAGER'],             readyToOpen,                        ShelterOpened, { set: opens }],
    [['open'],                                   'limitAdmissions', 'limited',           ['SHELTER_MANAGER'],             [],                                 ShelterAdmissionsLimited, { body: LimitAdmissionsBody, set: ({ counted, body }) => bandOf(counted, body['limitedTo']) }],
    [['limited'],                                'openShelter',     'open',              ['SHELTER_MANAGER'],             [],                                 ShelterOpened, { set: opens }],
    [['open', 'limited'],                        'closeAdmissions', 'admissions_closed', ['SHELTER_MANAGER', 'PLATFORM'], [],                                 ShelterAdmissionsClosed, { set: () => ({ limitedTo: undefined, band: 'full' as const }) }],
    [['admissions_closed'],                      'openShelter',     'open',              ['SHELTER_MANAGER'],             [],                                 ShelterOpened, { set: opens }],
    [['open', 'limited', 'admissions_closed'],   'suspendShelter',  'shelter_suspended', ['DPO', 'PLATFORM'],             [nobodyThere],                      ShelterSuspended],
  ],
});
