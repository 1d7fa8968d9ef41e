import { table, type Classes } from '@footbridge/service';

const case_ = { basis: 'CASE_BASIS', retention: 'CASE' } as const;
const known = { purpose: 'OPERATION', basis: 'NOT_PERSONAL', retention: 'CURRENT', seen: 'MACHINERY' } as const;

/** Why this service keeps what it keeps, how long, and who sees it (reference 2.7). */
export const classes: Classes = {
  lifecycles: {
    Case: { ...case_, purpose: 'ASSISTANCE', seen: 'CASE_FILE', fields: { IDENTITY: 'person adultOn', EXPLOITATION: 'trafficking', HEALTH: 'health', NEEDS: 'needs isChild unaccompanied ageBelief' } },
    Identification: { ...case_, purpose: 'ASSISTANCE', seen: 'EXPLOITATION' },
    ConsentRecord: { ...case_, purpose: 'CONSENT', basis: 'LEGAL_OBLIGATION', seen: 'CONSENT', fields: { CASE_FILE: 'givenBy childAgrees childWords viewsMissing bestInterestsAssessed' } },
    GuardianAppointment: { ...case_, purpose: 'ASSISTANCE', seen: 'IDENTITY', fields: { CASE_FILE: 'endReason guardianOrganisation' } },
    RiskAssessment: { ...case_, purpose: 'SAFETY', seen: 'RETURN_RISK' },
    Referral: { ...case_, purpose: 'REFERRAL', seen: 'REFERRAL_STATE', fields: { NEEDS: 'needs', CASE_FILE: 'override overrideReason' } },
    Hold: { ...case_, purpose: 'SAFETY', seen: 'HOLD' },
    SafetyAlert: { ...case_, purpose: 'SAFETY', seen: 'CASE_FILE' },
    Recall: { ...case_, purpose: 'RIGHTS', basis: 'LEGAL_OBLIGATION', retention: 'TRAIL', seen: 'CONSENT' },
    Intake: { ...case_, purpose: 'SHELTER', seen: 'REFERRAL_STATE' },
    RightsRequest: { ...case_, purpose: 'RIGHTS', basis: 'LEGAL_OBLIGATION', retention: 'TRAIL', seen: 'CASE_FILE' },
    LegalHold: { ...case_, purpose: 'RIGHTS', basis: 'LEGAL_OBLIGATION', retention: 'TRAIL', seen: 'CASE_FILE' },
  },
  tables: {
    known_partner: table(known, { open: 'organisation services profiles', operational: 'state version' }),
    known_agreement: table(known, { operational: 'agreement from_organisation to_organisation categories until ended version' }),
    known_bed: table({ ...known, basis: 'CASE_BASIS' }, { operational: 'bed referral state version' }),
    known_shelter: table(known, { operational: 'shelter id organisation state version' }),
    known_reception: table({ ...case_, purpose: 'RETURN', seen: 'MACHINERY' }, { operational: 'case_ref office' }),
    disclosure: table({ purpose: 'ACCOUNTABILITY', basis: 'LEGAL_OBLIGATION', retention: 'TRAIL', seen: 'TRAIL' }, { operational: 'id referral_id case_id owner recipient consent_id categories at' }),
    clearance: table({ ...case_, purpose: 'SAFETY', seen: 'CASE_FILE' }, { operational: 'id case_id owner step cleared until version changed_at' }),
    clearance_due: table({ ...case_, purpose: 'SAFETY', retention: 'QUEUE', seen: 'MACHINERY' }, { operational: 'position case_id owner' }),
    erased: table({ purpose: 'RIGHTS', basis: 'LEGAL_OBLIGATION', retention: 'TRAIL', seen: 'CASE_FILE' }, { operational: 'case_ref service at' }),
  },
  bodies: {
    AssignBody: 'account',
    OpenCaseBody: 'owner',
    MarkRequiredBody: 'case',
    IntakeSourceBody: 'kind organisation',
    IntakeBody: 'source consents',
    DeletionConfirmationBody: 'consentRecord referral deleted ground',
    WithdrawConsentsBody: 'onBehalfOf how recipient',
  },
};
