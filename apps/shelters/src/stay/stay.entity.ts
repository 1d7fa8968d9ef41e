import { ExitType, NeutralReason } from '@footbridge/contracts';
import { codeList } from '@footbridge/privacy';
import { operational, quasi, special, type RowOf } from '@footbridge/lifecycle';

/** How somebody came: a referral that was accepted, at the door, or brought by police for one night at most (reference 2.2.1). */
export const Arrival = codeList('Arrival', ['REFERRAL', 'AT_THE_DOOR', 'EMERGENCY_PLACEMENT']);
export type Arrival = (typeof Arrival.values)[number];

export const stayFields = {
  shelter: operational.uuid({ shown: 'nobody' }),
  unit: operational.text(),
  bed: operational.text(),
  reservation: operational.uuid({ shown: 'nobody' }),
  referral: operational.uuid({ shown: 'nobody' }),
  referrer: operational.ref({ shown: 'nobody' }),
  intake: operational.ref({ shown: 'nobody' }),
  arrival: operational.code(Arrival),
  /** Stays in the house (reference 2.2.4): no event brings it, the desk writes it down. */
  arrivedAt: operational.instant(),
  admittedAt: operational.instant(),
  exitedAt: operational.instant(),
  /** The person's own free will, or for a child the guardian's or authority's decision, is on record. COE 12(7). */
  decided: operational.boolean(),
  reason: operational.code(NeutralReason),
  /** Left before documents and belongings were handed over: they are hers and are still owed. */
  handOverOwed: operational.boolean(),
  exitType: quasi.code(ExitType),
  belongings: special.json<readonly string[]>(),
  medication: special.text(),
  healthNotes: special.text(),
  psychNotes: special.text(),
  incidentLog: special.text(),
};
export type StayRow = RowOf<typeof stayFields>;
