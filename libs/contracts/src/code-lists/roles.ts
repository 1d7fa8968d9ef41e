import { codeList } from '@footbridge/privacy';

/** Who may do it (reference 2.0). PERSON and GUARDIAN act through a worker, PLATFORM is the instance itself, OPERATOR sees no personal data. */
export const Role = codeList('Role', [
  'PERSON', 'GUARDIAN', 'CASE_WORKER', 'SUPERVISOR', 'RECEIVER', 'SHELTER_INTAKE', 'SHELTER_MANAGER', 'RETURN_OFFICER',
  'ORIGIN_OFFICE', 'RECEPTION_OFFICER', 'REINTEGRATION_MANAGER', 'BID_PANEL', 'LAWYER', 'COMPETENT_AUTHORITY', 'CHILD_AUTHORITY',
  'REFERRER', 'ASYLUM_FOCAL_POINT', 'HOTLINE_COUNSELLOR', 'MEDIA_OFFICER', 'COMPLAINTS_BODY', 'DPO', 'PARTNER_ADMIN', 'PLATFORM', 'OPERATOR',
]);
export type Role = (typeof Role.values)[number];
export const roles: readonly Role[] = Role.values;
