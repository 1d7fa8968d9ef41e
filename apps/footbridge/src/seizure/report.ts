import { contracts } from '@footbridge/contracts';
import { WireSchema, isPersonalClass } from '@footbridge/privacy';
import { personalColumns, type Estate, type Insider } from './estate.js';

/** What somebody who takes a part of this instance could read now, what stays closed, and what to do in that hour. */
export interface Seized { readonly taken: string; readonly reads: readonly string[]; readonly closed: readonly string[]; readonly then: readonly string[] }

const kinds = (event: (typeof contracts)[number]): readonly string[] => Object.values(event.data).flatMap((schema) => (WireSchema.is(schema) ? [schema.kind] : []));
const list = (names: readonly string[]): string => (names.length === 0 ? 'nothing' : names.join(', '));
const many = (n: number, one: string, more = `${one}s`): string => `${n} ${n === 1 ? one : more}`;

/** Computed from the facts alone; every line is a consequence of one of them. */
export function seizureReport(estate: Estate): readonly Seized[] {
  return [broker(estate), database(estate), backup(estate), host(estate), laptop(estate), ...estate.insiders.map((insider) => insiderOf(insider, estate))];
}

function broker({ bus }: Estate): Seized {
  const sent = contracts.filter(({ audience }) => audience !== 'service');
  const personal = sent.flatMap((event) => Object.entries(event.data).filter(([, schema]) => WireSchema.is(schema) && isPersonalClass(schema.dataClass)).map(([field]) => `${event.type} ${field}`));
  return {
    taken: 'broker',
    reads: [
      `${many(sent.length, 'kind')} of events, made of: ${list([...new Set(sent.flatMap(kinds))].sort())}`,
      `${many(bus.events, 'event')} kept here${bus.since ? `, the oldest of ${bus.since.slice(0, 10)}` : ''}: which organisations wrote to each other about one reference, and when, to the millisecond between the services`,
      ...(personal.length > 0 ? [`WRONG: values about persons in ${list(personal)}`] : []),
    ],
    closed: ['every value about a person: no event has a place for one', 'envelopes: events carry pointers, the sealed bytes stay with their sender'],
    then: ['nothing has to be changed for the persons; say to the organisations that who worked with whom is known'],
  };
}

const sealedRows = ({ tables }: Estate): number => tables.reduce((sum, { sealed }) => sum + sealed, 0);
const cases = ({ keys }: Estate, ...states: readonly Estate['keys']['holders'][number]['state'][]): number => keys.holders.filter(({ state }) => states.includes(state)).reduce((sum, holder) => sum + holder.cases, 0);
const inTheClear = (estate: Estate): readonly string[] => {
  const personal = personalColumns(estate.tables.filter(({ rows }) => rows > 0));
  return personal.length === 0 ? [] : [`in the clear, beside random ids: ${list(personal)}`];
};

function database(estate: Estate): Seized {
  const rows = estate.tables.reduce((sum, table) => sum + table.rows, 0);
  return {
    taken: 'database',
    reads: [`${many(rows, 'row')} in ${many(estate.tables.length, 'table')}: references, states, times, codes, who of the staff did what (accounts by reference)`, ...inTheClear(estate)],
    closed: [`${many(sealedRows(estate), 'sealed row')}: under the keys of ${many(cases(estate, 'open', 'locked', 'gone', 'not answering'), 'case')}, which are wrapped with keys that are not in the database`, 'secrets of accounts: hashes only'],
    then: ['rotate the organisations\' keys (`keys rotate`), then destroy the old ones (`keys destroy`)', 'change the passwords of the database', '`audit verify` with the witnesses\' files says whether anything was changed'],
  };
}

