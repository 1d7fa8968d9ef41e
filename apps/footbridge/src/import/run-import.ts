import { statSync } from 'node:fs';
import { Refusal } from '../refusal.js';
import type { TableRow } from './cell.js';
import { INSTANCE, type Answer, type Client } from './client.js';
import { Columns, plain, REASON, SECOND_REASON } from './columns.js';
import { Journal, type JournalHead } from './journal.js';
import { noMapping, readMapping } from './mapping.js';
import { type Clock, clock, Patience, Stopped } from './patience.js';
import { problemCode, refusalsOf } from './problem.js';
import { count, Progress, type ProgressOutput } from './progress.js';
import { type FieldRefusal, fieldRefusal, inWords } from './reason.js';
import { RefusedReport } from './refused-report.js';
import { type Ready, readRow } from './row.js';
import { type LookedAt, lookAt } from './table/file.js';
import { MOST_COLUMNS, openTable, type Table } from './table/table.js';

export interface ImportOptions {
  readonly file: string;
  readonly map?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly resume?: boolean | undefined;
  readonly report?: string | undefined;
  readonly encoding?: string | undefined;
  readonly sheet?: string | undefined;
  readonly inFlight?: number | undefined;
}

export interface Surroundings extends Clock {
  /** What the person asked for. */
  readonly out: { write(text: string): unknown };
  /** Notes and progress. */
  readonly err: ProgressOutput;
  readonly signal: AbortSignal;
  readonly patienceMs?: number;
}
export const surroundings = (signal: AbortSignal): Surroundings => ({ ...clock, out: process.stdout, err: process.stderr, signal });

export interface ImportSummary {
  readonly rows: number;
  /** Opened at the server, in this run or an earlier one. */
  readonly imported: number;
  readonly refused: number;
  /** How often which code refused which column. */
  readonly refusedBy: ReadonlyMap<string, number>;
  readonly report: string | undefined;
  readonly journal: string | undefined;
  /** Why the import stopped before its end. */
  readonly stopped: string | undefined;
}

const IN_FLIGHT = 8;
/** The server knows an idempotency key for 24 hours (api.md); one hour is left for clocks that differ. */
const KEY_LIVES_MS = 23 * 3_600_000;

/** Rows of a file become cases and intakes, each exactly once. Throws `Refusal` where nothing could be begun. */
export async function runImport(options: ImportOptions, client: () => Promise<Client>, around: Surroundings): Promise<ImportSummary> {
  const mapping = options.map === undefined ? noMapping : await readMapping(options.map);
  const file = await lookAt(options.file, options.encoding);
  const columns = new Columns(mapping);
  const table = await openTable(file, options, (name) => columns.rule(name) !== undefined);
  if (table.header) namesAreKnown(file.path, columns, table.header, 'header');
  const work = new Work(options, file, table, columns, around);
  if (options.report !== undefined && exists(options.report)) throw new Refusal(`The report ${options.report} exists already; it is never written over.`);
  const journalPath = Journal.pathFor(options.file, file.sha256, options.sheet);
  const others = await Journal.ofOtherContent(options.file, file.sha256);
  const before = await Journal.exists(journalPath);
  if (!options.dryRun) checkResume(options, before, others);
  const checked = await work.check();
  if (options.dryRun) return checked.summary;
  const target = await client();
  if (work.ofProduction && await target.kind?.() === 'demonstration') throw new Refusal(`${file.path} was exported from an instance with real people, and this one is a demonstration: nothing was sent (DP-34).`);
  return work.send(target, before ? await Journal.open(journalPath, around.now) : undefined, journalPath, checked);
}

function checkResume({ file, resume }: ImportOptions, before: boolean, others: readonly string[]): void {
  if (before && !resume) throw new Refusal(`An import of ${file} was begun before. Go on with --resume. To import all its rows a second time, remove its journal first.`);
  if (!before && others.length > 0) throw new Refusal(`${file} was imported when its content was another (${others.join(', ')}). To mend rows, import the report of the refused rows. To import all rows of the new content, remove that journal first.`);
  if (!before && resume) throw new Refusal(`No import of ${file} was begun, so none can go on.`);
}

