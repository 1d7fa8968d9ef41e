import { codeList } from '@footbridge/privacy';

/** Whom a provider can take (reference 2.2.2). Supply may be published; what a person needs may not. */
export const ServiceProfile = codeList('ServiceProfile', ['women', 'men', 'families', 'children', 'accessible', 'open-24h']);
export type ServiceProfile = (typeof ServiceProfile.values)[number];

/** `few` is 1 to 3 places. The exact number is for the owner (reference 2.2.1). */
export const CapacityBand = codeList('CapacityBand', ['available', 'few', 'full']);
export type CapacityBand = (typeof CapacityBand.values)[number];

/** The band of so many free places. */
export const capacityBand = (free: number): CapacityBand => (free <= 0 ? 'full' : free <= 3 ? 'few' : 'available');

export const BedRefusal = codeList('BedRefusal', ['CAPACITY', 'CRITERIA']);
export type BedRefusal = (typeof BedRefusal.values)[number];

export const ExitType = codeList('ExitType', ['INDEPENDENT', 'RETURN', 'TRANSFER', 'FAMILY'], 'quasi');
export type ExitType = (typeof ExitType.values)[number];
