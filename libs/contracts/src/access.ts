import { auditOnly } from './event.js';

const service = 'referrals';

// --- Emergencies and exports: the audit trail only. Nobody outside the organisation learns that there was one (G12).

export const BreakGlassOpened = auditOnly(service, 'BreakGlassOpened', 'A case is open to one worker for 30 minutes, to whom it is not given.');
export const BreakGlassConfirmed = auditOnly(service, 'BreakGlassConfirmed', "A second person's word, where life was at risk and nobody could wait for it.");
export const BreakGlassEnded = auditOnly(service, 'BreakGlassEnded', 'The time is over, or somebody stopped it.');
export const BreakGlassReviewed = auditOnly(service, 'BreakGlassReviewed', 'A data protection officer has looked at it afterwards.');
export const ExportAllowed = auditOnly(service, 'ExportAllowed', 'Two persons allow one account one export of many cases within 24 hours.');
export const ExportStarted = auditOnly(service, 'ExportStarted', 'It is used, once.');
export const ExportFinished = auditOnly(service, 'ExportFinished', 'The file is written.');
export const ExportRevoked = auditOnly(service, 'ExportRevoked', 'Supervision has taken it back.');
export const ExportLapsed = auditOnly(service, 'ExportLapsed', 'It was not used, or not finished, in time.');
