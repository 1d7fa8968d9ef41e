import { ServiceProfile, ServiceType } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';
import { SuspensionReason } from './partner.entity.js';

export class SecurityContactBody {
  @is.pattern(/^[^\s@]{1,64}@[^\s@]{1,190}$/, 'an e-mail address', 'security@example.org', { class: 'direct' }) email!: string;
  @is.phone({ class: 'direct' }) phone!: string;
}
const region = (optional: boolean): PropertyDecorator => is.patterns(/^[A-Z]{2}-[A-Z0-9]{1,3}$/, 'region codes (ISO 3166-2)', 'AL-11', { optional });

export class ApplyPartnerBody {
  @is.codes(ServiceType) services!: ServiceType[];
  @is.codes(ServiceProfile, { optional: true }) profiles?: ServiceProfile[];
  @region(true) regions?: string[];
  @is.languages({ optional: true }) languages?: string[];
  /** Who is called when something goes wrong with what is sent. */
  @is.nested(() => SecurityContactBody, { class: 'direct', optional: true }) securityContact?: SecurityContactBody;
}
export class EditPartnerBody {
  @is.codes(ServiceType, { optional: true }) services?: ServiceType[];
  @is.codes(ServiceProfile, { optional: true }) profiles?: ServiceProfile[];
  @region(true) regions?: string[];
  @is.languages({ optional: true }) languages?: string[];
  @is.nested(() => SecurityContactBody, { class: 'direct', optional: true }) securityContact?: SecurityContactBody;
}
export class SuspendPartnerBody {
  @is.code(SuspensionReason) suspendedFor!: SuspensionReason;
}
