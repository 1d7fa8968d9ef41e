import type { Day, Instant, Period } from './brand.js';
import { PrivacyRefusal } from './refusal.js';

/**
 * Times on the wire lie between 2020 and 2099: before that there was no network to tell of, and the birth date of nearly
 * everybody does not pass for a `Day`.
 */
const YEAR = '(20[2-9]\\d)';
const WEEK = new RegExp(`^${YEAR}-W(\\d\\d)$`);
const MONTH_OR_QUARTER = new RegExp(`^${YEAR}-(?:0[1-9]|1[0-2]|Q[1-4])$`);
const DAY = new RegExp(`^${YEAR}-\\d\\d-\\d\\d$`);
const INSTANT = new RegExp(`^${YEAR}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{3})?Z$`);

export type Precision = 'hour' | 'minute' | 'millisecond';
export type PeriodUnit = 'week' | 'month' | 'quarter';

const DAY_MS = 86_400_000;

/** ISO 8601: the week belongs to the year of its Thursday. */
function weekOf(date: Date): { year: number; week: number } {
  const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  const thursday = new Date(midnight + (4 - (date.getUTCDay() || 7)) * DAY_MS);
  const year = thursday.getUTCFullYear();
  return { year, week: Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / DAY_MS / 7) + 1 };
}

export function isPeriod(text: unknown): text is Period {
  if (typeof text !== 'string') return false;
  if (MONTH_OR_QUARTER.test(text)) return true;
  const parts = WEEK.exec(text);
  if (!parts) return false;
  const week = Number(parts[2]);
  return week >= 1 && week <= weekOf(new Date(Date.UTC(Number(parts[1]), 11, 28))).week; // 28 December is always in the last week
}

export function isDay(text: unknown): text is Day {
  return typeof text === 'string' && DAY.test(text) && exists(`${text}T00:00:00.000Z`);
}

const ENDS: Readonly<Record<Precision, string>> = { hour: ':00:00.000Z', minute: ':00.000Z', millisecond: '' };

/** A moment that exists, and is told no finer than `precision`. */
export function isInstant(text: unknown, precision: Precision = 'millisecond'): text is Instant {
  if (typeof text !== 'string' || !INSTANT.test(text)) return false;
  const whole = text.length === 20 ? `${text.slice(0, 19)}.000Z` : text;
  return whole.endsWith(ENDS[precision]) && exists(whole);
}

const exists = (iso: string): boolean => new Date(iso).toJSON() === iso;

const pad = (n: number): string => String(n).padStart(2, '0');

/** The week, month or quarter (UTC) of a date. @throws PrivacyRefusal TIME_INVALID */
export function periodOf(date: Date, unit: PeriodUnit): Period {
  const { year, week } = weekOf(date);
  const month = date.getUTCMonth();
  const text = unit === 'week' ? `${year}-W${pad(week)}` : `${date.getUTCFullYear()}-${unit === 'month' ? pad(month + 1) : `Q${Math.floor(month / 3) + 1}`}`;
  if (!isPeriod(text)) throw new PrivacyRefusal('TIME_INVALID');
  return text;
}

/** @throws PrivacyRefusal TIME_INVALID */
export function dayOf(date: Date): Day {
  const text = `${date.toJSON()}`.slice(0, 10);
  if (!isDay(text)) throw new PrivacyRefusal('TIME_INVALID');
  return text;
}

/** Cut down, never rounded up: a deadline does not move away. @throws PrivacyRefusal TIME_INVALID */
export function instantOf(date: Date, precision: Precision): Instant {
  const iso = `${date.toJSON()}`;
  const text = precision === 'millisecond' ? iso : precision === 'minute' ? `${iso.slice(0, 17)}00Z` : `${iso.slice(0, 14)}00:00Z`;
  if (!isInstant(text)) throw new PrivacyRefusal('TIME_INVALID');
  return text;
}
