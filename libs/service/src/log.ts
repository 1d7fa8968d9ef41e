import { Service } from '@footbridge/contracts';
import pino from 'pino';
import { isReason, type LogReason } from './log-reason.js';

const shape = { base: null, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'code' } as const;
let sink = pino({ ...shape, level: process.env['FOOTBRIDGE_LOG'] ?? (process.env['JEST_WORKER_ID'] ? 'silent' : 'warn') }, pino.destination(2));

/** A code is written where it is used: what is put together at run time is none (`any` and templates neither). */
export type LogCode<C extends string> = 0 extends 1 & C ? never : Record<never, never> extends Record<C, 1> ? never : C;
/** Fields a log line may have. None can hold a personal value; there is no free text. */
export interface LogFields<R extends string = never> { readonly service?: string; readonly requestId?: string; /** A code that is written where it is used, or what log-reason.ts made. */ readonly reason?: LogReason | (R & LogCode<R>); readonly count?: number; readonly port?: number; readonly milliseconds?: number }
export const logFields = { service: 'open', requestId: 'operational', reason: 'operational', count: 'operational', port: 'operational', milliseconds: 'operational' } as const satisfies Record<keyof LogFields, 'open' | 'operational'>;

const CODE = /^[a-z]+(?:-[a-z0-9]+)*$/;
/** Ours: a name in small letters is no service. */
const speakers: ReadonlySet<unknown> = new Set([...Service.values, 'identity', 'footbridge']);
const REQUEST = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const number = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const allowed: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['service', (value) => speakers.has(value)], ['requestId', (value) => typeof value === 'string' && REQUEST.test(value)], ['reason', isReason], ['count', number], ['port', number], ['milliseconds', number],
]);
/** What is said in the place of what may not be: that something stood there. */
const WITHHELD = 'withheld';

/** Writes a code and allow-listed fields, nothing else; a value that is not of its field's form is withheld (T11). */
export function log<C extends string, R extends string = never>(code: C & LogCode<C>, fields: LogFields<R> = {}, level: 'info' | 'warn' | 'error' = 'warn'): void {
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
