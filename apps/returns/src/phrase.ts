import { Sealed } from '@footbridge/privacy';
import { guard, type Read } from '@footbridge/lifecycle';
import { attempts, matchesHash, type PhraseAttempts } from './code-phrase.js';
import type { ReceptionPlanRow } from './reception-plan/reception-plan.entity.js';

export type PhraseSaid = 'matched' | 'wrong' | 'tried too often';

const isText = (value: unknown): value is Sealed<string> => Sealed.is(value) && value.test((text) => typeof text === 'string');

/** What the person said, against what only she was told. Each try counts, whatever becomes of the command. */
export async function phraseSaid(read: Read, plan: ReceptionPlanRow | undefined, said: unknown, now: Date): Promise<PhraseSaid> {
  if (!plan?.codePhrase || !isText(said)) return 'wrong';
  if (!(await read.port<PhraseAttempts>(attempts).take(plan.id, now))) return 'tried too often';
  return matchesHash(said, plan.codePhrase) ? 'matched' : 'wrong';
}

/** F5: whoever meets her hears it from her. */
export const matchCodePhrase = guard<{ readonly phrase?: PhraseSaid }>('F5', 'codePhraseMatches', ({ phrase }) =>
  (phrase === 'matched' ? undefined : phrase === 'tried too often' ? 'CODE_PHRASE_TRIED_TOO_OFTEN' : 'CODE_PHRASE_WRONG'), { onBody: true });
