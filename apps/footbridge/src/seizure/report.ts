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

const plural = (n: number): string => (n === 1 ? 'is' : 'are');
const daysKept = (days: number): string => (Number.isFinite(days) ? many(Math.ceil(days), 'day') : 'ever');
function broker({ broker: { kind, messages, since, keptDays } }: Estate): Seized {
  const sent = contracts.filter(({ audience }) => audience !== 'service');
  const fields = sent.flatMap((event) => Object.entries(event.data).filter(([, schema]) => WireSchema.is(schema)).map(([field, schema]) => ({ name: `${event.type} ${field}`, personal: WireSchema.is(schema) && isPersonalClass(schema.dataClass) })));
  const personal = fields.filter(({ personal: about }) => about).map(({ name }) => name);
  return {
    taken: 'broker',
    reads: [
      `${many(sent.length, 'kind')} of events, made of: ${list([...new Set(sent.flatMap(kinds))].sort())}`,
      kind === 'postgres'
        ? `${many(messages, 'event')} kept here${since ? `, the oldest of ${since.slice(0, 10)}` : ''}: which organisations wrote to each other about one reference, and when, to the millisecond between the services`
        : `${many(messages, 'message')} kept by Kafka, watermarks among them${keptDays === undefined ? '' : `, for ${daysKept(keptDays)}`}: which organisations wrote to each other about one reference, and when, to the millisecond between the services`,
      ...(personal.length > 0 ? [`WRONG: values about persons in ${list(personal)}`] : []),
    ],
    closed: personal.length === 0 ? [`every value about a person: none of the ${many(fields.length, 'field')} of these events is of a class for one`] : [],
    then: ['nothing has to be changed for the persons; say to the organisations that who worked with whom is known'],
  };
}

type Holding = Estate['keys']['holders'][number];
const notOpen = ['locked', 'gone', 'not answering', 'elsewhere'] as const;
const sealedRows = ({ tables }: Estate): number => tables.reduce((sum, { sealed }) => sum + sealed, 0);
const held = ({ keys }: Estate, what: 'cases' | 'envelopes', ...states: readonly Holding['state'][]): number => keys.holders.filter(({ state }) => states.includes(state)).reduce((sum, holder) => sum + holder[what], 0);
const organisations = ({ keys }: Estate, ...states: readonly Holding['state'][]): string => many(keys.holders.filter(({ state, cases }) => cases > 0 && states.includes(state)).length, 'organisation');
const inTheClear = (estate: Estate): readonly string[] => {
  const personal = personalColumns(estate.tables.filter(({ rows }) => rows > 0));
  return personal.length === 0 ? [] : [`in the clear, beside random ids: ${list(personal)}`];
};
/** Columns in the clear of tables that have rows, by class. */
const classes = ({ tables }: Estate): string => {
  const counted = new Map<string, number>();
  for (const { rows, plain } of tables) if (rows > 0) for (const [c, columns] of Object.entries(plain)) counted.set(c, (counted.get(c) ?? 0) + columns.length);
  return list([...counted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([c, n]) => `${n} ${c}`));
};

