import { isCountry, StatisticsCounted, StatisticsOrdered, worldOf, type StatisticsOutcome } from '@footbridge/contracts';
import { Ledger, PrivacyRefusal, Tally, defineCube, publish, releaseFiles, type Cube, type Spent } from '@footbridge/privacy';
import { Conflict, Stale, handlersOf, log, reasonOf, type Change, type Job, type Running } from '@footbridge/service';
import { Case } from '../case/case.lifecycle.js';
import { inStatistics } from '../case/statistics-objection.js';
import { notDecoy } from '../decoy/decoy.controller.js';
import { countedOf } from './counted.js';

const FAMILY = 'footbridge';
/** For all tables of a year together, and 11 as CTDC has it (S-11; docs/decisions). */
const EPSILON = 1;
const K = 11;
const EVERY_MS = 1_000;
const AT_ONCE = 200;
/** A rule has spoken, and will say the same tomorrow; anything else is tried again. */
const final: readonly string[] = ['AREA_INVALID', 'AREA_TOO_SMALL', 'BUDGET_SPENT', 'RELEASED_ALREADY', 'PERIOD_INVALID', 'PERIOD_NOT_OVER'];

interface Order { readonly id: string; readonly until: string; readonly version: number }

/** What two persons of the network have ordered (notifications/statistics-order). */
export const StatisticsOrders = handlersOf('StatisticsOrders', [{
  type: StatisticsOrdered.type,
  handle: ({ data }, context) => context.once('StatisticsOrders', async (tx) => {
    await tx.query(`insert into statistics_order (until) values ($1) on conflict (until) do update set counted = null, version = statistics_order.version + 1 where statistics_order.counted = 'REFUSED'`, [data['until']]);
  }),
}]);

/** Alpha-3 of a country that an organisation or a case names. */
const alpha3 = (country: string): readonly string[] => { const found = isCountry(country) ? worldOf(country) : undefined; return found ? [found.alpha3] : []; };

/** Left out: who was invented, is found not to be a victim, and who does not take part (DP-27, DP-13). */
const counts = `not exists (select 1 from identification i where i.case_id = t.id and i.state = 'not_identified')
  and ${notDecoy('t')} and ${inStatistics('t')}`;

/**
 * Counts the people of a year, once each, and publishes the year's tables with their noise. Nobody sees a true count: what a case says goes
 * sealed into the tally, and the library gives back noisy numbers only. Release, ledger and news are one transaction; of two replicas that
 * count at once, one publishes, and the other's noise is thrown away unseen.
 */
export class StatisticsJob implements Job {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  constructor(private readonly running: Running) {}

