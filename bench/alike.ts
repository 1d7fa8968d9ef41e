import { newRef } from '@footbridge/privacy';
import { referralsService } from '@footbridge/referrals';
import { testInstance, type TestAccount } from '@footbridge/testing';
import { rounds, type Rate, type Result } from './rounds.js';

/** How far apart two answers may be that tell nothing from one another. */
const ALIKE = 0.2;

/** T34: somebody else's case and one that is not there are answered in the same time, by as many requests in turn; the ratio is of their medians. */
export async function alike(quick: boolean): Promise<Result> {
  const [house, stranger] = [newRef('org'), newRef('org')];
  const instance = await testInstance([referralsService], { name: 'bench-alike', config: { denyList: { standing: () => 'good' } } });
  try {
    await instance.services.get('referrals')?.pool.query(`insert into known_organisation (organisation, type, country, active, version) values ($1, 'NGO', 'AL', true, 1), ($2, 'NGO', 'AL', true, 1)`, [house, stranger]);
    const theirs = await instance.account(house, 'CASE_WORKER').post('/v1/cases', { purpose: 'ASSISTANCE', ageBelief: 'adult', person: { givenName: 'Example' } });
    if (theirs.status !== 201) throw new Error(`case ${theirs.status}`);
    const asks: TestAccount = instance.account(stranger, 'CASE_WORKER');
    const medianOf = async (path: () => string): Promise<Rate> => {
      const took: number[] = [];
      for (let n = 0; n < (quick ? 60 : 300); n += 1) {
        const before = process.hrtime.bigint();
        const { status } = await asks.get(path());
        took.push(Number(process.hrtime.bigint() - before) / 1e9);
        if (status !== 404) throw new Error(`${status} where nothing was to be found`);
      }
      return { perSecond: 1 / (took.sort((a, b) => a - b)[took.length >> 1] as number) };
    };
    const foreign = `/v1/cases/${String(theirs.body['id'])}`;
    await medianOf(() => foreign);
    const result = await rounds('alike', quick ? 7 : 15, () => medianOf(() => `/v1/cases/${newRef('cas')}`), () => medianOf(() => foreign), { ours: { what: 'a case of another organisation' }, reference: { what: 'a case that is not there' } });
    return { ...result, ...(Math.abs(result.ratio - 1) > ALIKE ? { misses: ['ratio'] } : {}) };
  } finally { await instance.close(); }
}
