import { after, callAfter, deadlines, referralDeadlines } from './index.js';

const at = (text: string): Date => new Date(`${text}Z`);
const end = (start: string, span: Parameters<typeof after>[1]): string => after(at(start), span).toISOString().slice(0, 16);

describe('deadlines (reference 2.1.3)', () => {
  it('are 24 hours, 72 hours and 14 days for a decision', () => {
    expect(end('2026-11-24T03:06', referralDeadlines.decision.EMERGENCY)).toBe('2026-11-25T03:06');
    expect(end('2026-11-24T03:06', referralDeadlines.decision.URGENT)).toBe('2026-11-27T03:06');
    expect(end('2026-11-24T03:06', referralDeadlines.decision.NORMAL)).toBe('2026-12-08T03:06');
  });
  it('leave out Saturday and Sunday where they are working days', () => {
    expect(end('2026-11-26T10:00', referralDeadlines.acknowledgement.NORMAL)).toBe('2026-11-30T10:00'); // Thursday to Monday
    expect(end('2026-11-28T10:00', referralDeadlines.acknowledgement.NORMAL)).toBe('2026-12-01T10:00'); // Saturday to Tuesday
  });
  it('end a month on the last day of a shorter one', () => {
    expect(end('2027-01-31T08:00', deadlines.reintegrationPlan)).toBe('2027-02-28T08:00');
    expect(end('2026-11-24T08:00', deadlines.bestInterestsValidity)).toBe('2027-05-24T08:00');
  });
  it('call the receiver of an emergency after a quarter of an hour', () => { expect(end('2026-11-24T23:50', callAfter.EMERGENCY)).toBe('2026-11-25T00:05'); });
  it('leave the start as it was', () => { const start = at('2026-11-24T00:00'); after(start, { months: 1, workingDays: 3 }); expect(start).toEqual(at('2026-11-24T00:00')); });
});
