import { continuityDigest, newSubjectKey, type KeyStore } from '@footbridge/privacy';
import type { Pool } from 'pg';

const KEEPER = 'service-referrals';
const LABEL = 'continuity-codes';
/** Guesses an hour: of one account, of one organisation, of everybody. 16 digits outlast them by ages. */
const LIMITS = { account: 5, organisation: 20, everybody: 200 };

/** What is kept with the keys, and how often somebody has tried. */
export class ContinuityCodes {
  #pepper: Promise<Buffer> | undefined;
  constructor(private readonly pool: Pool, private readonly keys: KeyStore) {}

  async digest(code: string): Promise<string> {
    this.#pepper ??= this.#read();
    const pepper = await this.#pepper.catch((error: unknown) => { this.#pepper = undefined; throw error; });
    return continuityDigest(pepper, code);
  }

  /** Whether one more may be tried now; it counts whatever becomes of it, in every process and after any restart. */
  async mayTry(account: string, organisation: string, now: Date): Promise<boolean> {
    await this.pool.query('insert into continuity_attempt (account, organisation, at) values ($1, $2, $3)', [account, organisation, now]);
    // What is counted is there already: of several that come at once none is overlooked.
    const { rows: [tried] } = await this.pool.query<{ account: string; organisation: string; everybody: string }>(
      `select count(*) filter (where account = $1) as account, count(*) filter (where organisation = $2) as organisation, count(*) as everybody from continuity_attempt where at > $3::timestamptz - interval '1 hour'`, [account, organisation, now]);
    await this.pool.query(`delete from continuity_attempt where at < $1::timestamptz - interval '1 day'`, [now]);
    return tried !== undefined && Number(tried.account) <= LIMITS.account && Number(tried.organisation) <= LIMITS.organisation && Number(tried.everybody) <= LIMITS.everybody;
  }

  /** The case that a code opens now. A code that was used, replaced, revoked or is over is as unknown as one that never was. */
  async find(digest: string, now: Date): Promise<{ readonly id: string; readonly owner: string } | undefined> {
    return (await this.pool.query<{ id: string; owner: string }>('select id, owner from continuity_code_of($1, $2)', [digest, now])).rows[0];
  }

  async #read(): Promise<Buffer> {
    const kept = async (): Promise<string | undefined> => (await this.pool.query<{ wrapped: string }>('select wrapped from continuity_pepper')).rows[0]?.wrapped;
    let wrapped = await kept();
    if (wrapped === undefined) {
      // Of several replicas one makes it.
      await this.pool.query('insert into continuity_pepper (wrapped) values ($1) on conflict do nothing', [await this.keys.wrap(KEEPER, newSubjectKey(), LABEL)]);
      wrapped = await kept() ?? '';
    }
    return this.keys.unwrap(KEEPER, wrapped, LABEL);
  }
}
export const codes = 'continuityCodes';
