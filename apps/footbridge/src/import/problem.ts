import type { Answer } from './client.js';
import type { FieldRefusal } from './reason.js';

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Codes are names; anything else in their place is not shown. */
const code = (value: unknown): string => (typeof value === 'string' && /^[\w.-]{1,60}$/.test(value) ? value : 'refused');
const words = (...values: readonly unknown[]): string => {
  const text = values.find((value): value is string => typeof value === 'string' && value !== '') ?? 'the server refused it';
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ').slice(0, 300);
};

export const problemCode = (body: unknown): string => code(isObject(body) ? body['code'] : undefined);

/** A problem (RFC 9457, api.md) brought back to the fields and columns that it is about. */
export function refusalsOf({ status, body }: Answer, columnsOf: (field: string) => readonly string[]): readonly FieldRefusal[] {
  const problem = isObject(body) ? body : {};
  const errors = [...listOf(problem['errors']), ...(typeof problem['pointer'] === 'string' ? [problem] : [])].map((error) => {
    const field = fieldOf(error['pointer']);
    return { columns: columnsOf(field), field, code: code(error['code']), text: words(error['detail'], error['title'], problem['detail'], problem['title']) };
  });
  if (errors.length > 0) return errors;
  const guards = listOf(problem['guards']).map((guard) => ({ columns: [], field: '', code: code(guard['reason'] ?? guard['guard']), text: words(guard['detail'], problem['detail'], problem['title']) }));
  if (guards.length > 0) return guards;
  return [{ columns: [], field: '', code: problem['code'] === undefined ? `status-${status}` : problemCode(body), text: words(problem['detail'], problem['title']) }];
}

/** `/person/citizenships/0` -> `person.citizenships` */
function fieldOf(pointer: unknown): string {
  if (typeof pointer !== 'string') return '';
  return pointer.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).filter((part) => !/^\d+$/.test(part)).join('.');
}
