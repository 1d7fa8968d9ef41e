import { Country, OrganisationType } from '@footbridge/contracts';
import { accountRoles } from '@footbridge/service';
import { ArrayMinSize, ArrayUnique, IsArray, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';

const signInName = /^[a-z0-9][a-z0-9.-]{1,62}$/;
const says = 'Send 2 to 63 small letters, digits, dots and hyphens.';
const visible = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

export class AddOrganisation {
  /** As the services know it; left out: a new one. */
  @IsOptional() @IsString() @Matches(/^org_[a-z2-7]{34}$/) readonly id?: string;
  @IsString() @Length(1, 200) @Matches(visible) readonly name!: string;
  @IsIn(OrganisationType.values) readonly type!: OrganisationType;
  @IsIn(Country.values) readonly country!: Country;
  /** What its first PARTNER_ADMIN signs in with. */
  @Matches(signInName, { message: says }) readonly admin!: string;
}

export class AddAccount {
  /** Left out: the caller's own. */
  @IsOptional() @IsString() readonly organisation?: string;
  @Matches(signInName, { message: says }) readonly name!: string;
  /** What the account is for ("Night desk"), not whose it is. */
  @IsString() @Length(1, 100) @Matches(visible) readonly title!: string;
  @IsArray() @ArrayMinSize(1) @ArrayUnique() @IsIn(accountRoles, { each: true }) readonly roles!: (typeof accountRoles)[number][];
}
