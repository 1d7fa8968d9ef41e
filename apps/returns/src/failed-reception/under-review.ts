import { guard, type Read } from '@footbridge/lifecycle';

/** Whoever's return it was that failed there: of that no more than this is told. */
export async function underReview(read: Read, office: string | undefined): Promise<boolean> {
  const [found] = await read.sql<boolean>('select to_jsonb(office_under_review($1->>0))', [office ?? null]);
  return found === true;
}

/** F7: nobody else is sent to an office that failed to meet somebody, until two people have looked into it. */
export const officeIsReviewed = guard<{ readonly officeUnderReview?: boolean }>('F7', 'failedReceptionsAreReviewed', ({ officeUnderReview }) => (officeUnderReview ? 'OFFICE_UNDER_REVIEW' : undefined));
