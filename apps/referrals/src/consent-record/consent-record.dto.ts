import { ConsentCategory, ConsentMedium, ConsentPurpose, LegalBasis, SpecialCategoryBasis, ViewsMissing } from '@footbridge/contracts';
import { is } from '@footbridge/lifecycle';

/** What the person is asked, as on the paper form: no field of it changes once she has agreed. */
export class ConsentTermsBody {
  @is.code(ConsentPurpose) purpose!: ConsentPurpose;
  /** Exactly one organisation, or none where the purpose has none (decisions 12). */
  @is.organisation({ optional: true }) recipient?: string;
  @is.codes(ConsentCategory, { example: ['IDENTITY', 'NEEDS'] }) categories!: ConsentCategory[];
  @is.pattern(/^\d{4}-\d{1,2}(\.\d{1,3})?$/, 'the year and number of the notice that was shown, like 2026-1 or 2026-1.2', '2026-1') noticeVersion!: string;
  @is.language() language!: string;
  @is.boolean({ optional: true, example: false }) interpreter?: boolean;
  @is.code(ConsentMedium, { optional: true, example: 'written' }) medium?: ConsentMedium;
  @is.ref('acc', { optional: true }) witness?: string;
  /** Default: as long as the purpose allows. */
  @is.day({ optional: true }) validUntil?: string;
  @is.code(LegalBasis, { optional: true }) legalBasis?: LegalBasis;
  @is.code(SpecialCategoryBasis, { optional: true }) specialCategoryBasis?: SpecialCategoryBasis;
}
export class RequestConsentBody extends ConsentTermsBody {
  @is.ref('cas') case!: string;
}
/** A child is asked herself, in language and form for her age, each time that her guardian says yes (M6). */
export class ChildsViewsBody {
  @is.boolean({ class: 'special', optional: true }) childAgrees?: boolean;
  @is.text({ class: 'special', optional: true, max: 2_000 }) childWords?: string;
  @is.code(ViewsMissing, { class: 'special', optional: true }) viewsMissing?: ViewsMissing;
}
export class GiveConsentBody extends ChildsViewsBody {
  @is.code(ConsentMedium, { optional: true, example: 'written' }) medium?: ConsentMedium;
  @is.ref('acc', { optional: true }) witness?: string;
  /** M7: before referral, placement and family contact. */
  @is.boolean({ class: 'special', optional: true }) bestInterestsAssessed?: boolean;
}
export class RenewConsentBody extends ChildsViewsBody {
  @is.day() validUntil!: string;
}
