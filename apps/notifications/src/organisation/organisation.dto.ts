import { Country, OrganisationType, Role } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

export class AddOrganisationBody {
  /** The reference under which the identity provider knows it already. */
  @is.organisation({ optional: true }) id?: string;
  @is.code(OrganisationType) type!: OrganisationType;
  @is.code(Country, { example: 'AL' }) country!: Country;
  @is.text({ class: 'open', example: 'Lantern House' }) name!: string;
  /** Judges other organisations: partners, subscriptions (decisions 6). */
  @is.boolean({ optional: true, example: false }) networkBody?: boolean;
}
export class AddAccountBody {
  @is.ref('acc', { optional: true }) id?: string;
  /** Left out: the caller's own. */
  @is.organisation({ optional: true }) organisation?: string;
  /** What the account is for ("Night desk"), not whose it is. */
  @is.text({ class: 'open', max: 100, example: 'Night desk' }) name!: string;
  @is.codes(Role, { example: ['RECEIVER'] }) roles!: Role[];
}
export class StandingBody {
  /** Of an account that only the identity provider knows. */
  @is.organisation({ optional: true }) organisation?: string;
}
