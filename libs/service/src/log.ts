import pino from 'pino';

const shape = { base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'code' } as const;
let sink = pino({ ...shape, level: process.env['FOOTBRIDGE_LOG'] ?? (process.env['JEST_WORKER_ID'] ? 'silent' : 'warn') }, pino.destination(2));

/** A code is written where it is used: what is put together at run time is none (`any` and templates neither). */
export type LogCode<C extends string> = 0 extends 1 & C ? never : Record<never, never> extends Record<C, 1> ? never : C;
/** Fields a log line may have. None can hold a personal value; there is no free text. */
export interface LogFields { readonly service?: string; readonly requestId?: string; readonly reason?: string; readonly count?: number; readonly port?: number; readonly type?: string; readonly handler?: string; readonly milliseconds?: number }
export const logFields = { service: 'open', requestId: 'operational', reason: 'operational', count: 'operational', port: 'operational', type: 'operational', handler: 'operational', milliseconds: 'operational' } as const satisfies Record<keyof LogFields, 'open' | 'operational'>;

const CODE = /^[a-z]+(?:-[a-z0-9]+)*$/;
/** Names of errors, codes, and our own places: one to four words, the longest of which is a path. */
const REASON = /^[A-Za-z0-9_.:/@-]{1,120}(?: [A-Za-z0-9_.:/@-]{1,120}){0,3}$/;
const WORD = /^[A-Za-z0-9_.:-]{1,120}$/;
const words = (form: RegExp) => (value: unknown): boolean => typeof value === 'string' && form.test(value);
const number = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const allowed: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['service', words(/^[a-z]{1,40}$/)], ['requestId', words(/^[0-9A-Za-z-]{1,64}$/)], ['reason', words(REASON)], ['type', words(WORD)], ['handler', words(WORD)], ['count', number], ['port', number], ['milliseconds', number],
]);
/** What is said in the place of what may not be: that something stood there. */
const WITHHELD = 'withheld';

/** Writes a code and allow-listed fields, nothing else; a value that is not of its field's form is withheld (T11). */
export function log<C extends string>(code: C & LogCode<C>, fields: LogFields = {}, level: 'info' | 'warn' | 'error' = 'warn'): void {
  const said = Object.entries(fields).filter(([name, value]) => allowed.has(name) && value !== undefined && value !== '').map(([name, value]) => [name, allowed.get(name)?.(value) === true ? value : WITHHELD]);
  const text: string = typeof code === 'string' && CODE.test(code) ? code : WITHHELD;
  sink[level](Object.fromEntries(said), text);
}

/** Sends every line, whatever its level, to somebody who reads along; what it returns takes it back. */
export function logTo(destination: pino.DestinationStream): () => void {
  const before = sink;
  sink = pino({ ...shape, level: 'trace' }, destination);
  return () => { sink = before; };
}
