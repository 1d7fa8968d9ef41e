import { attested, bodyOf, checkBody, collectionOf, commandsNow, describe as describeTable, diagram, guard, lifecycle, needsFresh, pending, refusals, rowFor, tableOf, NONE, type AnyRow, type Facts, type Lifecycle } from './index.js';

const said = (name: string): { type: string; service: string; name: string; audience: 'service'; data: object } => ({ type: `footbridge.referrals.${name}.v1`, service: 'referrals', name, audience: 'service', data: {} });
interface DoorFacts extends Facts { readonly key: boolean }
const hasKey = guard<DoorFacts>('K1', 'hasKey', ({ key }) => (key ? undefined : 'KEY_MISSING'), { needsFresh: ['shelters'] });
const Door = lifecycle<DoorFacts>()({
  name: 'Door', service: 'referrals', prefix: 'dor', states: ['closed', 'open'], fields: {},
  rows: [
    [NONE, 'build', 'closed', ['CASE_WORKER'], [], said('Built') as never],
    [['closed'], 'open', 'open', ['CASE_WORKER', 'PERSON'], [hasKey, attested('knocked', 'Somebody knocked first'), pending('B1', 'bidPositive', 'BestInterests')], said('Opened') as never],
    [['open'], 'close', 'closed', ['CASE_WORKER'], [], said('Closed') as never],
  ],
}) as unknown as Lifecycle;
const row = (state: string, command: string): AnyRow => { const found = rowFor(Door, state, command); if ('refused' in found) throw new Error('no row'); return found.row; };
const facts = (over: object): DoorFacts => ({ row: {} as never, body: {}, caller: {} as never, key: true, ...over });
const now = new Date('2026-11-24T00:00:00Z');

describe('a lifecycle', () => {
  it('finds the row of a state and command, or says from where the command is allowed', () => {
    expect(row('closed', 'open')[2]).toBe('open');
    expect(rowFor(Door, 'open', 'open')).toEqual({ refused: 'transition', allowedFrom: ['closed'] });
    expect(rowFor(Door, 'closed', 'build')).toEqual({ refused: 'transition', allowedFrom: [NONE] });
  });
  it('reports every guard that refuses, not only the first', () => {
    expect(refusals(row('closed', 'open')[4], facts({ key: false, isChild: true }) as never, now).map((r) => r.reason)).toEqual(['KEY_MISSING', 'KNOCKED_NOT_CONFIRMED', 'BID_POSITIVE_NOT_AVAILABLE']);
  });
  it('lets a pending guard pass for an adult and refuses it for a child', () => {
    expect(refusals(row('closed', 'open')[4], facts({ body: { knocked: true } }) as never, now)).toEqual([]);
    expect(refusals(row('closed', 'open')[4], facts({ body: { knocked: true }, isChild: true }) as never, now).map((r) => r.guard)).toEqual(['B1']);
  });
  it('says what can be done now by role and by guards that need no further input', () => {
    expect(commandsNow(Door, 'closed', (r) => r === 'CASE_WORKER', facts({}), now)).toEqual(['open']);
    expect(commandsNow(Door, 'closed', (r) => r === 'CASE_WORKER', facts({ key: false }), now)).toEqual([]);
    expect(commandsNow(Door, 'closed', (r) => r === 'CASE_WORKER', undefined, now)).toEqual(['open']);
    expect(commandsNow(Door, 'closed', (r) => r === 'DPO', facts({}), now)).toEqual([]);
  });
  it('makes the body of a command from its statements and from who may decide', () => {
    const body = bodyOf(row('closed', 'open'));
    expect(checkBody(body, { knocked: true, onBehalfOf: 'PERSON', how: 'phone' })).toHaveProperty('value');
    expect(checkBody(body, { onBehalfOf: 'GUARDIAN' })).toHaveProperty('errors');
    expect(checkBody(bodyOf(row('open', 'close')), { onBehalfOf: 'PERSON' })).toHaveProperty('errors');
  });
  it('is documented from its table', () => {
    expect(describeTable(Door)).toMatchObject({ name: 'Door', transitions: [{ from: NONE, command: 'build' }, { from: 'closed', command: 'open', guards: ['K1 hasKey', 'knocked knocked', 'B1 bidPositive'] }, { from: 'open' }], pendingGuards: [{ command: 'open', guard: 'bidPositive', aggregate: 'BestInterests' }] });
    expect(diagram(Door)).toBe('stateDiagram-v2\n  [*] --> closed: build\n  closed --> open: open\n  open --> closed: close\n');
    expect(needsFresh(row('closed', 'open'), {})).toEqual(['shelters']);
  });
  it('is served under its plural and stored under its name', () => {
    expect([collectionOf({ name: 'ConsentRecord' }), collectionOf({ name: 'Stay' }), collectionOf({ name: 'Delivery' }), tableOf({ name: 'GuardianAppointment' })]).toEqual(['consent-records', 'stays', 'deliveries', 'guardian_appointment']);
  });
});
