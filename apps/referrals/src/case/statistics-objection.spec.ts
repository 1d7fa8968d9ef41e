import { randomUUID } from 'node:crypto';
import { ConsentPurpose, states } from '@footbridge/contracts';
import { testDatabase } from '@footbridge/testing';
import pg from 'pg';
import { inStatistics, takesPartInStatistics } from './statistics-objection.js';

type Answer = Parameters<typeof takesPartInStatistics>[1][number];
type Counted = Parameters<typeof takesPartInStatistics>[0];
interface Combination { readonly id: string; readonly of: Counted; readonly answers: readonly Answer[] }

const at = (minute: number): string => `2026-11-25T10:${String(minute).padStart(2, '0')}:00.000Z`;
const answer = (state: string, minute: number, purpose = 'ANONYMISED_STATISTICS'): Answer => ({ state, purpose, createdAt: at(minute) }) as Answer;
const all = states.ConsentRecord.values;
/** No question, one, two and three of them in every state, in either order, and at once. */
const asked: readonly (readonly Answer[])[] = [
  [], ...all.map((s) => [answer(s, 1)]), ...all.flatMap((a) => all.flatMap((b) => [[answer(a, 1), answer(b, 2)], [answer(b, 1), answer(a, 1)]])),
  ...all.flatMap((a) => all.map((b) => [answer(a, 3), answer('given', 2), answer(b, 1)])),
  ...ConsentPurpose.values.filter((p) => p !== 'ANONYMISED_STATISTICS').flatMap((p) => all.map((s) => [answer(s, 2, p)])),
];
const cases: readonly Counted[] = [{ state: 'active' }, { state: 'closed' }, { state: 'anonymised' }, { state: 'active', restrictedAt: at(0) }, { state: 'active', statisticsObjectedAt: at(0) }] as Counted[];
const combinations: readonly Combination[] = asked.flatMap((answers) => cases.map((of) => ({ id: randomUUID(), of, answers })));

it('DP-27 of everything that she may have said, the guard and the count say the same', async () => {
  const client = new pg.Client({ connectionString: await testDatabase('counted') });
  await client.connect();
  try {
    await client.query('create temp table "case" (id uuid, state text, restricted_at timestamptz, statistics_objected_at timestamptz); create temp table consent_record (case_id uuid, purpose text, state text, created_at timestamptz)');
    await client.query('insert into "case" select * from json_to_recordset($1) as c(id uuid, state text, "restrictedAt" timestamptz, "statisticsObjectedAt" timestamptz)', [JSON.stringify(combinations.map(({ id, of }) => ({ id, ...of })))]);
    await client.query('insert into consent_record select * from json_to_recordset($1) as k(id uuid, purpose text, state text, "createdAt" timestamptz)', [JSON.stringify(combinations.flatMap(({ id, answers }) => answers.map((a) => ({ id, ...a }))))]);
    const { rows } = await client.query<{ id: string; counted: boolean }>(`select c.id, ${inStatistics('c')} as counted from "case" c`);
    const counted = new Map(rows.map((row) => [row.id, row.counted]));
    expect(counted.size).toBe(combinations.length);
    expect(combinations.filter(({ id, of, answers }) => counted.get(id) !== takesPartInStatistics(of, answers)).map(({ of, answers }) => ({ of, answers }))).toEqual([]);
    expect(new Set(counted.values())).toEqual(new Set([true, false]));
  } finally { await client.end(); }
});

it.each<readonly [string, readonly Answer[], boolean]>([
  ['was informed and never asked', [], true], ['was asked and has not answered', [answer('requested', 1)], false], ['has said yes before, and is asked again', [answer('given', 1), answer('requested', 2)], false],
  ['has said no, and then yes', [answer('refused', 1), answer('given', 2)], true], ['has taken it back', [answer('given', 1), answer('withdrawn', 2)], false], ['said both at once', [answer('given', 1), answer('refused', 1)], false],
  ['let it expire', [answer('expired', 1)], true], ['said no to something else', [answer('refused', 1, 'MEDIA_INTERVIEW')], true],
])('DP-27 whoever %s', (_, answers, is) => { expect(takesPartInStatistics({ state: 'active' } as Counted, answers)).toBe(is); });
