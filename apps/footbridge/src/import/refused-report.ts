import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { type Cell, joinList, type TableRow } from './cell.js';
import { type Columns, REASON, SECOND_REASON } from './columns.js';
import { Stopped } from './patience.js';
import { type FieldRefusal, inWords } from './reason.js';
import { csvLine } from './table/csv-cell.js';

/**
 * The refused rows as they stood in the file, with the reasons before them: a file that can be mended and imported alone. It holds
 * people's data, so only its owner can read it, and it never takes the place of a file that somebody may have begun to mend.
 */
export class RefusedReport {
  private fd: number | undefined;
  private readonly part: string;
  private readonly reason: string;
  private readonly names: readonly string[];
  private readonly place: ReadonlyMap<string, number>;

  constructor(private readonly file: string, private readonly wanted: string | undefined, header: readonly string[], private readonly columns: Columns, private readonly separator: string) {
    this.part = `${wanted ?? defaultPath(file, 1)}.part`;
    this.reason = columns.taken(REASON) ? SECOND_REASON : REASON;
    this.names = header.filter((name) => !this.isOldReason(name));
    this.place = new Map(this.names.map((name, i) => [name, i]));
  }

  /** The file may be a report itself: its old reasons give way to the new ones. */
  private isOldReason(name: string): boolean {
    return [REASON, SECOND_REASON].includes(name.trim().toLowerCase()) && !this.columns.taken(name);
  }

  add(row: TableRow, refusals: readonly FieldRefusal[]): void {
    const reason = refusals.map(inWords).join('; ');
    writeSync(this.open(), csvLine([reason, ...(row.cells.length === row.names.length ? this.inOrder(row) : this.asItStood(row))], this.separator));
  }

  /** JSON rows name their fields in any order and number. */
  private inOrder({ names, cells }: TableRow): readonly string[] {
    const line = new Array<string>(this.names.length).fill('');
    for (const [i, name] of names.entries()) {
      const place = this.place.get(name);
      if (place !== undefined) line[place] = written(cells[i] ?? '');
    }
    return line;
  }

  /** A row that has not as many cells as the header keeps them all, so that it can be put right. */
  private asItStood({ names, cells }: TableRow): readonly string[] {
    return cells.filter((_, i) => !this.isOldReason(names[i] ?? '')).map(written);
  }

  /** Gives the file its name; `undefined` where no row was refused. */
  finish(): string | undefined {
    if (this.fd === undefined) return undefined;
    closeSync(this.fd);
    this.fd = undefined;
    for (let n = 1; ; n++) {
      const path = this.wanted ?? defaultPath(this.file, n);
      if (existsSync(path)) {
        if (this.wanted !== undefined) return this.part;
        continue;
      }
      renameSync(this.part, path);
      return path;
    }
  }

  /** An import that goes on later writes the whole report then. */
  discard(): void {
    if (this.fd === undefined) return;
    closeSync(this.fd);
    this.fd = undefined;
    rmSync(this.part, { force: true });
  }

  private open(): number {
    if (this.fd === undefined) {
      try {
        rmSync(this.part, { force: true });
        this.fd = openSync(this.part, 'wx', 0o600);
      } catch {
        throw new Stopped(`The report ${this.part} cannot be written. Name another place with --report.`);
      }
      writeSync(this.fd, `\ufeff${csvLine([this.reason, ...this.names], this.separator)}`); // the mark tells Excel that it is UTF-8
    }
    return this.fd;
  }
}

function defaultPath(file: string, n: number): string {
  const name = basename(file, extname(file)).replace(/\.refused(-\d+)?$/, '');
  const own = basename(file, extname(file)) !== name ? n + 1 : n; // the report of a report
  return join(dirname(file), `${name}.refused${own === 1 ? '' : `-${own}`}.csv`);
}

const written = (cell: Cell): string => (typeof cell === 'string' ? cell : 'unreadable' in cell ? '' : joinList(cell));
