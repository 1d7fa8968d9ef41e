import { HandlerRefusal } from '@footbridge/messaging';
import { PrivacyRefusal } from '@footbridge/privacy';

declare const made: unique symbol;
/** Why, as `reasonOf`, `placeOf` and `codeReason` say it: the name and the code of an error and our own place in its stack, never its words. */
export type LogReason = string & { readonly [made]: true };

const NAME = /^(?:[A-Za-z]{0,40}(?:Error|Exception|Refusal)|KafkaJS[A-Za-z]{1,40}|TransportAway|error|unknown)$/;
/** Ours and Node's are words joined by underscores; SQLSTATE has a digit in it, so that no name of five letters is one. */
const CODE = /^(?:[A-Z][A-Z0-9]{0,40}(?:_[A-Z0-9]{1,40}){1,8}|(?=[A-Z]*\d)[0-9A-Z]{5})$/;
const ONE_WORD: ReadonlySet<string> = new Set(['INTERNAL', 'STALE', 'UNCLASSIFIED', 'KAFKA', 'POSTGRES', 'UNKNOWN',
  ...'EACCES EADDRINUSE EAGAIN EBUSY ECONNABORTED ECONNREFUSED ECONNRESET EEXIST EHOSTUNREACH EIO EISDIR EMFILE ENETUNREACH ENOENT ENOSPC ENOTDIR ENOTFOUND EPERM EPIPE EROFS ETIMEDOUT'.split(' ')]);
const PLACE = /^(?:apps|libs|node_modules)\/[\w@/.-]{1,120}:\d{1,6}$/;

const isCode = (word: string): boolean => CODE.test(word) || ONE_WORD.has(word);
/** One to three words, each of a form that a person's name, address or number does not have. */
export const isReason = (value: unknown): value is string => typeof value === 'string' && value.length <= 250 && value.split(' ').length <= 3 && value.split(' ').every((word) => NAME.test(word) || isCode(word) || PLACE.test(word));

const reason = (...words: readonly (string | undefined)[]): LogReason => words.filter((word) => word !== undefined && word !== '').join(' ') as LogReason;
/** A code that another part of us says; what is none is `unknown`. */
export const codeReason = (code: unknown): LogReason => reason(typeof code === 'string' && (isCode(code) || NAME.test(code)) ? code : 'unknown');
/** What failed: anybody may set the name and the code of an error, so each is looked at. */
export function reasonOf(error: unknown): LogReason {
  if (!(error instanceof Error)) return reason('unknown');
  const { code } = error as { readonly code?: unknown };
  const known = typeof code === 'string' && isCode(code) ? code : undefined;
  // A refusal of ours is its code.
  return known && (error instanceof PrivacyRefusal || error instanceof HandlerRefusal) ? reason(known) : reason(NAME.test(error.name) ? error.name : 'Error', known);
}
/** And where: our own line, or a package's. */
export function placeOf(error: unknown): LogReason {
  const place = error instanceof Error ? /((?:apps|libs|node_modules)\/[\w@/.-]{1,120}:\d{1,6})/.exec(error.stack?.slice(error.stack.indexOf('\n    at ')) ?? '')?.[1] : undefined;
  return reason(reasonOf(error), place);
}
