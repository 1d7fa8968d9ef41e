import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { Refusal } from '../refusal.js';
import { exportColumns, exportObject } from './case-record.js';
import { INSTANCE, type Answer, type Client } from './client.js';
import { Patience, Stopped } from './patience.js';
import { problemCode } from './problem.js';
import { count, Progress } from './progress.js';
import type { Surroundings } from './run-import.js';
import { csvLine } from './table/csv-cell.js';

export const exportFormats = ['csv', 'ndjson'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  readonly file: string;
  readonly format?: ExportFormat | undefined;
  /** Closed cases too, which no import takes. */
  readonly closed?: boolean | undefined;
  /** An export of many that a second person has allowed (decisions 6); it is used up by this. */
  readonly allowed?: string | undefined;
}

export interface ExportSummary {
  readonly cases: number;
  /** Cases of which this account may not see the person. */
  readonly withoutPerson: number;
  /** Closed ones that were not asked for. */
  readonly leftOut: number;
}

/** The sealed fields that an export writes (decisions 20). */
const REVEALED = ['person', 'trafficking', 'health', 'needs', 'ageBelief', 'unaccompanied'];
const CLOSED: readonly unknown[] = ['closed', 'closed_referred'];
const PAGE = 100;
const AT_A_TIME = 8;
type View = Readonly<Record<string, unknown>>;
const isView = (value: unknown): value is View => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the caller may see of the cases, into a file that only the caller can read. Each look at a person is asked for singly, so that it is audited. */
export async function runExport(options: ExportOptions, source: Client, around: Surroundings): Promise<ExportSummary> {
  const { file } = options;
  const format = formatOf(options);
  if (existsSync(file)) throw new Refusal(`The file ${file} exists already; an export never writes over a file.`);
  const instance = await source.kind?.() ?? 'production';
  if (options.allowed !== undefined) await begin(options.allowed, source);
  const part = `${file}.part`;
  await rm(part, { force: true });
  const into = await open(part, 'wx', 0o600).catch(() => { throw new Refusal(`The file ${file} cannot be written.`); });
  const progress = new Progress(around.err, 'Exporting:', undefined, around.now);
  let cases = 0;
  let withoutPerson = 0;
  let leftOut = 0;
  try {
    if (format === 'csv') await into.write(`\ufeff${csvLine([...exportColumns.map(({ name }) => name), INSTANCE], ',')}`);
    for await (const { view, seen } of casesOf(source, new Patience(around, around.signal, around.patienceMs), options.closed ? [] : CLOSED)) {
      if (!view) { leftOut++; continue; }
      await into.write(format === 'csv' ? csvLine([...exportColumns.map(({ cell }) => cell(view)), instance], ',') : `${JSON.stringify({ ...exportObject(view), [INSTANCE]: instance })}\n`);
      cases++;
      if (!seen) withoutPerson++;
      progress.tick();
    }
    await into.sync();
  } catch (error) {
    await into.close();
    await rm(part, { force: true });
    throw error instanceof Stopped ? new Stopped(`${error.message} Nothing was kept: export again.`) : error;
  } finally {
    progress.end();
  }
  await into.close();
  await rename(part, file);
  if (options.allowed !== undefined) await source.post(`/v1/exports/${encodeURIComponent(options.allowed)}/finish`, {}, randomUUID());
  around.out.write(`${count(cases)} cases are in ${file}. It holds people's data and only you can read it: keep it no longer than you need it.\n`);
  if (withoutPerson > 0) around.out.write(`${count(withoutPerson)} of them without the person, whom this account may not see.\n`);
  if (leftOut > 0) around.out.write(`${count(leftOut)} closed cases are left out; --closed writes them too, and no import takes them.\n`);
  return { cases, withoutPerson, leftOut };
}

/** Its one use begins: from now on the quota does not count for this account. */
async function begin(allowed: string, source: Client): Promise<void> {
  const { status, body } = await source.post(`/v1/exports/${encodeURIComponent(allowed)}/start`, {}, randomUUID());
  if (status !== 200) throw new Refusal(`This export is not allowed to this account, or it was used already (${status} ${problemCode(body)}). Ask for one with POST /v1/exports.`);
}

function formatOf({ file, format }: ExportOptions): ExportFormat {
  const found = format ?? { '.csv': 'csv' as const, '.ndjson': 'ndjson' as const, '.jsonl': 'ndjson' as const }[extname(file).toLowerCase()];
  if (found === undefined) throw new Refusal(`Say in which form ${file} shall be written: --format csv or --format ndjson.`);
  return found;
}

/** Without a view: a case that is passed over, at which nobody looks. */
async function* casesOf(source: Client, patience: Patience, passedOver: readonly unknown[]): AsyncGenerator<{ view?: View; seen: boolean }> {
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = answered(await patience.insist(() => source.get(`/v1/cases?limit=${PAGE}${query}`)));
    const page = isView(body) ? body : {};
    const items = (Array.isArray(page['items']) ? page['items'] : []).filter(isView);
    for (let i = 0; i < items.length; i += AT_A_TIME) {
      for (const one of await Promise.all(items.slice(i, i + AT_A_TIME).map(async (item) => (passedOver.includes(item['state']) ? { seen: false } : revealed(item, source, patience))))) if (one) yield one;
    }
    cursor = typeof page['next'] === 'string' ? page['next'] : undefined;
  } while (cursor !== undefined);
}

/** `undefined` where the case has gone since the list was read, or nothing of the person is left in it. */
async function revealed(item: View, source: Client, patience: Patience): Promise<{ view: View; seen: boolean } | undefined> {
  if (item['state'] === 'anonymised' || typeof item['id'] !== 'string') return undefined;
  const answer = await patience.insist(() => source.get(`/v1/cases/${encodeURIComponent(String(item['id']))}?reveal=${REVEALED.join(',')}&purpose=ASSISTANCE`));
  if (answer.status === 404) return undefined;
  if (answer.status === 429) throw new Stopped('This account has looked at as many people as one hour allows. For more at once, ask for an export (POST /v1/exports); when a second person has approved it, export with --allowed exp_….');
  if (problemCode(answer.body) === 'step-up-required') throw new Stopped('Sign in again: people are shown only to who has just signed in.');
  if (answer.status === 403 || answer.status === 409) return { view: item, seen: false };
  const { body } = answered(answer);
  return { view: isView(body) ? body : item, seen: true };
}

function answered(answer: Answer): Answer {
  if (answer.status === 200) return answer;
  if (answer.status === 401) throw new Stopped('The server does not know this sign-in any more.');
  if (answer.status === 403) throw new Stopped('This account may not see cases.');
  throw new Stopped(`The server refused the list of cases (${answer.status} ${problemCode(answer.body)}).`);
}
