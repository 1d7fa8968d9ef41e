import { table, type Classes } from '@footbridge/service';

const case_ = { basis: 'CASE_BASIS', retention: 'CASE', purpose: 'REINTEGRATION' } as const;

/** Why this service keeps what it keeps, how long, and who sees it (reference 2.7). */
export const classes: Classes = {
  lifecycles: { ReintegrationCase: { ...case_, seen: 'REINTEGRATION', fields: { CASE_FILE: 'child suspendedFor closureReason schoolOrEmployer' } } },
  tables: { known_reception: table({ ...case_, purpose: 'RETURN', seen: 'MACHINERY' }, { operational: 'return_case case_ref received_at' }), told_elsewhere: table({ ...case_, seen: 'MACHINERY' }, { operational: 'case_ref recipient service' }) },
  // An action of a plan is sealed with the plan.
  bodies: { ProposeBody: 'organisation returnCase needsAsTheyAre', PlanActionBody: 'dimension dueOn', ContactAttemptBody: 'at channel' },
};
