import { readFileSync } from 'node:fs';

export interface Rate { readonly perSecond: number; readonly cpuMicroseconds?: number }
export interface Result { readonly id: string; readonly ratio: number; readonly min: number; readonly max: number; readonly rounds: number; readonly ours: Readonly<Record<string, unknown>>; readonly reference: Readonly<Record<string, unknown>>; readonly stealPercent: readonly number[]; readonly tooNoisy?: true; /** Goals that this figure does not reach. */ readonly misses?: readonly string[] }

function ticks(): { steal: number; all: number } {
  try {
    const values = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).slice(1).map(Number);
    return { steal: values[7] ?? 0, all: values.slice(0, 8).reduce((a, b) => a + b, 0) };
  } catch { return { steal: 0, all: 1 }; }
}
const median = (values: readonly number[]): number => { const s = [...values].sort((a, b) => a - b); return s.length % 2 ? s[(s.length - 1) / 2] as number : ((s[s.length / 2 - 1] as number) + (s[s.length / 2] as number)) / 2; };
const round = (n: number): number => Math.round(n * 1000) / 1000;

/** Raw limit and ours in turn, so that both see the same machine: the figure is the median of the rounds' ratios. Rounds with more than 10 % steal do not count. */
export async function rounds(id: string, count: number, reference: () => Promise<Rate>, ours: () => Promise<Rate>, about: { readonly ours?: object; readonly reference?: object } = {}): Promise<Result> {
  const ratios: number[] = [], raw: Rate[] = [], mine: Rate[] = [], steal: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const before = ticks();
    const r = await reference();
    const o = await ours();
    const after = ticks();
    const percent = round(100 * (after.steal - before.steal) / Math.max(1, after.all - before.all));
    steal.push(percent);
    if (percent > 10) continue;
    raw.push(r); mine.push(o); ratios.push(o.perSecond / r.perSecond);
  }
  const enough = ratios.length >= Math.min(5, count);
  const of = (rates: readonly Rate[]): object => ({ perSecond: Math.round(median(rates.map((x) => x.perSecond))), ...(rates.some((x) => x.cpuMicroseconds) ? { cpuMicroseconds: Math.round(median(rates.map((x) => x.cpuMicroseconds ?? 0))) } : {}) });
  return { id, ratio: ratios.length ? round(median(ratios)) : 0, min: ratios.length ? round(Math.min(...ratios)) : 0, max: ratios.length ? round(Math.max(...ratios)) : 0, rounds: ratios.length, ours: { ...of(mine), ...about.ours }, reference: { ...of(raw), ...about.reference }, stealPercent: steal, ...(enough ? {} : { tooNoisy: true as const }) };
}
