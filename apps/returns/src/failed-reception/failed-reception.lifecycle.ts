import { FailedReceptionRecorded, FailedReceptionReviewed } from '@footbridge/contracts';
import { NONE, attested, lifecycle, type Facts } from '@footbridge/lifecycle';
import { byReviewer } from '../visible.js';
import { failedReceptionFields, type FailedReceptionRow } from './failed-reception.entity.js';

/** F7: every failed reception is looked into by two people, with a new risk assessment; until then the office is sent nobody else. */
export const FailedReception = lifecycle<Facts<FailedReceptionRow>>()({
  name: 'FailedReception', service: 'returns', prefix: 'frc', states: ['unreviewed', 'reviewed'], fields: failedReceptionFields, created: 'by companion',
  links: { returnCase: { kind: 'ret', column: 'returnCase', collection: 'return-cases' } },
  visible: `(t.owner = ($1->>0) and ${byReviewer})`,
  clocks: [
    { name: 'review', in: ['unreviewed'], due: ({ row }) => new Date(row.createdAt), alert: { code: 'RECEPTION_TO_BE_REVIEWED', to: ({ row }) => row.owner } },
    { name: 'risk', in: ['unreviewed'], due: ({ row }) => new Date(row.createdAt), alert: { code: 'RISK_TO_BE_ASSESSED_ANEW', to: ({ row }) => row.owner } },
  ],
  rows: [
    // from           command            to            by              guards                                                                emits
    [NONE,            'recordFailure',   'unreviewed', ['PLATFORM'],   [],                                                                   FailedReceptionRecorded],
    [['unreviewed'],  'reviewReception', 'reviewed',   ['SUPERVISOR'], [
      attested('causeFoundAndMended', 'Why nobody met her was found out, and mended', 'F7'), attested('riskAssessedAnew', 'Her risk was assessed anew', 'F7'),
    ], FailedReceptionReviewed, { approval: ['SUPERVISOR', 'DPO'] }],
  ],
});
