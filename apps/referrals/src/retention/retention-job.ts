import { after, deadlines } from '@footbridge/contracts';
import { Problem, log, reasonOf, type Job, type Principal, type Running } from '@footbridge/service';
import type { CaseRow } from '../case/case.entity.js';
import { Case } from '../case/case.lifecycle.js';
import type { Person } from '../case/person.dto.js';
import { Referral } from '../referral/referral.lifecycle.js';

interface Over { readonly what: 'TRAVEL_DOCUMENTS' | 'REFERRAL_NEEDS'; readonly id: string; readonly owner: string }

const EVERY_MS = 60_000;
const ofJourney: readonly (keyof Person)[] = ['identityNumber', 'travelDocumentNumber'];
export const withoutDocuments = (person: Person): Person => Object.fromEntries(Object.entries(person).filter(([name]) => !(ofJourney as readonly string[]).includes(name)));

/**
 * A purpose ends before the case does (DP-20): 90 days after the last consent to a journey the numbers of her documents go, and
 * 90 days after a referral is over what its receiver needed to know. Looked at once a day; nothing of a case on legal hold goes.
 */
export class RetentionJob implements Job {
  #timer: NodeJS.Timeout | undefined;
  #day: string | undefined;
  constructor(private readonly running: Running) {}

  start(): void { this.#timer ??= setInterval(() => { void this.daily().catch((error: unknown) => log('retention-failed', { service: 'referrals', reason: reasonOf(error) })); }, EVERY_MS).unref(); }
  stop(): void { clearInterval(this.#timer); this.#timer = undefined; }

  private async daily(): Promise<void> {
    const today = this.running.clock.now().toISOString().slice(0, 10);
    if (today === this.#day) return;
    await this.run();
    this.#day = today;
  }

  /** Returns how much was forgotten. */
  async run(): Promise<number> {
    const now = this.running.clock.now();
    const { rows } = await this.running.pool.query<Over>('select what, id, owner from purposes_over($1, $2)', [now.toISOString(), after(now, { days: -deadlines.purposeKept.days }).toISOString()]);
    let forgotten = 0;
    for (const over of rows) if (await this.#forget(over, now)) forgotten += 1;
    return forgotten;
  }

  async #forget({ what, id, owner }: Over, now: Date): Promise<boolean> {
    const { engine } = this.running;
    const platform: Principal = { subject: 'platform', organisation: owner, roles: ['PLATFORM'] };
    const l = what === 'TRAVEL_DOCUMENTS' ? Case : Referral;
    const [found] = await engine.store.find<typeof Case | typeof Referral>(l, owner, 't.id = ($1->>0)::uuid', [id]);
    if (!found) return false;
    const { person } = found.row as CaseRow;
    const changes = what === 'TRAVEL_DOCUMENTS' ? { documentsForgottenAt: now.toISOString(), ...(person ? { person: person.map(withoutDocuments) } : {}) } : { needsForgottenAt: now.toISOString(), needs: undefined };
    try {
      await engine.amend(l, found, platform, 'learn', changes);
      return true;
    } catch (error) {
      // Somebody works on it in this moment: tomorrow.
      if (error instanceof Problem && error.code === 'stale-version') return false;
      throw error;
    }
  }
}