function database(estate: Estate): Seized {
  const { secrets } = estate.accounts;
  const rows = estate.tables.reduce((sum, table) => sum + table.rows, 0);
  const owners = estate.keys.holders.filter(({ cases }) => cases > 0).length;
  return {
    taken: 'database',
    reads: [
      `${many(rows, 'row')} in ${many(estate.tables.length, 'table')}; columns in the clear, by class: ${classes(estate)}`, ...inTheClear(estate),
      ...(secrets && secrets.plain > 0 ? [`WRONG: ${many(secrets.plain, 'secret')} of accounts that ${plural(secrets.plain)} no hash`] : []),
      ...(estate.erased.withKey > 0 ? [`WRONG: a wrapped key of ${many(estate.erased.withKey, 'case')} that ${plural(estate.erased.withKey)} erased`] : []),
    ],
    closed: [
      `${many(sealedRows(estate), 'sealed row')}: under the keys of ${many(held(estate, 'cases', 'open', ...notOpen), 'case')}, which are wrapped with the keys of ${many(owners, 'organisation')}; these are ${{ file: 'in files beside the database', vault: 'in the Vault', elsewhere: 'with each service' }[estate.keys.kept]}`,
      ...(secrets ? [`${many(secrets.hashed, 'secret')} of accounts: kept as scrypt hashes`] : []),
      ...erasedLine(estate),
    ],
    then: ['rotate the organisations\' keys (`keys rotate`), then destroy the old ones (`keys destroy`)', 'change the passwords of the database', '`audit verify` with the witnesses\' files says whether anything was changed'],
  };
}
const erasedLine = ({ erased: { cases, withKey } }: Estate): readonly string[] => (cases - withKey > 0 ? [`${many(cases - withKey, 'case')} that ${plural(cases - withKey)} erased: their keys are in no table`] : []);

function backup(estate: Estate): Seized {
  const inKeys = [...new Set(estate.tables.map(({ name }) => name).filter((name) => estate.keyTables.includes(name.split('.')[1] ?? '')))].sort();
  const without = estate.tables.map(({ name }) => name).filter((name) => estate.leftOut.includes(name)).sort();
  const opens = `the keys that open the rest are ${estate.keys.kept === 'vault' ? 'in the Vault' : 'with each service'}`;
  const then = ['rotate and destroy the organisations\' keys: old keys then open nothing that is written from now on', 'delete the copies of keys that were kept beside it'];
  // pg_dump and copies of volumes, of which we know nothing but what is there to be copied
  if (estate.installed === 'services') return {
    taken: 'backup',
    reads: [`a dump: what the database shows, with the wrapped keys in ${list(inKeys)} unless they were left out of it`, estate.keys.kept === 'file' ? `with the keys of KEYS_DIR beside it: ${many(held(estate, 'cases', 'open'), 'case')}, as on the service's host` : `alone it opens nothing: ${opens}`],
    closed: [], then,
  };
  return {
    taken: 'backup',
    reads: [
      `the file of data alone: what the database shows, without ${list(without)}`,
      estate.keys.kept === 'file' ? `both files of one time: ${many(held(estate, 'cases', 'open', 'locked'), 'case')} whose keys are in files here, and what was not erased before` : `both files: what the file of data shows; ${opens}`,
    ],
    closed: [`in the file of data there is none of: ${list(inKeys)}`, `data older than every file of keys that still exists (they are to go after ${many(estate.keys.backupDays, 'day')})`],
    then,
  };
}

function host(estate: Estate): Seized {
  const { kept, exposed } = estate.keys;
  const [open, shut] = [held(estate, 'envelopes', 'open'), held(estate, 'envelopes', ...notOpen)];
  const keysLine: Readonly<Record<typeof kept, string>> = {
    file: `all that the database shows, and the ${many(held(estate, 'cases', 'open'), 'case key')} of ${organisations(estate, 'open')} whose keys are in files here`,
    vault: `all that the database shows, and the ${many(held(estate, 'cases', 'open'), 'case key')} of ${organisations(estate, 'open')} whose keys the Vault opens for the token that is here`,
    elsewhere: `all that the database shows. Whose keys a host opens is not seen from here: ask on each with its KEYS_DIR, or with the settings of the Vault`,
  };
  return {
    taken: 'service host',
    reads: [
      keysLine[kept],
      ...(open > 0 ? [`what is in ${many(open, 'envelope')} that ${plural(open)} not picked up yet: not from the envelope, but from the case, which this host opens`] : []),
      ...(exposed > 0 ? [`WRONG: ${many(exposed, 'key file')} can be read by other users of this machine`] : []),
      ...(estate.accounts.file ? ['the secrets of the first accounts, in accounts.json'] : []),
      ...(estate.accounts.signingKeys ? ['the keys that sign tokens: whoever has them can be anybody, until they are changed'] : []),
    ],
    closed: [
      ...(kept === 'elsewhere' ? [] : [
        `${many(held(estate, 'cases', 'locked'), 'case key')} of ${organisations(estate, 'locked')} that are locked${kept === 'file' ? ', as long as the lock is kept: it stops our services, not somebody who reads the files' : ''}`,
        `${many(held(estate, 'cases', 'gone', 'not answering'), 'case key')} of ${organisations(estate, 'gone')} without a key and ${organisations(estate, 'not answering')} whose key store does not answer`,
      ]),
      ...(shut > 0 && kept !== 'elsewhere' ? [`${many(shut, 'envelope')} of organisations whose cases it does not open: only the recipient has the key`] : []),
      ...erasedLine(estate),
    ],
    then: [kept === 'vault' ? 'revoke the Vault token: nothing is opened from that moment on' : 'disconnect it; assume that every open case on it is read', '`panic lock` for each organisation, from another machine', '`audit verify` with the partners\' witnesses'],
  };
}

