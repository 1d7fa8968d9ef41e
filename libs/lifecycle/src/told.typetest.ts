/* What does not compile in the declaration of an event's values (T01), through the declaration of a lifecycle as services write it. Read by told.spec.ts. */
import { codeList, label } from '@footbridge/privacy';
import { direct, lifecycle, operational, quasi, special, type Facts, type Notice, type ToldValues } from './index.js';

const reasons = codeList('Reason', ['LATE', 'FULL']);
const fields = {
  reason: operational.code(reasons), receiver: operational.ref(), arrivedAt: operational.instant(), day: operational.day(), places: operational.integer(), urgent: operational.boolean(), stay: operational.uuid(), country: operational.place(),
  note: operational.text(), list: operational.refs(), extra: operational.json<{ readonly a: string }>(),
  name: direct.text(), person: direct.json<{ readonly givenName: string }>(), gender: quasi.code(reasons), birthDate: quasi.day(), child: quasi.boolean(), health: special.text(),
};
const base = { name: 'Bed', service: 'shelters', prefix: 'bed', states: ['free'], fields, rows: [] } as const;
const declare = lifecycle<Facts>();
const her = label('direct', 'Arta');
declare const loose: Readonly<Record<string, unknown>>;
declare const unknownValue: unknown;

// what may be told
declare({ ...base, wire: (row) => ({ reason: row.reason, to: row.receiver, at: row.arrivedAt, on: row.day, n: row.places, urgent: row.urgent, stay: row.stay === undefined ? undefined : { aggregate: row.stay }, from: row.owner, country: row.country, none: null }) });
export const may: ToldValues = { state: 'free', version: 3 };

// @ts-expect-error: who she is
declare({ ...base, wire: (row) => ({ name: row.name }) });
// @ts-expect-error: all that she is
declare({ ...base, wire: (row) => ({ person: row.person }) });
// @ts-expect-error: a code about her
declare({ ...base, wire: (row) => ({ gender: row.gender }) });
// @ts-expect-error: a day about her
declare({ ...base, wire: (row) => ({ on: row.birthDate }) });
// @ts-expect-error: a yes or no about her
declare({ ...base, wire: (row) => ({ urgent: row.child }) });
// @ts-expect-error: her health
declare({ ...base, wire: (row) => ({ reason: row.health }) });
// @ts-expect-error: a part of her, still labelled
declare({ ...base, wire: (row) => ({ name: row.person?.map((p) => p.givenName) }) });
// @ts-expect-error: what has room for words
declare({ ...base, wire: (row) => ({ note: row.note }) });
// @ts-expect-error: a list
declare({ ...base, wire: (row) => ({ list: row.list }) });
// @ts-expect-error: an object
declare({ ...base, wire: (row) => ({ extra: row.extra }) });
// @ts-expect-error: the whole row
declare({ ...base, wire: (row) => ({ ...row }) });
// @ts-expect-error: an aggregate with more in it
declare({ ...base, wire: (row) => ({ stay: { aggregate: row.id, name: row.name } }) });
// @ts-expect-error: a moment that is an object
declare({ ...base, wire: () => ({ at: new Date() }) });
// @ts-expect-error: bytes
declare({ ...base, wire: () => ({ at: Buffer.from('Arta') }) });
// @ts-expect-error: of which nobody knows what it is
declare({ ...base, wire: () => ({ at: unknownValue }) });
// @ts-expect-error: a record of anything
declare({ ...base, wire: () => loose });
// @ts-expect-error: a function
declare({ ...base, wire: (row) => ({ at: () => row.id }) });

// @ts-expect-error: a labelled value in a notice
export const named: Notice['data'] = { name: her };
// @ts-expect-error: an object in a notice
export const nested: Notice['data'] = { person: { givenName: 'Arta' } };
// @ts-expect-error: in a notice a record of anything
export const anything: Notice['data'] = loose;
