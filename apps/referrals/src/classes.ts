import { table, type Classes } from '@footbridge/service';

const case_ = { basis: 'CASE_BASIS', retention: 'CASE' } as const;
const member = { purpose: 'NETWORK', basis: 'LEGITIMATE_INTERESTS', retention: 'MEMBERSHIP' } as const;
const statistics = { purpose: 'STATISTICS', basis: 'NOT_PERSONAL', retention: 'PUBLISHED', seen: 'EVERYBODY' } as const;
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
    BreakGlass: { ...case_, purpose: 'ACCOUNTABILITY', basis: 'LEGAL_OBLIGATION', retention: 'TRAIL', seen: 'CASE_FILE' },
    Export: { purpose: 'ACCOUNTABILITY', basis: 'LEGAL_OBLIGATION', retention: 'TRAIL', seen: 'OWN_ORGANISATION' },
    ExactRelease: { ...case_, purpose: 'REFERRAL', seen: 'CASE_FILE' },
    IdentityEnvelope: { ...case_, purpose: 'REFERRAL', basis: 'CONSENT', seen: 'IDENTITY' },
    RecipientKey: { ...member, seen: 'ORGANISATION' },
    ContinuityCode: { ...case_, purpose: 'ASSISTANCE', seen: 'CASE_FILE' },
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
    told_elsewhere: table({ ...case_, purpose: 'REFERRAL', seen: 'MACHINERY' }, { operational: 'case_ref recipient service' }),
    // Who was told what of her, sealed under the key of the case.
    learnt: table({ ...case_, purpose: 'REFERRAL', seen: 'MACHINERY' }, { operational: 'id owner recipient subject version', special: 'sealed' }),
    // Guesses of codes, by whom.
    continuity_attempt: table({ purpose: 'SAFETY', basis: 'LEGITIMATE_INTERESTS', retention: 'REPEAT', seen: 'MACHINERY' }, { operational: 'position account organisation at' }),
    continuity_pepper: table(known, { operational: 'one wrapped' }),
    decoy: table({ purpose: 'SAFETY', basis: 'LEGITIMATE_INTERESTS', retention: 'TRAIL', seen: 'MACHINERY' }, { operational: 'case_ref owner marked_by at' }),
    statistics_order: table({ ...statistics, seen: 'MACHINERY' }, { operational: 'id until version counted' }),
    statistics_ledger: table(statistics, { open: 'position family cube_version period epsilon_thousandths released_at' }),
    statistics_release: table(statistics, { open: 'period family citizenships json csv' }),
  },
  bodies: {
    AssignBody: 'account',
    OpenCaseBody: 'owner',
    MarkRequiredBody: 'case',
    IntakeSourceBody: 'kind organisation',
    IntakeBody: 'source consents',
    DeletionConfirmationBody: 'consentRecord referral deleted ground',
    WithdrawConsentsBody: 'onBehalfOf how recipient',
    ConfirmKeyBody: 'fingerprint',
    RotateReferencesBody: 'organisation',
    GiveCodeBody: 'herWish',
    RedeemBody: 'personPresent',
    // Under a key that is kept with the keys: it opens nothing, and nobody goes back from it to the code.
    UseCodeBody: 'successor',
  },
};
