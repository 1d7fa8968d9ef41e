import { Problem, cursorOf, placeOf } from '@footbridge/service';

interface Line { readonly id: string; readonly created_at: string }
const invalid = (pointer: string, detail: string): Problem => new Problem('validation-failed', { errors: [{ pointer, code: pointer.slice(1), detail }] });

/** `limit` and `cursor` of a list, and the answer made of one line more than was asked for. */
export async function page<L extends Line>(list: string, query: Readonly<Record<string, unknown>>, secret: Buffer, read: (after: { at: string; id: string } | undefined, limit: number) => Promise<L[]>, show: (line: L) => object): Promise<object> {
  const { limit = '25', cursor, ...rest } = query;
  if (Object.keys(rest).length > 0) throw new Problem('validation-failed', { errors: [{ pointer: '', code: 'unknown-filter', detail: 'Remove the filter that is not known here.' }] });
  if (typeof limit !== 'string' || !/^([1-9]\d?|100)$/.test(limit)) throw invalid('/limit', 'Send a number from 1 to 100.');
  if (cursor !== undefined && typeof cursor !== 'string') throw invalid('/cursor', 'Send it once.');
  const found = await read(cursor === undefined ? undefined : placeOf(list, cursor, secret), Number(limit) + 1);
  const lines = found.slice(0, Number(limit));
  const last = lines.at(-1);
  return { items: lines.map(show), next: found.length > lines.length && last ? cursorOf(list, { at: last.created_at, id: last.id }, secret) : null };
}