function namesAreKnown(path: string, columns: Columns, names: readonly string[], what: 'header' | 'fields'): void {
  if (!names.some((name) => columns.taken(name))) {
    throw new Refusal(`Not one column of ${path} is known. Known are the names of HTCDS 2.0, of CTDC and of Footbridge; for any other table write a mapping file (docs/import.md).${what === 'header' ? ' The first row must name the columns.' : ''}`);
  }
  const absent = columns.absent(names);
  if (what === 'header' && absent.length > 0) throw new Refusal(`The mapping file names columns that ${path} has not: ${absent.map((name) => JSON.stringify(name)).join(', ')}.`);
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

interface Checked { readonly summary: ImportSummary; readonly names: readonly string[] }

class Work {
  private readonly started: number;
  private readonly refusedBy = new Map<string, number>();
  /** The file says that its people are real. */
  ofProduction = false;
  private refused = 0;
  private imported = 0;
  private stillActive = 0;
  private rows = 0;

  constructor(
    private readonly options: ImportOptions, private readonly file: LookedAt, private readonly table: Table, private readonly columns: Columns, private readonly around: Surroundings,
  ) {
    this.started = around.now();
  }

  /** Reads the whole file once before anything is sent: a file that breaks in the middle sends nothing. */
  async check(): Promise<Checked> {
    const { out, err, now, signal } = this.around;
    const { dryRun, report } = this.options;
    for (const note of this.table.notes) err.write(`${note}\n`);
    const progress = new Progress(err, 'Checking:', undefined, now);
    const found = new Set(this.table.header);
    for await (const row of this.table.rows()) {
      if (signal.aborted) throw new Stopped('Stopped. Nothing was sent.');
      if (!this.table.header) this.collect(found, row);
      const read = readRow(row, this.columns, this.started);
      if (read === 'blank') continue;
      this.rows++;
      this.ofProduction ||= row.names.some((name, i) => plain(name) === INSTANCE && plain(String(row.cells[i])) === 'production');
      progress.tick();
      if (!('refusals' in read)) continue;
      this.refuse(read.refusals);
      if (dryRun) out.write(`Row ${row.number}: ${read.refusals.map(inWords).join('; ')}\n`);
    }
    progress.end();
    const names = [...found];
    if (!this.table.header && this.rows > 0) namesAreKnown(this.file.path, this.columns, names, 'fields');
    this.sayColumns(names);
    if (dryRun) out.write(`${count(this.rows - this.refused)} of ${count(this.rows)} rows can be sent, ${count(this.refused)} refused. Nothing was sent; the server checks more when it gets the rows.\n`);
    return { names, summary: { ...this.summary(), report: dryRun && report !== undefined ? await this.reportOfCheck(names) : undefined } };
  }

  private async reportOfCheck(names: readonly string[]): Promise<string | undefined> {
    const report = this.report(names);
    for await (const row of this.table.rows()) {
      const read = readRow(row, this.columns, this.started);
      if (read !== 'blank' && 'refusals' in read) report.add(row, read.refusals);
    }
    return report.finish();
  }

  /** JSON rows name their fields as they come, so their header is known only after the last. */
  private collect(names: Set<string>, row: TableRow): void {
    for (const name of row.names) names.add(name);
    if (names.size > MOST_COLUMNS) throw new Refusal(`The rows of ${this.file.path} have more than ${MOST_COLUMNS} different fields. Nothing was sent.`);
  }

  private report(names: readonly string[]): RefusedReport {
    return new RefusedReport(this.options.file, this.options.report, names, this.columns, this.table.separator);
  }

  private sayColumns(names: readonly string[]): void {
    const taken = names.filter((name) => this.columns.taken(name)).length;
    const leftOut = names.flatMap((name) => {
      const rule = this.columns.rule(name);
      return rule && 'leftOut' in rule && ![REASON, SECOND_REASON].includes(plain(name)) ? [`  ${name}: ${rule.leftOut}`] : [];
    });
    const unknown = names.filter((name) => name.trim() !== '' && !this.columns.rule(name));
    const { err } = this.around;
    err.write(`${count(taken)} of ${count(names.length)} columns are imported.\n`);
    if (leftOut.length > 0) err.write(`Known and left out:\n${leftOut.join('\n')}\n`);
    if (unknown.length > 0) err.write(`Not known, so not imported: ${unknown.map((name) => name.slice(0, 60)).join(', ')}. A mapping file can give them a field.\n`);
  }

  private refuse(refusals: readonly FieldRefusal[]): void {
    this.refused++;
    for (const { columns, field, code } of refusals) {
      const key = `${columns.length > 0 ? columns.join(' + ') : field} ${code}`.trim();
      this.refusedBy.set(key, (this.refusedBy.get(key) ?? 0) + 1);
    }
  }

  private summary(): ImportSummary {
    return { rows: this.rows, imported: this.imported, refused: this.refused, refusedBy: this.refusedBy, report: undefined, journal: undefined, stopped: undefined };
  }

  async send(client: Client, begun: Journal | undefined, journalPath: string, { names, summary: { rows } }: Checked): Promise<ImportSummary> {
    const said = { sha256: this.file.sha256, encoding: this.file.content === 'zip' ? '' : this.file.content.encoding, mapping: this.columns.mapping.sha256, target: client.target, rows };
    const journal = begun ? sameWork(begun, said) : Journal.create(journalPath, said, this.around.now);
    const report = this.report(names);
    this.refused = 0;
    this.refusedBy.clear();
    const stopping = new AbortController();
    const stop = (): void => stopping.abort();
    this.around.signal.addEventListener('abort', stop);
    if (this.around.signal.aborted) stop();
    const patience = new Patience(this.around, stopping.signal, this.around.patienceMs);
    const progress = new Progress(this.around.err, 'Importing:', rows - journal.settled, this.around.now);
    const inFlight = new Set<Promise<void>>();
    let stopped: string | undefined;
    let failure: unknown;
    const fail = (error: unknown): void => {
      const why = whyStopped(error);
      if (why === undefined) failure ??= error;
      else stopped ??= why;
      stop();
    };
    try {
      for await (const row of this.table.rows()) {
        if (stopping.signal.aborted) break;
        const one = this.row(row, journal, report, client, patience, progress);
        if (!one) continue;
        const work: Promise<void> = one.catch(fail).finally(() => inFlight.delete(work));
        inFlight.add(work);
        if (inFlight.size >= (this.options.inFlight ?? IN_FLIGHT)) await Promise.race(inFlight);
      }
    } catch (error) {
      fail(error);
    }
    await Promise.all(inFlight);
    progress.end();
    this.around.signal.removeEventListener('abort', stop);
    if (stopping.signal.aborted) stopped ??= 'Stopped.';
    if (failure === undefined && stopped === undefined && this.fileChanged()) stopped = FILE_CHANGED;
    const path = stopped === undefined ? report.finish() : report.discard();
    if (stopped === undefined && !journal.finished) journal.end();
    journal.close();
    if (failure !== undefined) throw failure;
    const summary: ImportSummary = { ...this.summary(), rows, report: path ?? undefined, journal: journal.path, stopped };
    this.sayEnd(summary, progress.rate);
    return summary;
  }

  /** `undefined` where nothing needs to be waited for. */
  private row(row: TableRow, journal: Journal, report: RefusedReport, client: Client, patience: Patience, progress: Progress): Promise<void> | undefined {
    const read = readRow(row, this.columns, this.started);
    if (read === 'blank') return undefined;
    const outcome = journal.outcome(row.number);
    if (outcome === 'done') {
      this.imported++;
      return undefined;
    }
    const refuse = (refusals: readonly FieldRefusal[]): void => {
      this.refuse(refusals);
      report.add(row, refusals);
      if (outcome === undefined) progress.tick(this.note());
    };
    if (outcome !== undefined) refuse(outcome);
    else if ('refusals' in read) refuse(read.refusals);
    else if (this.isInDoubt(journal, row.number)) {
      const refusals = [fieldRefusal([], '', 'IN_DOUBT')];
      journal.refused(row.number, refusals);
      refuse(refusals);
    } else return this.sendRow(row, read, journal, refuse, client, patience, progress);
    return undefined;
  }

  private isInDoubt(journal: Journal, row: number): boolean {
    const sent = journal.sentBefore(row);
    return sent !== undefined && this.around.now() - sent > KEY_LIVES_MS;
  }

  private async sendRow(
    row: TableRow, { path, body, followUp, columnsOf }: Ready, journal: Journal, refuse: (refusals: readonly FieldRefusal[]) => void, client: Client, patience: Patience, progress: Progress,
  ): Promise<void> {
    if (journal.sentBefore(row.number) === undefined) journal.sent(row.number);
    const answer = await patience.insist(() => client.post(path, body, journal.key(row.number)));
    if (answer.status >= 200 && answer.status < 300) {
      const id = reference(answer);
      // by the ordinary command, under a key of its own: after a stop in between it is asked again
      if (followUp && path === '/v1/cases') {
        const moved = await patience.insist(() => client.post(`${path}/${id}/move-to-follow-up`, {}, `${journal.key(row.number)}-follow-up`));
        if (moved.status === 401) throw new Stopped('The server does not know this sign-in any more.');
        if (moved.status !== 200) this.stillActive++;
      }
      journal.done(row.number, id);
      this.imported++;
      progress.tick(this.note());
      return;
    }
    stopWhereNoRowIsToBlame(path, answer);
    const refusals = problemCode(answer.body) === 'idempotency-key-reused' ? [fieldRefusal([], '', 'SENT_DIFFERENTLY')] : refusalsOf(answer, columnsOf);
    journal.refused(row.number, refusals);
    refuse(refusals);
  }

  private note(): string { return this.refused === 0 ? '' : `, ${count(this.refused)} refused`; }

  private fileChanged(): boolean {
    const now = statSync(this.file.path, { throwIfNoEntry: false });
    return now === undefined || now.size !== this.file.size || now.mtimeMs !== this.file.modified;
  }

  private sayEnd({ rows, imported, refused, refusedBy, report, journal, stopped }: ImportSummary, rate: number): void {
    const { out } = this.around;
    out.write(`${count(imported)} of ${count(rows)} rows are imported (${count(Math.round(rate))}/s), ${count(refused)} refused.\n`);
    for (const [what, times] of [...refusedBy].sort(([, a], [, b]) => b - a).slice(0, 20)) out.write(`  ${count(times)} x ${what}\n`);
    if (this.stillActive > 0) out.write(`${count(this.stillActive)} cases that were in follow-up are active: this account may not move them.\n`);
    if (report !== undefined) out.write(`The refused rows are in ${report}, with the reasons. It holds people's data and only you can read it: mend it, import it alone, delete it.\n`);
    if (stopped !== undefined) out.write(`${stopped} The journal ${journal} knows what is done: go on with --resume.\n`);
  }
}

/** Goes on only with what was begun: another mapping or another instance would make other cases of the same rows. */
function sameWork(journal: Journal, said: Omit<JournalHead, 'format' | 'import'>): Journal {
  const differs = (what: string): Refusal => new Refusal(`The import was begun with another ${what} (journal ${journal.path}). Go on with the same one.`);
  if (journal.head.sha256 !== said.sha256) throw differs('content of the file');
  if (journal.head.encoding !== said.encoding) throw differs('encoding');
  if (journal.head.mapping !== said.mapping) throw differs('mapping file');
  if (journal.head.target !== said.target) throw differs('instance or account');
  return journal;
}

const FILE_CHANGED = 'The file was changed while it was read.';

function whyStopped(error: unknown): string | undefined {
  if (error instanceof Stopped) return error.message;
  if (error instanceof Refusal) return FILE_CHANGED; // it was read once without one
  const code = typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? `The journal or the report cannot be written (${code}).` : undefined;
}

function stopWhereNoRowIsToBlame(path: Ready['path'], { status, body }: Answer): void {
  const code = problemCode(body);
  if (status === 405 || (status >= 300 && status < 400) || (status === 404 && path === '/v1/cases')) throw new Stopped(`There is no ${path} at this address.`);
  if (status === 401) throw new Stopped('The server does not know this sign-in any more.');
  if (status === 403 && code === 'role-not-allowed') throw new Stopped('This account may not open cases or intakes.');
}

/** The new case's reference, for whoever looks for what became of a row. */
function reference({ body }: Answer): string {
  const said = typeof body === 'object' && body !== null ? body : {};
  const id = 'id' in said ? said.id : 'case' in said ? said.case : undefined;
  return typeof id === 'string' && /^[a-z]{2,5}_[a-z2-7]{10,60}$/.test(id) ? id : '';
}