function laptop({ lifetimes, access, accounts, insiders }: Estate): Seized {
  const second = [...new Set(insiders.flatMap(({ twoPersons }) => twoPersons))].sort();
  return {
    taken: 'laptop',
    reads: [
      lifetimes
        ? `what its worker may see, for ${lifetimes.accessMinutes} minutes with the token alone, and up to ${lifetimes.sessionMinutes / 60} hours where the browser is still signed in`
        : `what its worker may see, as long as tokens and sessions of ${accounts.issuer ?? 'the sign-in server'} live: that is set there`,
      `sealed fields only within ${access.stepUpMinutes} minutes after signing in, of at most ${access.looksPerHour} persons an hour in each service`,
      ...(access.signInUnknown === 'accepted' ? ['WRONG: tokens that do not say when somebody signed in are taken as fresh (FOOTBRIDGE_SIGN_IN_UNKNOWN)'] : []),
    ],
    closed: second.length > 0 ? [`without a second person: ${list(second)}`] : [],
    then: ['disable the account: its tokens stop within a minute', '`panic lock` where the worker could see many'],
  };
}

function insiderOf({ role, given, colleagues, emergency, foreign, told, twoPersons, sometimesTwo }: Insider, { access }: Estate): Seized {
  const more = emergency.filter((kind) => !colleagues.includes(kind));
  return {
    taken: `insider ${role}`,
    reads: [
      ...(given.length > 0 ? [`sealed fields, in cases that are given to this account: ${list(given)}; ${access.looksPerHour} persons an hour, each look on record`] : ['no sealed field of a case']),
      ...(colleagues.length > 0 ? [`also in colleagues' cases: ${list(colleagues)}`] : []),
      ...(more.length > 0 ? [`in an emergency, at once, with an alert to supervision: ${list(more)} in a colleague's case`] : []),
      ...(told.length > 0 ? [`of a case that another organisation has addressed to its own, what she has agreed to: ${list(told)}; ${access.looksPerHour} persons an hour, each look on record`] : []),
      ...(foreign.length > 0 ? [`WRONG: sealed fields of other organisations: ${list(foreign)}`] : []),
    ],
    closed: [...(foreign.length === 0 ? ['the files of other organisations'] : []), ...(twoPersons.length > 0 ? [`without a second person: ${list(twoPersons)}`] : []), ...(sometimesTwo.length > 0 ? [`without a second person, but for what cannot wait or is not grave: ${list(sometimesTwo)}`] : [])],
    then: [],
  };
}

/** For people. */
export const wordsOf = (report: readonly Seized[]): readonly string[] => report.flatMap(({ taken, reads, closed, then }) => [
  taken.toUpperCase(), ...reads.map((line) => `  reads   ${line}`), ...closed.map((line) => `  closed  ${line}`), ...then.map((line) => `  do      ${line}`), '',
]);
