import { codeList } from '@footbridge/privacy';

/** Why a case may be opened to somebody to whom it is not given (design 4.1, U4). That somebody may be a victim is no reason (U5). */
export const BreakGlassReason = codeList('BreakGlassReason', ['LIFE_AT_RISK', 'COURT_ORDER', 'CHILD_PROTECTION']);
export type BreakGlassReason = (typeof BreakGlassReason.values)[number];

export const BreakGlassState = codeList('BreakGlassState', ['open', 'ended', 'reviewed']);
export type BreakGlassState = (typeof BreakGlassState.values)[number];

/** What the review of an emergency found. */
export const BreakGlassFinding = codeList('BreakGlassFinding', ['JUSTIFIED', 'NOT_JUSTIFIED']);
export type BreakGlassFinding = (typeof BreakGlassFinding.values)[number];

/** Where an export of many cases stands (decisions 6). */
export const ExportState = codeList('ExportState', ['allowed', 'running', 'finished', 'revoked', 'lapsed']);
export type ExportState = (typeof ExportState.values)[number];
