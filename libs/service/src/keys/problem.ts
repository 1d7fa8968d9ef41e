import { PrivacyRefusal } from '@footbridge/privacy';
import { reasonOf } from '../log-reason.js';
import { log } from '../log.js';
import { Problem } from '../problem.js';

/** No waiting heals these: somebody has to put a key, or a row, right. */
const forOperators: ReadonlySet<string> = new Set(['KEY_UNKNOWN', 'UNWRAP_FAILED', 'UNSEAL_FAILED', 'KEY_FILE_EXPOSED', 'KEY_FILE_DAMAGED']);
export const notOpened: ReadonlySet<string> = new Set(['KEY_STORE_UNAVAILABLE', ...forOperators]);
export const isForOperator = (error: unknown): boolean => error instanceof PrivacyRefusal && forOperators.has(error.code);

/**
 * What a caller is told where a key is not to be had. Which one, and why, is the operator's to read in the log (docs/operating.md).
 * That an organisation is in a panic is its own to know: who waits for something of it is told to come again, as where a key store is away.
 */
export function keyProblem(error: unknown, isOwnLocked: boolean): Problem | undefined {
  if (!(error instanceof PrivacyRefusal)) return undefined;
  if (error.code === 'KEYS_LOCKED') return isOwnLocked ? new Problem('keys-locked') : comeAgain();
  if (!notOpened.has(error.code)) return undefined;
  log('keys-refused', { reason: reasonOf(error) });
  return isForOperator(error) ? new Problem('keys-unavailable') : comeAgain();
}
const comeAgain = (): Problem => new Problem('service-unavailable', {}, { 'retry-after': '5' });
