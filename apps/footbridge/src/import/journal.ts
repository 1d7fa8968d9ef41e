import { createHash, randomBytes } from 'node:crypto';
import { closeSync, createReadStream, fdatasync, fsyncSync, openSync, writeSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Refusal } from '../refusal.js';
import type { FieldRefusal } from './reason.js';

/**
 * What became of each row, beside the file and named by its content: `people.csv.9f86d081884c.journal`. A line is written before a row is
 * sent and another when the answer is there, so that an import goes on after any stop. It holds row numbers, codes and the
 * references of the new cases, and nothing that the file says of a person.
 */
export interface JournalHead {
  readonly format: 'footbridge-import-1';
  /** Random; the idempotency keys are made of it. */
  readonly import: string;
  readonly sha256: string;
  readonly encoding: string;
  readonly mapping: string;
  readonly target: string;
  readonly rows: number;
}

type Line =
  | { readonly row: number; readonly sent: string }
  | { readonly row: number; readonly done: string }
  | { readonly row: number; readonly refused: readonly FieldRefusal[] }
  | { readonly finished: string };

const SYNC_EVERY_MS = 1_000;

export class Journal {
  private synced = 0;
  private constructor(
    readonly path: string, readonly head: JournalHead, private readonly fd: number, private readonly now: () => number,
    private readonly outcomes: Map<number, readonly FieldRefusal[] | 'done'>, private readonly unanswered: ReadonlyMap<number, number>, readonly finished: boolean,
  ) {}

  /** Each sheet of a workbook is a table of its own. */
  static pathFor(file: string, sha256: string, sheet?: string): string {
    const content = sheet === undefined ? sha256 : createHash('sha256').update(`${sha256} ${sheet}`).digest('hex');
    return `${file}.${content.slice(0, 12)}.journal`;
  }

  /** Journals of this file as it was before it was changed. */
  static async ofOtherContent(file: string, sha256: string): Promise<string[]> {
    const start = `${basename(file)}.`;
    const names = (await readdir(dirname(file))).filter((name) => name.startsWith(start) && /^[0-9a-f]{12}\.journal$/.test(name.slice(start.length)));
    const found: string[] = [];
    for (const path of names.map((name) => join(dirname(file), name))) {
      const head = await headOf(path);
      if (!head || head.sha256 !== sha256) found.push(path);
    }
    return found;
  }

  static async exists(path: string): Promise<boolean> {
    return stat(path).then(() => true, () => false);
  }

  static create(path: string, said: Omit<JournalHead, 'format' | 'import'>, now: () => number): Journal {
    const head: JournalHead = { format: 'footbridge-import-1', import: randomBytes(16).toString('hex'), ...said };
    let fd: number;
    try {
      fd = openSync(path, 'ax', 0o600);
    } catch {
      throw new Refusal(`The journal ${path} cannot be written: an import keeps beside its file what it has done. Copy the file to a folder that you may write to.`);
    }
    writeSync(fd, `${JSON.stringify(head)}\n`);
    fsyncSync(fd); // without this line nobody could go on, so nothing is sent before it is kept
    return new Journal(path, head, fd, now, new Map(), new Map(), false);
  }

  static async open(path: string, now: () => number): Promise<Journal> {
    const outcomes = new Map<number, readonly FieldRefusal[] | 'done'>();
    const unanswered = new Map<number, number>();
    let head: JournalHead | undefined;
    let finished = false;
    for await (const text of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
      const line: unknown = parsed(text);
      if (!head) {
        if (!isHead(line)) throw new Refusal(`The journal ${path} is damaged. Compare the cases with the file before you remove it and import again.`);
        head = line;
      } else if (isLine(line)) { // the last line may be cut off: what it said is then not known, as if it had not been written
        if ('finished' in line) finished = true;
        else if ('sent' in line) unanswered.set(line.row, Date.parse(line.sent));
        else {
          outcomes.set(line.row, 'done' in line ? 'done' : line.refused);
          unanswered.delete(line.row);
        }
      }
    }
    if (!head) throw new Refusal(`The journal ${path} is empty. Nothing was sent; remove it and import again.`);
    const fd = openSync(path, 'a', 0o600);
    writeSync(fd, '\n'); // ends a line that was cut off
    return new Journal(path, head, fd, now, outcomes, unanswered, finished);
  }

  outcome(row: number): readonly FieldRefusal[] | 'done' | undefined { return this.outcomes.get(row); }
  get settled(): number { return this.outcomes.size; }

  /** When a row was sent of which no answer is known. */
  sentBefore(row: number): number | undefined { return this.unanswered.get(row); }

  key(row: number): string { return `imp-${this.head.import}-${row}`; }

  sent(row: number): void { this.write({ row, sent: new Date(this.now()).toISOString() }); }
  done(row: number, reference: string): void { this.write({ row, done: reference }); }
  refused(row: number, refused: readonly FieldRefusal[]): void { this.write({ row, refused }); }
  end(): void { this.write({ finished: new Date(this.now()).toISOString() }); }

  close(): void {
    fsyncSync(this.fd);
    closeSync(this.fd);
  }

  /** In the kernel's hands before the call returns, which a killed process cannot undo; on the disk within a second, for when the power fails. */
  private write(line: Line): void {
    writeSync(this.fd, `${JSON.stringify(line)}\n`);
    if (this.now() - this.synced >= SYNC_EVERY_MS) {
      this.synced = this.now();
      fdatasync(this.fd, () => undefined); // a full disk shows itself at the next write
    }
  }
}

async function headOf(path: string): Promise<JournalHead | undefined> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8192), 0, 8192, 0);
    const line = parsed(buffer.toString('utf8', 0, bytesRead).split('\n')[0] ?? '');
    return isHead(line) ? line : undefined;
  } finally {
    await file.close();
  }
}

function parsed(text: string): unknown {
  try { return JSON.parse(text); } catch { return undefined; }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const isHead = (value: unknown): value is JournalHead => isObject(value) && value['format'] === 'footbridge-import-1'
  && ['import', 'sha256', 'encoding', 'mapping', 'target'].every((name) => typeof value[name] === 'string') && typeof value['rows'] === 'number';
const isLine = (value: unknown): value is Line => isObject(value)
  && (typeof value['finished'] === 'string' || (typeof value['row'] === 'number' && (typeof value['sent'] === 'string' || typeof value['done'] === 'string' || Array.isArray(value['refused']))));
