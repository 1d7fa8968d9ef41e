import { table, type Classes } from '@footbridge/service';

const case_ = { basis: 'CASE_BASIS', retention: 'CASE', purpose: 'RETURN' } as const;

/** Why this service keeps what it keeps, how long, and who sees it (reference 2.7). */
export const classes: Classes = {
  lifecycles: {
    ReturnCase: { ...case_, seen: 'RETURN', fields: { HEALTH: 'fitToTravel', RETURN_RISK: 'notClearedReasons suspendedFor', CASE_FILE: 'wish decision child', IDENTITY: 'itinerary escort' } },
    ReceptionPlan: { ...case_, seen: 'RETURN', fields: { IDENTITY: 'traveller languages interpreterNeeded', NEEDS: 'accessNeeded', RETURN_RISK: 'mitigations', CASE_FILE: 'codePhrase', RETURN: 'arrangement' } },
    FailedReception: { ...case_, seen: 'CASE_FILE' },
  },
  tables: {
    known_reintegration: table({ ...case_, purpose: 'REINTEGRATION', seen: 'MACHINERY' }, { operational: 'reintegration case_ref organisation state version' }),
    phrase_attempt: table({ ...case_, retention: 'PURPOSE', seen: 'MACHINERY' }, { operational: 'plan at' }),
    known_envelope: table({ ...case_, seen: 'MACHINERY' }, { operational: 'envelope case_ref recipient due_at' }),
    told_elsewhere: table({ ...case_, seen: 'MACHINERY' }, { operational: 'case_ref recipient service' }),
    // What an office has learnt of her, sealed under the key of the case.
    learnt: table({ ...case_, seen: 'MACHINERY' }, { operational: 'id owner recipient subject version', quasi: 'sealed' }),
  },
  bodies: { RequestReturnBody: 'returnOrganisation', CompleteReturnBody: 'helpDeclined' },
};
