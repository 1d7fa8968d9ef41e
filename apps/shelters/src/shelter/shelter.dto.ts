import { ServiceProfile } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

/** Of a unit or a bed; no room for a name. */
export const shortCode = (example: string, optional: boolean): PropertyDecorator => is.pattern(/^(?!.*[A-Z]{3})[A-Z0-9][A-Z0-9-]{0,11}$/, 'a short code of digits, hyphens and at most two capital letters in a row', example, { optional });

export class UnitBody {
  @shortCode('A', false) code!: string;
  @is.code(ServiceProfile) profile!: ServiceProfile;
  @is.integer({ min: 0, max: 1_000, example: 28 }) total!: number;
  @is.integer({ min: 0, max: 1_000, optional: true, example: 1 }) outOfService?: number;
}
export class AddressBody {
  @is.text({ class: 'direct', example: 'Rruga e Shembullit 1' }) street!: string;
  @is.text({ class: 'direct', example: 'Tirana' }) city!: string;
  @is.text({ class: 'direct', optional: true, max: 20, example: '1001' }) postcode?: string;
}
/** In millionths of a degree: a body has no fractions. */
export class CoordinatesBody {
  @is.integer({ min: -90_000_000, max: 90_000_000, class: 'direct', example: 41_327_500 }) latitude!: number;
  @is.integer({ min: -180_000_000, max: 180_000_000, class: 'direct', example: 19_818_700 }) longitude!: number;
}
export class RegisterShelterBody {
  @is.text({ class: 'open', max: 80, example: 'House by the lake' }) publicName!: string;
  @is.country() country!: string;
  @is.region() region!: string;
  @is.codes(ServiceProfile) profiles!: ServiceProfile[];
  @is.languages() languages!: string[];
  @is.list(() => UnitBody) units!: UnitBody[];
  @is.nested(() => AddressBody, { class: 'direct' }) address!: AddressBody;
  @is.nested(() => CoordinatesBody, { class: 'direct', optional: true }) coordinates?: CoordinatesBody;
  @is.phone({ class: 'direct', optional: true }) phone?: string;
}
export class EditShelterBody {
  @is.text({ class: 'open', max: 80, optional: true, example: 'House by the lake' }) publicName?: string;
  @is.codes(ServiceProfile, { optional: true }) profiles?: ServiceProfile[];
  @is.languages({ optional: true }) languages?: string[];
  @is.list(() => UnitBody, { optional: true }) units?: UnitBody[];
  @is.nested(() => AddressBody, { class: 'direct', optional: true }) address?: AddressBody;
  @is.nested(() => CoordinatesBody, { class: 'direct', optional: true }) coordinates?: CoordinatesBody;
  @is.phone({ class: 'direct', optional: true }) phone?: string;
}
export class LimitAdmissionsBody {
  @is.codes(ServiceProfile, { example: ['women', 'families'] }) limitedTo!: ServiceProfile[];
}
