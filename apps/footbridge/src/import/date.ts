import { type Refused, refuse } from './reason.js';

/** The orders in which people write a day. Which one a file uses is never guessed: 03/04 is two different days. */
export const dateFormats = ['YYYY-MM-DD', 'DD.MM.YYYY', 'DD/MM/YYYY', 'DD-MM-YYYY', 'MM/DD/YYYY', 'YYYY/MM/DD', 'YYYYMMDD', 'YYYY'] as const;
export type DateFormat = (typeof dateFormats)[number];

const patterns: Readonly<Record<DateFormat, RegExp>> = {
  'YYYY-MM-DD': /^(?<y>\d{4})-(?<m>\d\d?)-(?<d>\d\d?)$/,
  'DD.MM.YYYY': /^(?<d>\d\d?)\.\s?(?<m>\d\d?)\.\s?(?<y>\d{4})\.?$/,
  'DD/MM/YYYY': /^(?<d>\d\d?)\/(?<m>\d\d?)\/(?<y>\d{4})$/,
  'DD-MM-YYYY': /^(?<d>\d\d?)-(?<m>\d\d?)-(?<y>\d{4})$/,
  'MM/DD/YYYY': /^(?<m>\d\d?)\/(?<d>\d\d?)\/(?<y>\d{4})$/,
  'YYYY/MM/DD': /^(?<y>\d{4})\/(?<m>\d\d?)\/(?<d>\d\d?)$/,
  YYYYMMDD: /^(?<y>\d{4})(?<m>\d\d)(?<d>\d\d)$/,
  YYYY: /^(?<y>\d{4})(\.0+)?$/, // its first day stands for the year, only where a file says that it knows no more
};
const two = (n: number): string => String(n).padStart(2, '0');
const DAY_MS = 86_400_000;

/** A day as `YYYY-MM-DD`. The ISO order is read in any file. */
export function day(text: string, format: DateFormat = 'YYYY-MM-DD'): string | Refused {
  // A spreadsheet's date cell may carry midnight.
  const date = text.replace(/[T ]00:00(:00(\.0+)?)?Z?$/, '');
  const parts = (patterns[format].exec(date) ?? patterns['YYYY-MM-DD'].exec(date))?.groups;
  if (!parts) return refuse('DATE_NOT_READ');
  const [y, m, d] = [Number(parts['y']), Number(parts['m'] ?? 1), Number(parts['d'] ?? 1)];
  return exists(y, m, d) ? `${String(y).padStart(4, '0')}-${two(m)}-${two(d)}` : refuse('DATE_DOES_NOT_EXIST');
}

function exists(y: number, m: number, d: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(y, m - 1, d);
  return y > 0 && date.getUTCFullYear() === y && date.getUTCMonth() === m - 1 && date.getUTCDate() === d;
}

/** A day of somebody's life: not to come, not before anybody alive was born. */
export function pastDay(text: string, format: DateFormat | undefined, now: number): string | Refused {
  const date = day(text, format);
  if (typeof date !== 'string') return date;
  const at = Date.parse(date);
  if (at > now + DAY_MS) return refuse('DATE_IN_FUTURE'); // it may be tomorrow already elsewhere
  return at < now - 130 * 365.25 * DAY_MS ? refuse('DATE_TOO_LONG_AGO') : date;
}

/** A moment in UTC (RFC 3339). Without an offset the mapping file's time zone decides; a day alone stands for its first moment. */
export function instant(text: string, how: { readonly format?: DateFormat | undefined; readonly timeZone?: string | undefined; readonly now: number }): string | Refused {
  const parts = /^(?<date>.*?\d)(?:(?:T|\s+)(?<h>\d\d?):(?<min>\d\d)(?::(?<s>\d\d)(?<ms>\.\d{1,9})?)?\s?(?<zone>Z|[+-]\d\d:?\d\d)?)?$/i.exec(text)?.groups;
  if (!parts) return refuse('TIME_NOT_READ');
  const date = day(parts['date'] ?? '', how.format);
  if (typeof date !== 'string') return date.refused === 'DATE_NOT_READ' ? refuse('TIME_NOT_READ') : date;
  const [h, min, s, ms] = [Number(parts['h'] ?? 0), Number(parts['min'] ?? 0), Number(parts['s'] ?? 0), Math.floor(Number(parts['ms'] ?? 0) * 1000)];
  if (h > 23 || min > 59 || s > 59) return refuse('TIME_DOES_NOT_EXIST');
  const wall = Date.parse(date) + ((h * 60 + min) * 60 + s) * 1000 + ms;
  const dayOnly = parts['h'] === undefined;
  if (!dayOnly && parts['zone'] === undefined && how.timeZone === undefined) return refuse('TIME_NOT_READ');
  const at = parts['zone'] !== undefined ? wall - offsetOf(parts['zone']) : how.timeZone === undefined ? wall : inZone(wall, how.timeZone, dayOnly);
  if (at === undefined) return refuse('TIME_DOES_NOT_EXIST');
  if (at > how.now + DAY_MS) return refuse('DATE_IN_FUTURE');
  return at < how.now - 130 * 365.25 * DAY_MS ? refuse('DATE_TOO_LONG_AGO') : new Date(at).toISOString().replace('.000Z', 'Z');
}

function offsetOf(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -1 : 1) * minutes * 60_000;
}

/** The moment at which the clocks of that zone showed this wall time; `undefined` where they were put forward over it. */
function inZone(wall: number, timeZone: string, skipForward: boolean): number | undefined {
  const shown = (at: number): number => {
    const parts = Object.fromEntries(clock(timeZone).formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(parts['year'] ?? 0, (parts['month'] ?? 1) - 1, parts['day'], parts['hour'], parts['minute'], parts['second']) + (at % 1000 + 1000) % 1000;
  };
  const first = wall - (shown(wall) - wall);
  for (const at of [first, wall - (shown(first) - first)]) if (shown(at) === wall) return at;
  return skipForward ? first : undefined; // a day that began at one o'clock still began
}

const clocks = new Map<string, Intl.DateTimeFormat>();
function clock(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone) ?? new Intl.DateTimeFormat('en-US', {
    timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  });
  clocks.set(timeZone, known);
  return known;
}

export function isTimeZone(name: string): boolean {
  try { new Intl.DateTimeFormat('en', { timeZone: name }); return true; } catch { return false; }
}
