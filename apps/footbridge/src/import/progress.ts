const number = new Intl.NumberFormat('en');
export const count = (n: number): string => number.format(n);

/** Where progress is told: a terminal's line is written over, a log gets a line every few seconds. */
export interface ProgressOutput { readonly isTTY?: boolean; write(text: string): unknown }

/** How much is done, how fast, and how long it will take. */
export class Progress {
  private readonly started: number;
  private told: number;
  private done = 0;
  private readonly every: number;

  constructor(private readonly output: ProgressOutput, private readonly what: string, private readonly total: number | undefined, private readonly now: () => number) {
    this.started = now();
    this.told = this.started;
    this.every = output.isTTY ? 200 : 5_000;
  }

  tick(note = ''): void {
    this.done++;
    const now = this.now();
    if (now - this.told < this.every) return;
    this.told = now;
    this.output.write(this.output.isTTY ? `\r\u001b[2K${this.line(note)}` : `${this.line(note)}\n`);
  }

  /** Leaves the terminal's line empty for what comes next. */
  end(): void {
    if (this.output.isTTY) this.output.write('\r\u001b[2K');
  }

  get rate(): number {
    const seconds = (this.now() - this.started) / 1000;
    return seconds > 0 ? this.done / seconds : 0;
  }

  private line(note: string): string {
    const left = this.total === undefined ? '' : `, ${inWords((this.total - this.done) / Math.max(this.rate, 0.001))} left`;
    return `${this.what} ${count(this.done)}${this.total === undefined ? '' : ` of ${count(this.total)}`} rows, ${count(Math.round(this.rate))}/s${left}${note}`;
  }
}

export function inWords(seconds: number): string {
  const s = Math.max(0, Math.ceil(seconds));
  if (s < 60) return `${s} s`;
  return s < 3600 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
