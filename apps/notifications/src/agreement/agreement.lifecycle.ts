import { AgreementEnded, AgreementSigned, AgreementState, ConsentCategory, flagsOf } from '@footbridge/contracts';
import { NONE, guard, is, lifecycle, operational, type Facts, type RowOf } from '@footbridge/lifecycle';
import { days, later } from '@footbridge/service';
import { organisationOf, type Organisation } from '../organisation/register.js';

export const agreementFields = {
  from: operational.ref({ shown: 'parties' }),
  to: operational.ref({ shown: 'parties' }),
  categories: operational.codes(ConsentCategory, { shown: 'parties' }),
  until: operational.day({ shown: 'parties' }),
  /** Always false: written down so that both read it (DP-23). */
  onwardTransfer: operational.boolean({ shown: 'parties' }),
};
export type AgreementRow = RowOf<typeof agreementFields>;
export interface AgreementFacts extends Facts<AgreementRow> { readonly other?: Organisation }

export class SignAgreementBody {
  @is.organisation() to!: string;
  @is.codes(ConsentCategory, { example: ['IDENTITY', 'NEEDS'] }) categories!: ConsentCategory[];
  @is.day() until!: string;
}

export const withAnother = guard<AgreementFacts>('AGREEMENT', 'withAnotherOrganisation', ({ row, body }) => ((body['to'] ?? row.to) === row.owner ? 'SAME_ORGANISATION' : undefined), { onBody: true });
export const otherIsKnown = guard<AgreementFacts>('REGISTER', 'otherOrganisationIsInTheRegister', ({ other }) => (other ? undefined : 'ORGANISATION_NOT_KNOWN'), { onBody: true });
export const categoriesNamed = guard<AgreementFacts>('AGREEMENT', 'categoriesAreNamed', ({ row }) => (row.categories?.length ? undefined : 'CATEGORIES_MISSING'), { onBody: true });
export const endsLater = guard<AgreementFacts>('AGREEMENT', 'endsInTheFuture', ({ row }, now) => (row.until && now < later(row.until, days(1)) ? undefined : 'UNTIL_OVER'), { onBody: true });

/** What may go from one organisation to another, checked at every send (reference 2.5.2; IOM-DP 5; GDPR 28). One register entry an ordered pair and signature. */
export const Agreement = lifecycle<AgreementFacts>()({
  name: 'Agreement', service: 'notifications', prefix: 'agr', states: AgreementState.values, fields: agreementFields,
  parties: (row) => [row.to],
  standing: (row) => ({ PARTNER_ADMIN: [row.owner, row.to].filter((o) => o !== undefined), DPO: [row.owner, row.to].filter((o) => o !== undefined) }),
  facts: async (read, { row, body }) => {
    const other = await organisationOf(read, body['to'] ?? row.to);
    return other ? { other } : {};
  },
  wire: (row) => ({ from: row.from, to: row.to, until: row.until, ...flagsOf(row.categories ?? []) }),
  clocks: [{ name: 'until', in: ['signed'], due: ({ row }) => (row.until ? later(row.until, days(1)) : undefined), command: 'endAgreement' }],
  rows: [
    // from       command          to        by                                    guards                                               emits
    [NONE,        'signAgreement', 'signed', ['PARTNER_ADMIN', 'DPO'],             [withAnother, otherIsKnown, categoriesNamed, endsLater], AgreementSigned, { body: SignAgreementBody, set: ({ row }) => ({ from: row.owner, onwardTransfer: false }) }],
    [['signed'],  'endAgreement',  'ended',  ['PARTNER_ADMIN', 'DPO', 'PLATFORM'], [],                                                   AgreementEnded],
  ],
});
