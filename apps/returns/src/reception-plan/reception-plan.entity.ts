import { NeutralReason, type StateOf } from '@footbridge/contracts';
import { direct, operational, quasi, special, type RowOf } from '@footbridge/lifecycle';

interface Contact { readonly name: string; readonly phone: string }
/** Who meets her, where, and what comes after. EMM. */
export interface Arrangement {
  readonly officer: Contact; readonly substitute: Contact; readonly meetingPoint: string; readonly emergencyNumber: string; readonly firstNightLodging: string; readonly onwardTransport: string;
}

export const receptionPlanFields = {
  returnCase: operational.uuid({ shown: 'nobody' }),
  originOffice: operational.ref({ shown: 'parties' }),
  originConsent: operational.ref({ shown: 'nobody' }),
  reason: operational.code(NeutralReason, { shown: 'parties' }),
  /** scrypt. Sealed too, since the words are few. */
  codePhrase: special.text(),
  languages: quasi.refs(),
  interpreterNeeded: quasi.boolean(),
  accessNeeded: quasi.boolean(),
  /** What the origin office must carry out, and nothing of why (reference 2.3.2). */
  mitigations: special.json<readonly string[]>(),
  traveller: direct.json<{ readonly givenName?: string; readonly familyName?: string }>(),
  arrangement: direct.json<Arrangement>(),
};
export type ReceptionPlanRow = RowOf<typeof receptionPlanFields>;

/** While one of these stands, the office waits for her. */
export const openPlan: readonly StateOf<'ReceptionPlan'>[] = ['reception_requested', 'reception_accepted', 'ready'];
