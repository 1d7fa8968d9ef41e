import { Catch, type ExceptionFilter } from '@nestjs/common';
import { PrivacyRefusal } from '@footbridge/privacy';
import { throwError, type Observable } from 'rxjs';

/** Why an event is parked. A handler's own codes (`CONSENT_REQUIRED`) and those of the gate stand beside these. */
export const codes = {
  notOurs: 'NOT_OURS',
  headerUnknown: 'HEADER_UNKNOWN',
  headerRefused: 'HEADER_REFUSED',
  headerMissing: 'HEADER_MISSING',
  wrongTopic: 'WRONG_TOPIC',
  typeUnknown: 'TYPE_UNKNOWN',
  versionUnknown: 'VERSION_UNKNOWN',
  bodyRefused: 'BODY_REFUSED',
  handlerFailed: 'HANDLER_FAILED',
  /** This build has no handler of that name: it was renamed, or is no more. */
  handlerGone: 'HANDLER_GONE',
  /** Stands behind a parked event of the same key. */
  behind: 'BEHIND_PARKED',
  /** The transport keeps messages for a time only; this one is over. */
  gone: 'EVENT_GONE',
} as const;
export type Code = (typeof codes)[keyof typeof codes];

/** Thrown by a handler: a reason code, and whether trying again may help. */
export class HandlerRefusal extends Error {
  constructor(readonly code: string, readonly retry: boolean) {
    super(code);
    this.name = 'HandlerRefusal';
  }
}

/** The handler's effect stands already: its inbox row was there. */
export const ALREADY_HANDLED = 'ALREADY_HANDLED';

/** Any error as a code. The error itself may hold values (a statement, a row) and goes no further. */
export function refusalOf(error: unknown): HandlerRefusal {
  if (error instanceof HandlerRefusal) return error;
  if (error instanceof PrivacyRefusal) return new HandlerRefusal(error.code, false);
  const { code, constraint } = typeof error === 'object' && error !== null ? (error as { readonly code?: unknown; readonly constraint?: unknown }) : {};
  if (code === '23505' && constraint === 'inbox_pkey') return new HandlerRefusal(ALREADY_HANDLED, false);
  if (typeof code === 'string' && /^([0-9A-Z]{5}|E[A-Z]+)$/.test(code)) return new HandlerRefusal(`DATABASE_${code}`, true);
  // node-postgres gives no code when the server closes the connection
  if (error instanceof Error && /^Connection terminated|connection error and is not queryable|^timeout exceeded when trying to connect/.test(error.message)) return new HandlerRefusal('DATABASE_ECONNRESET', true);
  return new HandlerRefusal(codes.handlerFailed, true);
}

/** The service's own database does not answer: no event is to blame, and none is parked for it (SQLSTATE classes 08, 53, 57P; errors of the socket). */
export const databaseAway = (refusal: HandlerRefusal): boolean => /^DATABASE_(08|53|57P|E[A-Z]+$)/.test(refusal.code);

/** Nest logs what a handler throws, with its stack, and tells the strategy only "Internal server error". This one tells the code and logs nothing. */
@Catch()
export class RefusalFilter implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => refusalOf(error));
  }
}