function backup(estate: Estate): Seized {
  const inKeys = new Set(estate.tables.map(({ name }) => name).filter((name) => estate.keyTables.includes(name.split('.')[1] ?? '')));
  return {
    taken: 'backup',
    reads: [
      'the file of data alone: what the database shows, without sessions',
      estate.keys.kept === 'file' ? 'both files of one time: everything that was not erased before' : 'both files: what the file of data shows; the keys that open the rest are in the Vault',
    ],
    closed: [`in the file of data there is none of: ${list([...inKeys].sort())}`, `data older than every file of keys that still exists (they are to go after ${many(estate.keys.backupDays, 'day')})`],
    then: ['rotate and destroy the organisations\' keys: an old file of keys then opens nothing that is written from now on', 'delete the files of keys that were kept beside it'],
  };
}

function host(estate: Estate): Seized {
  const { holders, kept, exposed } = estate.keys;
  const of = (state: (typeof holders)[number]['state']): string => many(holders.filter((h) => h.state === state).length, 'organisation');
  return {
    taken: 'service host',
    reads: [
      `all that the database shows, and the ${many(cases(estate, 'open'), 'case key')} of ${of('open')} whose keys ${kept === 'file' ? 'are in files here' : 'the Vault opens for the token that is here'}`,
      ...(exposed > 0 ? [`WRONG: ${many(exposed, 'key file')} can be read by other users of this machine`] : []),
      ...(estate.accounts.file ? ['the secrets of the first accounts, in accounts.json'] : []),
      'the keys that sign tokens: whoever has them can be anybody, until they are changed',
    ],
    closed: [
      `${many(cases(estate, 'locked'), 'case key')} of ${of('locked')} that are locked${kept === 'file' ? ', as long as the lock is kept: it stops our services, not somebody who reads the files' : ''}`,
      `${many(cases(estate, 'gone', 'not answering'), 'case key')} of ${of('gone')} without a key and ${of('not answering')} whose key store does not answer`,
      'identities in envelopes: only the recipient has the key', 'persons who were erased',
    ],
    then: [kept === 'file' ? 'disconnect it; assume that every open case on it is read' : 'revoke the Vault token: nothing is opened from that moment on', '`panic lock` for each organisation, from another machine', '`audit verify` with the partners\' witnesses'],
  };
}

function laptop({ lifetimes, access }: Estate): Seized {
  return {
    taken: 'laptop',
    reads: [
      `what its worker may see, for ${lifetimes.accessMinutes} minutes with the token alone, and up to ${lifetimes.sessionMinutes / 60} hours where the browser is still signed in`,
      `sealed fields only within ${access.stepUpMinutes} minutes after signing in, of at most ${access.looksPerHour} persons an hour in each service`,
      ...(access.signInUnknown === 'accepted' ? ['WRONG: tokens that do not say when somebody signed in are taken as fresh (FOOTBRIDGE_SIGN_IN_UNKNOWN)'] : []),
    ],
    closed: ['anything stored: answers about persons are sent with no-store, and no page of ours keeps any', 'steps that take a second person'],
    then: ['disable the account: its tokens stop within a minute', '`panic lock` where the worker could see many'],
  };
}

function insiderOf({ role, given, colleagues, foreign, twoPersons }: Insider, { access }: Estate): Seized {
  return {
    taken: `insider ${role}`,
    reads: [
      ...(given.length > 0 ? [`sealed fields, in cases that are given to this account: ${list(given)}; ${access.looksPerHour} persons an hour, each look on record`] : ['no sealed field']),
      ...(colleagues.length > 0 ? [`also in colleagues' cases: ${list(colleagues)}`] : []),
      ...(foreign.length > 0 ? [`WRONG: sealed fields of other organisations: ${list(foreign)}`] : []),
    ],
    closed: [...(foreign.length === 0 ? ['sealed fields of other organisations'] : []), ...(twoPersons.length > 0 ? [`without a second person: ${list(twoPersons)}`] : [])],
    then: [],
  };
}

/** For people. */
export const wordsOf = (report: readonly Seized[]): readonly string[] => report.flatMap(({ taken, reads, closed, then }) => [
  taken.toUpperCase(), ...reads.map((line) => `  reads   ${line}`), ...closed.map((line) => `  closed  ${line}`), ...then.map((line) => `  do      ${line}`), '',
]);
