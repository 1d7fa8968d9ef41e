/** Beyond this, clocks are not the same any more: tokens are refused, and consents end too late or too early. */
export const CLOCKS_AGREE_MS = 60_000;
export const differ = (offMs: number): boolean => Math.abs(offMs) > CLOCKS_AGREE_MS;

/** How far another clock is ahead of ours (behind: below zero), which was asked between two moments of ours. */
export const offBetween = (before: number, theirs: number, after: number): number => (theirs < before ? theirs - before : theirs > after ? theirs - after : 0);

/** How far the database's clock is ahead of this process's. */
export async function databaseOff(pool: { query<R extends object>(text: string): Promise<{ readonly rows: R[] }> }): Promise<number> {
  const before = Date.now();
  const { rows: [row] } = await pool.query<{ at: string }>('select extract(epoch from clock_timestamp()) * 1000 as at');
  return offBetween(before, Number(row?.at), Date.now());
}

/** The same of whoever answers HTTP, where it says its time at all (RFC 9110 Date, in whole seconds; what a cache kept says for how long). */
export function answererOff(before: number, { headers }: { readonly headers: { get(name: string): string | null } }, after: number): number | undefined {
  const [at, age] = [Date.parse(headers.get('date') ?? ''), Number(headers.get('age') ?? 0)];
  return Number.isNaN(at) || Number.isNaN(age) ? undefined : offBetween(before - 1_000, at + age * 1_000, after);
}

export const clockSaid = (whose: string, offMs: number): string => `The clock of ${whose} is ${Math.round(Math.abs(offMs) / 1000)} seconds ${offMs > 0 ? 'ahead of' : 'behind'} this machine's: tokens are refused, and what ends in time ends at the wrong moment. Set both by a time server (NTP), then start again.`;