  start(): void { this.#timer ??= setInterval(() => { void this.run().catch((error: unknown) => log('statistics-failed', { service: 'referrals', reason: reasonOf(error) })); }, EVERY_MS); }
  async stop(): Promise<void> { clearInterval(this.#timer); this.#timer = undefined; await this.#running?.catch(() => undefined); }

  run(): Promise<void> { return (this.#running ??= this.#next().finally(() => { this.#running = undefined; })); }

  async #next(): Promise<void> {
    const { rows: [order] } = await this.running.pool.query<Order>(`select id, to_char(until, 'YYYY-MM-DD') as until, version from statistics_order where counted is null order by until limit 1`);
    if (!order) return;
    try {
      await this.#settle(order, 'PUBLISHED', await this.#release(order.until.slice(0, 4), order));
    } catch (error) {
      // Another replica was faster.
      if (error instanceof Stale || error instanceof Conflict) return;
      if (!(error instanceof PrivacyRefusal) || !final.includes(error.code)) throw error;
      log('statistics-refused', { service: 'referrals', reason: reasonOf(error) });
      await this.#settle(order, 'REFUSED', []);
    }
  }

  async #settle({ id, until, version }: Order, counted: StatisticsOutcome, rows: readonly Change[]): Promise<void> {
    await this.running.engine.store.commit('', [
      { t: 'statistics_order', op: 'update', row: { counted, version: version + 1 }, id, version }, ...rows,
      this.running.engine.announce(StatisticsCounted, { aggregate: id, version: version + 1 }, { until, counted }),
    ], []);
  }

  async #release(period: string, { id }: Order): Promise<Change[]> {
    const { pool, clock, gate } = this.running;
    const now = clock.now();
    const { rows: spent } = await pool.query<Spent>('select family, cube_version as "cubeVersion", period, epsilon_thousandths as "epsilonThousandths" from statistics_ledger order by position');
    const { cube, named } = await this.#cube();
    const { tally, owners } = await this.#count(cube, period, named);
    const { release, spent: cost } = publish(cube, period, tally, { epsilon: EPSILON, kNoisy: K, now, ledger: new Ledger(spent) });
    const { json, csv } = releaseFiles(gate, cube, release);
    return [
      { t: 'statistics_ledger', op: 'insert', row: { family: cost.family, cube_version: cost.cubeVersion, period, epsilon_thousandths: cost.epsilonThousandths, released_at: now.toISOString() } },
      { t: 'statistics_release', op: 'insert', row: { period, family: cost.family, citizenships: named, json: json.bytes().toString('utf8'), csv: csv.bytes().toString('utf8') } },
      // Each organisation finds in its own trail that its cases were counted, and nobody's name in it (DP-14).
      { t: 'audit', op: 'insert', row: { at: now.toISOString(), organisations: owners, kind: 'sto', aggregate: id, command: 'countForStatistics', account: 'platform', role: 'PLATFORM', ground: 'ANONYMISED_STATISTICS', fields: ['person', 'trafficking'] } },
    ];
  }

  /** From public registers alone, and before anybody is counted: where at least three shelters are, and where the members of the network sit. */
  async #cube(): Promise<{ readonly cube: Cube; readonly named: readonly string[] }> {
    const { pool } = this.running;
    const { rows: houses } = await pool.query<{ country: string; shelters: number }>(`select o.country, count(*)::integer as shelters from known_shelter s join known_organisation o on o.organisation = s.organisation where s.state <> 'shelter_suspended' group by o.country having count(*) >= 3`);
    // One coding for ever: what the first release named, all later ones name (S-8).
    const { rows: [first] } = await pool.query<{ citizenships: string[] }>('select r.citizenships from statistics_release r join statistics_ledger l on l.family = r.family and l.period = r.period where r.family = $1 order by l.position limit 1', [FAMILY]);
    const { rows: members } = await pool.query<{ country: string }>('select distinct country from known_organisation');
    const named = first?.citizenships ?? [...new Set(members.flatMap(({ country }) => alpha3(country)))].sort();
    const areas = houses.flatMap(({ country, shelters }) => alpha3(country).map((area) => ({ area, shelters })));
    return { named, cube: defineCube({ family: FAMILY, version: 1, dimensions: ['gender', 'ageBroad', 'citizenship', 'CountryOfExploitation', 'isForcedLabour', 'isSexualExploit'], areas, citizenships: named }) };
  }

  async #count(cube: Cube, period: string, named: readonly string[]): Promise<{ readonly tally: Tally; readonly owners: readonly string[] }> {
    const { pool, engine } = this.running;
    const tally = new Tally(cube);
    const states = ['active', 'follow_up', 'closed', 'closed_referred'];
    const owners = [...new Set((await Promise.all(states.map((state) => engine.store.locate(Case, { state })))).flat().map(({ owner }) => owner))].sort();
    const { rows } = await pool.query<{ organisation: string; country: string }>('select organisation, country from known_organisation where organisation = any($1)', [owners]);
    const covered = rows.flatMap(({ organisation, country }) => alpha3(country).filter((area) => cube.areas.includes(area)).map((area) => ({ organisation, area })));
    for (const { organisation, area } of covered) {
      for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
        const page = await engine.store.find(Case, organisation, `t.opened_at >= ($1->>0)::timestamptz and t.opened_at < ($1->>1)::timestamptz and t.id > ($1->>2)::uuid and ${counts}`, [`${period}-01-01T00:00:00Z`, `${Number(period) + 1}-01-01T00:00:00Z`, after], `order by t.id limit ${AT_ONCE}`);
        for (const { row } of page) {
          const isOut = (row.closureReason?.test((reason) => reason === 'ENTERED_IN_ERROR') ?? false) || (row.trafficking?.test(({ status }) => status === 'NotAVictimOfTrafficking') ?? false);
          // All that is known of one person bears one reference: it is she who is counted (S-1).
          if (!isOut) tally.count(row.caseRef ?? row.id, countedOf(row, area, named));
        }
        const last = page.at(-1);
        if (!last || page.length < AT_ONCE) break;
        after = last.row.id;
      }
    }
    return { tally, owners: covered.map(({ organisation }) => organisation) };
  }
}
